package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHelp(t *testing.T) {
	for _, cmd := range []string{"run", "serve", "ps", "keys create", "keys list", "keys revoke", "chat", "show", "tokens", "logits", "bench", "synth", "pull", "list", "verify", "rm", "egress", "version"} {
		w := newWorld(t, "", "")
		code := w.run(t, append(strings.Fields(cmd), "--help")...)
		text := w.out.String()
		if code != 0 || w.err.Len() != 0 {
			t.Errorf("%s --help: exit code %d, %q", cmd, code, &w.err)
		}
		if !strings.Contains(text, "Example") || !strings.Contains(text, "    ossian "+cmd) || !strings.HasPrefix(text, "Usage: ossian "+cmd) {
			t.Errorf("%s --help shows no example:\n%s", cmd, text)
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, "<nil>") || strings.Contains(line, "${") {
				t.Errorf("%s --help: %q", cmd, line)
			}
		}
		if !strings.Contains(w2(t, "--help"), "  "+cmd+" ") {
			t.Errorf("the list of commands lacks %s", cmd)
		}
	}
}

func w2(t *testing.T, args ...string) string {
	w := newWorld(t, "", "")
	w.run(t, args...)
	return w.out.String()
}

func TestUsage(t *testing.T) {
	w := newWorld(t, "", "")
	if code := w.run(t, "What is 1+1?"); code != 2 || !strings.Contains(w.err.String(), `to ask that: ossian run "What is 1+1?"`) {
		t.Errorf("%d, %q", code, &w.err)
	}
	if w2(t, "help", "run") != w2(t, "run", "--help") || w2(t, "help") != w2(t, "--help") || w2(t, "--version") != w2(t, "version") {
		t.Error("help and --version are not understood")
	}
	w = newWorld(t, "", "")
	if code := w.run(t); code != 2 || w.out.Len() != 0 || !strings.Contains(w.err.String(), "Commands:") {
		t.Errorf("no arguments: %d, %q, %q", code, &w.out, &w.err)
	}
	for args, want := range map[string]string{
		"rnu hello":              `there is no command "rnu", did you mean one of "run", "rm"?; see`,
		"lst":                    `"list"`,
		"keys crate x":           `unexpected argument crate, did you mean "create"?; see "ossian keys --help"`,
		"keys create":            `see "ossian keys create --help"`,
		"run --effort":           `--effort needs a value; see "ossian run --help"`,
		"synth":                  "expected",
		"synth 30b x":            "must be one of",
		"tokens --render x":      "--render reads one request",
		"tokens --jsonl x":       "--jsonl reads lines",
		"tokens --ids x":         "--ids goes with --render",
		"tokens --decode x":      "is no token id",
		"logits --top 0 [1]":     "--top 0 is not between",
		"logits --context -1 []": "--context",
		"run --threads 2000 hi":  "--threads 2000 is beyond 1024",
		"logits --weights map 1": "--weights map needs a model in a folder",

		"logits --weights map --activations int8 [1]": "which --activations int8 cannot use",
		"show a b": "unexpected argument b",
	} {
		w := newWorld(t, "", "")
		if code := w.run(t, strings.Fields(args)...); code != 2 || !strings.Contains(w.err.String(), want) || strings.Count(w.err.String(), "\n") != 1 {
			t.Errorf("%s: %d, %q", args, code, &w.err)
		}
	}
}

func TestVersion(t *testing.T) {
	if text := w2(t, "version"); !strings.HasPrefix(text, "ossian ") || !strings.Contains(text, "cpu tier") {
		t.Error(text)
	}
	var v versionInfo
	if err := json.Unmarshal([]byte(w2(t, "version", "--json")), &v); err != nil || v.Go == "" || v.Tier == "" {
		t.Error(v, err)
	}
}

func TestModelNames(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.MkdirAll(filepath.Join(home, "models", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(home, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "", "")
	w.getenv = func(name string) string { return map[string]string{"OSSIAN_HOME": home}[name] }
	if at, err := w.find("one"); err != nil || at.dir != filepath.Join(home, "models", "one") || at.name != "one" {
		t.Errorf("%+v, %v", at, err)
	}
	if at, err := w.find(filepath.Join(home, "models", "two")); err != nil || at.name != "two" {
		t.Errorf("%+v, %v", at, err)
	}
	if _, err := w.find("three"); err == nil || !strings.Contains(err.Error(), `no model "three"`) || !strings.Contains(err.Error(), "nano, one, two") {
		t.Error(err)
	}
	if _, err := w.find("../one"); err == nil {
		t.Error("a path is no name")
	}
	if _, err := w.find(file); err == nil || !strings.Contains(err.Error(), "is a file; give the folder") {
		t.Error(err)
	}
	if code := w.run(t, "show", "one"); code != 1 || !strings.Contains(w.err.String(), "there is no config.json") {
		t.Errorf("%d, %q", code, &w.err)
	}
}

func TestProgress(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		w := newWorld(t, "", "")
		now := time.Unix(0, 0)
		w.errTerminal, w.now = terminal, func() time.Time { return now }
		p := w.progress("loading x", false)
		p.update(1, 100)
		if w.err.Len() != 0 {
			t.Errorf("said at once: %q", &w.err)
		}
		for i := int64(20); i <= 100; i++ {
			now = now.Add(50 * time.Millisecond)
			p.update(i, 100)
		}
		p.done()
		text := w.err.String()
		if terminal {
			if !strings.Contains(text, "\r\x1b[Kloading x: 99 bytes of 100 bytes (99%)") || !strings.HasSuffix(text, "\r\x1b[K") {
				t.Errorf("%q", text)
			}
		} else if strings.ContainsAny(text, "\r\x1b") || strings.Count(text, "\n") != 4 || !strings.HasSuffix(text, "(100%)\n") {
			t.Errorf("%q", text)
		}
		w.err.Reset()
		q := w.progress("loading x", true)
		now = now.Add(time.Hour)
		q.update(50, 100)
		if q.done(); w.err.Len() != 0 {
			t.Errorf("quiet said %q", &w.err)
		}
	}
}

func TestClean(t *testing.T) {
	if got := clean("a\tb\nc\x1b[2J\r\x07\x7f\u0085é€"); got != "a\tb\nc[2Jé€" {
		t.Errorf("%q", got)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "unknown", 5: "5 bytes", 1500: "1.5 kB", 2_500_000: "2.5 MB", 13_800_000_000: "13.80 GB", 999_600_000: "1.00 GB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestScreenBlankLine(t *testing.T) {
	var out bytes.Buffer
	w := newWorld(t, "", reasoned+answered)
	w.stdout, w.stderr = &out, &out
	w.inTerminal, w.outTerminal, w.errTerminal = true, true, true
	if w.run(t, "run", "x"); out.String() != "\x1b[2m17 + 25 = 42.\x1b[22m\n\nIt is 42.\n" {
		t.Errorf("%q", &out)
	}
}

// TestReading: a long prompt tells how far it is, on a terminal only.
func TestReading(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		w := newWorld(t, "", answered)
		w.errTerminal, w.inTerminal = terminal, true
		now := time.Unix(0, 0)
		w.now = func() time.Time { now = now.Add(2 * time.Second); return now }
		w.run(t, "run", strings.Repeat("word ", 500))
		if got := strings.Contains(w.err.String(), "reading the prompt: 128 tokens of"); got != terminal {
			t.Errorf("terminal %v: %q", terminal, &w.err)
		}
		if w.out.String() != "It is 42.\n" || terminal && !strings.HasSuffix(w.err.String(), "\r\x1b[K") {
			t.Errorf("%q, %q", &w.out, &w.err)
		}
	}
}
