package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ossian/internal/mem"
)

// newcomer is a person at a terminal of a fresh machine with so much memory.
func newcomer(t *testing.T, home string, available int64) *world {
	w := fitWorld(t, mem.Survey{Available: available}, 1e12)
	w.home = func() (string, error) { return home, nil }
	w.inTerminal, w.outTerminal, w.errTerminal = true, true, true
	w.model = w.load
	return w
}

// TestWelcome: nano says once what it is, and which model to fetch, to people only.
func TestWelcome(t *testing.T) {
	const first = "ossian: nano answers, the small model"
	ask := func(w *world, args ...string) string {
		t.Helper()
		if code := w.run(t, append([]string{"run", "--max-tokens", "300"}, args...)...); code != exitOK {
			t.Fatal(code, &w.err)
		}
		return w.err.String()
	}
	home := t.TempDir()
	for _, args := range [][]string{{"-q", "Hello"}, {"--json", "Hello"}} {
		if said := ask(newcomer(t, home, 24e9), args...); strings.Contains(said, "ossian:") {
			t.Errorf("%q: %s", args, said)
		}
	}
	for _, piped := range []func(w *world){func(w *world) { w.outTerminal = false }, func(w *world) { w.errTerminal = false }} {
		w := newcomer(t, home, 24e9)
		if piped(w); strings.Contains(ask(w, "Hello"), "ossian:") {
			t.Errorf("said to nobody: %s", &w.err)
		}
	}
	said := ask(newcomer(t, home, 24e9), "Hello")
	if !strings.HasPrefix(said, first) || !strings.Contains(said, "gpt-oss-20b fits this machine, 13.79 GB to fetch, about ") || !strings.HasSuffix(said, " tokens/s: ossian pull gpt-oss-20b\n") {
		t.Error(said)
	}
	if said := ask(newcomer(t, home, 24e9), "Hello"); strings.Contains(said, "ossian:") {
		t.Errorf("said again: %s", said)
	}
	if said := ask(newcomer(t, t.TempDir(), 4e9), "Hello"); !strings.HasSuffix(said, "ossian fit says what it would take\n") {
		t.Error(said)
	}
	if said := ask(newcomer(t, filepath.Join(home, ".ossian", "welcomed"), 24e9), "Hello"); strings.Contains(said, "ossian:") {
		t.Errorf("where nothing can be remembered: %s", said)
	}
	w := newcomer(t, t.TempDir(), 24e9)
	if code := w.run(t, "chat"); code != exitOK || !strings.HasPrefix(w.err.String(), first) || !strings.Contains(w.err.String(), "ossian pull gpt-oss-20b\nnano, ") {
		t.Errorf("%d, %s", code, &w.err)
	}
}

// TestPullChooses: without a name the model that fits is named, explained and asked about.
func TestPullChooses(t *testing.T) {
	for name, c := range map[string]struct {
		memory   int64
		terminal bool
		stdin    string
		args     []string
		code     int
		want     []string
	}{
		"nobody to ask": {memory: 24e9, code: exitUsage, want: []string{"gpt-oss-20b is the largest model that fits", "13.79 GB to fetch", ", about ", " tokens/s\n", "--yes, or name the model: ossian pull gpt-oss-20b"}},
		"no":            {memory: 24e9, terminal: true, stdin: "n\n", code: exitOK, want: []string{"Fetch 13.79 GB? [y/N] ", "nothing was fetched"}},
		"silence":       {memory: 24e9, terminal: true, code: exitOK, want: []string{"nothing was fetched"}},
		"yes":           {memory: 24e9, terminal: true, stdin: "Yes\n", code: exitError, want: []string{"Fetch 13.79 GB?", "--offline forbids"}},
		"--yes":         {memory: 24e9, args: []string{"--yes"}, code: exitError, want: []string{"--offline forbids"}},
		"much memory":   {memory: 128e9, terminal: true, stdin: "n\n", code: exitOK, want: []string{"gpt-oss-120b is the largest", "Fetch 65.28 GB?"}},
		"little memory": {memory: 4e9, terminal: true, code: exitError, want: []string{"no model fits this machine as it is now", "gpt-oss-20b (13.79 GB"}},
	} {
		w := newcomer(t, t.TempDir(), c.memory)
		w.inTerminal, w.errTerminal = c.terminal, c.terminal
		w.stdin = strings.NewReader(c.stdin)
		code := w.run(t, append([]string{"pull", "--offline"}, c.args...)...)
		for _, want := range c.want {
			if code != c.code || w.out.Len() != 0 || !strings.Contains(w.err.String(), want) {
				t.Errorf("%s: %d, %q is not in %s", name, code, want, &w.err)
			}
		}
	}
}

// TestPullChoosesWhatIsHere: a model that is here is not fetched again, nor offered for that.
func TestPullChoosesWhatIsHere(t *testing.T) {
	home := t.TempDir()
	repo := filepath.Join(home, ".cache", "huggingface", "hub", "models--openai--gpt-oss-20b")
	for file, text := range map[string]string{"refs/main": testCommit, "snapshots/" + testCommit + "/config.json": "{}", "snapshots/" + testCommit + "/model.safetensors": "x"} {
		path := filepath.Join(repo, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newcomer(t, home, 24e9)
	if code := w.run(t, "pull"); code != exitOK || !strings.Contains(w.err.String(), "is here already") || !strings.Contains(w.out.String(), testCommit) {
		t.Errorf("%d, %s%s", code, &w.out, &w.err)
	}
	w = newcomer(t, home, 24e9)
	if code := w.run(t, "run", "--max-tokens", "300", "Hello"); code != exitOK || !strings.HasSuffix(w.err.String(), " tokens/s: ossian run -m gpt-oss-20b\n") {
		t.Errorf("%d, %s", code, &w.err)
	}
}
