package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// watchedBuffer may be read while it is written.
type watchedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *watchedBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *watchedBuffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// serve starts a server and returns its address and what it writes. end tells it to end.
func (w *world) serve(t *testing.T, args ...string) (url string, said *watchedBuffer, end func() int) {
	t.Helper()
	said = &watchedBuffer{}
	w.stderr = said
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() { code <- run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), w.system) }()
	end = func() int { cancel(); return <-code }
	for range 1000 {
		if _, after, ok := strings.Cut(said.String(), "answers at "); ok {
			url, _, _ = strings.Cut(after, "/v1;")
			return url, said, end
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("it does not begin: %s; %d", said, end())
	return "", nil, nil
}

func TestServe(t *testing.T) {
	w := newWorld(t, "", reasoned+answered)
	url, said, end := w.serve(t, "--name", "gpt-oss:20b")
	if _, err := http.Get(url + "/readyz"); err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(`{"model":"gpt-oss:20b","messages":[{"role":"user","content":"17 + 25, a secret?"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 200 || !bytes.Contains(body, []byte(`"content":"It is 42."`)) || !bytes.Contains(body, []byte(`"model":"gpt-oss:20b"`)) {
		t.Errorf("%s", body)
	}
	if p := w.prompt(t, 0); !strings.Contains(p, "Current date: 2026-01-31") {
		t.Errorf("prompt %q", p)
	}
	many := newWorld(t, "", "")
	w.script.ids = append(w.script.ids, w.said(t, answered)...)
	if code := many.run(t, "bench", "serve", "--url", url, "--clients", "1", "--requests", "1", "--prompt", "5", "-q"); code != 0 || !strings.Contains(many.out.String(), "1 requests in") {
		t.Error(code, &many.out, &many.err)
	}
	ps := newWorld(t, "", "")
	if code := ps.run(t, "ps", "--url", url+"/v1/"); code != 0 || !strings.Contains(ps.out.String(), "scripted, gpt-oss:20b  ready") || !strings.Contains(ps.out.String(), "0 running, 0 waiting") {
		t.Error(code, &ps.out, &ps.err)
	}
	if code := end(); code != 0 {
		t.Errorf("exit code %d: %s", code, said)
	}
	if code := ps.run(t, "ps", "--url", url); code != 1 || !strings.Contains(ps.err.String(), "no server answers") {
		t.Error(code, &ps.err)
	}
	if log := said.String(); !strings.Contains(log, `path="POST /v1/chat/completions" status=200`) || strings.Contains(log, "secret") || strings.Contains(log, "It is 42") {
		t.Errorf("log %s", log)
	}
}

func TestServeRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--tls-cert x":                 "go together",
		"--origin chat.example.org":    "is no origin",
		"--max-requests 0":             "above 0",
		"--addr 127.0.0.1:99999":       "choose another place with --addr",
		"--addr 0.0.0.0:0":             "ossian keys create NAME",
		"--require-key":                "ossian keys create NAME",
		"--tls-cert none --tls-key no": "no such file",
		"--store-file /dev/null/x":     "--no-store",
	} {
		w := newWorld(t, "", "")
		home := t.TempDir()
		w.getenv = func(name string) string { return map[string]string{"OSSIAN_HOME": home}[name] }
		list := strings.Fields(args)
		if !strings.Contains(args, "--addr") {
			list = append(list, "--addr", "127.0.0.1:0")
		}
		if code := w.run(t, append([]string{"serve"}, list...)...); code == 0 || !strings.Contains(w.err.String(), want) {
			t.Errorf("%s: %d, %s", args, code, &w.err)
		}
	}
}

func TestKeysCommand(t *testing.T) {
	home := t.TempDir()
	type result struct {
		code     int
		out, err string
	}
	do := func(args ...string) result {
		w := newWorld(t, "", "")
		w.getenv = func(name string) string { return map[string]string{"OSSIAN_HOME": home}[name] }
		code := w.run(t, append([]string{"keys"}, args...)...)
		return result{code, w.out.String(), w.err.String()}
	}
	if r := do("list"); r.code != 0 || r.out != "" || !strings.Contains(r.err, "no keys") {
		t.Errorf("%+v", r)
	}
	made := do("create", "alice", "--concurrent", "2")
	secret := strings.TrimSpace(made.out)
	if made.code != 0 || !strings.HasPrefix(secret, "ossian-") || !strings.Contains(made.err, "shown this once") {
		t.Fatalf("%+v", made)
	}
	if r := do("list"); !strings.Contains(r.out, "alice") || !strings.Contains(r.out, "in force, 2 at once") || strings.Contains(r.out, secret) {
		t.Errorf("%+v", r)
	}
	if r := do("list", "--json"); !strings.Contains(r.out, `"concurrent": 2`) || strings.Contains(r.out, secret) {
		t.Errorf("%+v", r)
	}

	w := newWorld(t, "", reasoned+answered)
	w.getenv = func(name string) string { return map[string]string{"OSSIAN_HOME": home}[name] }
	url, _, end := w.serve(t, "--require-key")
	for key, want := range map[string]int{"": 401, "wrong": 401, secret: 200} {
		req, _ := http.NewRequest("GET", url+"/v1/models", nil)
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("key %q: %d", key, res.StatusCode)
		}
	}
	end()

	if r := do("revoke", "alice"); r.code != 0 || !strings.Contains(r.err, "is revoked") {
		t.Errorf("%+v", r)
	}
	if r := do("revoke", "alice"); r.code != 1 || !strings.Contains(r.err, "no key") {
		t.Errorf("%+v", r)
	}
	if r := do("list"); !strings.Contains(r.out, "revoked 2026-01-31") {
		t.Errorf("%+v", r)
	}
	if r := do("create", "x", "--concurrent", "-1"); r.code != 2 {
		t.Errorf("%+v", r)
	}
}

// TestServeConfig: the command line goes before the environment, that before the file.
func TestServeConfig(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "serve.conf")
	if err := os.WriteFile(file, []byte("# ours\nname = one\nname = two\naddr = 127.0.0.1:1\nmax-body = 1000\nrequest-time = 5m\nstore = false\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) (int, string, string) {
		w := newWorld(t, "", "")
		w.getenv = func(name string) string {
			return map[string]string{"OSSIAN_HOME": home, "OSSIAN_SERVE_ADDR": "127.0.0.1:2", "OSSIAN_SERVE_MAX_BODY": "2000", "OSSIAN_MODEL": "m"}[name]
		}
		code := w.run(t, append([]string{"serve", "--print-config"}, args...)...)
		return code, w.out.String(), w.err.String()
	}
	code, out, err := do("--max-body", "3000")
	for _, want := range []string{"max-body = 3000\n", "addr = 127.0.0.1:2\n", "request-time = 5m0s\n", "name = one\nname = two\n", "store = false\n", "model = m\n", "# tls-cert =\n", "date = true\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	if code != 0 || err != "" {
		t.Error(code, err)
	}
	// What is printed can be read.
	again := filepath.Join(home, "again.conf")
	if err := os.WriteFile(again, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, same, err := do("--config", again, "--max-body", "3000"); same != out {
		t.Errorf("%s\nis not\n%s%s", same, out, err)
	}
	for text, want := range map[string]string{"nonsense": "line 1", "\nadr = x": `no setting "adr"`, "max-requests = many": "max-requests", "config = x": "no setting"} {
		if err := os.WriteFile(again, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, err := do("--config", again); code != 2 || !strings.Contains(err, want) {
			t.Errorf("%q: %d %s", text, code, err)
		}
	}
	if code, _, err := do("--config", filepath.Join(home, "none")); code == 0 || !strings.Contains(err, "none") {
		t.Error(code, err)
	}
}
