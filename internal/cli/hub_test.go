package cli

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testCommit = "0123456789abcdef0123456789abcdef01234567"

// mirror serves a folder as the repository me/tiny, on loopback.
func mirror(t *testing.T, dir string) string {
	var files []map[string]any
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		git := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...))
		f := map[string]any{"type": "file", "path": e.Name(), "size": len(data), "oid": fmt.Sprintf("%x", git)}
		if strings.HasSuffix(e.Name(), ".safetensors") {
			f["lfs"] = map[string]any{"oid": fmt.Sprintf("%x", sha256.Sum256(data)), "size": len(data)}
		}
		files = append(files, f)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/models/me/tiny/revision/main", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"sha": %q}`, testCommit) })
	mux.HandleFunc("/api/models/me/tiny/tree/"+testCommit, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(files) })
	mux.Handle("/me/tiny/resolve/"+testCommit+"/", http.StripPrefix("/me/tiny/resolve/"+testCommit, http.FileServer(http.Dir(dir))))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// TestPull goes the whole way of a model: listed, fetched, shown, damaged, repaired, removed.
func TestPull(t *testing.T) {
	home := t.TempDir()
	env := map[string]string{"HF_ENDPOINT": mirror(t, filepath.Join("..", "..", "testdata", "golden", "narrow", "hf")), "HF_HOME": filepath.Join(home, "hf"), "OSSIAN_HOME": home}
	try := func(code int, args ...string) string {
		t.Helper()
		w := newWorld(t, "", "")
		w.getenv = func(k string) string { return env[k] }
		if got := w.run(t, args...); got != code {
			t.Fatalf("%q: %d, %s%s", args, got, &w.out, &w.err)
		}
		return w.out.String() + w.err.String()
	}
	expect := func(text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
	}
	expect(try(0, "egress"), "0 connections made, 0 bytes sent")
	expect(try(2, "pull", "x"), "is not owner/name")
	expect(try(1, "show", "me/tiny"), `no model "me/tiny"`, "ossian pull")
	expect(try(1, "verify", "me/tiny"), "no model \"me/tiny\"", "ossian pull")
	expect(try(0, "pull", "--dry-run", "me/tiny"), "config.json", ".safetensors", "still to come")
	if _, err := os.Stat(filepath.Join(home, "hf")); err == nil {
		t.Error("a dry run wrote something")
	}
	dir := filepath.Join(home, "hf", "hub", "models--me--tiny", "snapshots", testCommit)
	expect(try(0, "pull", "me/tiny"), "me/tiny is here", dir)
	expect(try(0, "pull", "me/tiny", "-q"), dir)
	expect(try(0, "show", "me/tiny"), "layers", dir)
	expect(try(0, "list"), "nano ", "me/tiny ", dir)
	expect(try(0, "list", "--json"), `"name": "me/tiny"`, `"complete": true`)
	expect(try(0, "verify"), ".safetensors: sound", "config.json: sound")

	names, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(names[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(try(1, "verify", "me/tiny"), "1 of 1 chunks are damaged", "1 files are damaged", "--repair")
	expect(try(1, "verify", "nowhere"), "no model \"nowhere\"")
	expect(try(0, "verify", "--repair", dir), "repaired")
	expect(try(0, "verify", "me/tiny"), "sound")

	for _, e := range []string{filepath.Base(names[0]), "config.json"} { // as official tools leave it where links need a privilege
		path := filepath.Join(dir, e)
		real, err := filepath.EvalSymlinks(path)
		if err != nil || os.Remove(path) != nil || os.Rename(real, path) != nil {
			t.Fatal(err)
		}
	}
	expect(try(0, "verify", "me/tiny"), "seen for the first time", "recorded now")

	expect(try(0, "egress"), "pull ", "verify ", env["HF_ENDPOINT"][len("http://"):], "received")
	if text := try(0, "egress"); strings.Contains(text, "never closed") || strings.Contains(text, " 0 bytes received") {
		t.Error(text)
	}
	expect(try(0, "egress", "--json"), `"purpose":"pull"`)
	expect(try(2, "rm", "me/tiny@main"), "with all of them")
	expect(try(0, "rm", "me/tiny"), "removed me/tiny")
	if text := try(0, "list"); strings.Contains(text, "me/tiny") {
		t.Error(text)
	}
	expect(try(1, "rm", "me/tiny"), "it is not in")
	expect(try(1, "rm", "nano"), "part of the program")
}

// TestRemoveLink holds that of a model used in place only the link goes.
func TestRemoveLink(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	file := filepath.Join(elsewhere, "config.json")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	models := filepath.Join(home, "models")
	if err := os.MkdirAll(models, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(models, "mine")); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"..", ".", "../models", "mine/", elsewhere} {
		w := newWorld(t, "", "")
		w.getenv = func(k string) string { return map[string]string{"OSSIAN_HOME": home}[k] }
		if code := w.run(t, "rm", name); code != 1 {
			t.Errorf("%s: %d, %s", name, code, &w.err)
		}
	}
	w := newWorld(t, "", "")
	w.getenv = func(k string) string { return map[string]string{"OSSIAN_HOME": home}[k] }
	if code := w.run(t, "rm", "mine"); code != 0 {
		t.Error(code, &w.err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Join(models, "mine")); err == nil {
		t.Error("the link is still there")
	}
}

// TestOffline holds that each way to forbid connections does, and is named.
func TestOffline(t *testing.T) {
	for by, args := range map[string][]string{
		"--offline": {"--offline", "pull", "gpt-oss-20b"}, "OSSIAN_OFFLINE": {"pull", "gpt-oss-20b"}, "HF_HUB_OFFLINE": {"pull", "gpt-oss-20b"}, "TRANSFORMERS_OFFLINE": {"pull", "gpt-oss-20b"},
	} {
		home := t.TempDir()
		env := map[string]string{"OSSIAN_HOME": home, "HF_HOME": home, by: "1", "HF_ENDPOINT": "https://hub.invalid"}
		w := newWorld(t, "", "")
		w.getenv = func(k string) string { return env[k] }
		if code := w.run(t, args...); code != 1 || !strings.Contains(w.err.String(), "ossian: pull would connect to hub.invalid:443, but "+by+" forbids connections") {
			t.Errorf("%s: %d, %s", by, code, &w.err)
		}
		w.out.Reset()
		if code := w.run(t, "egress"); code != 0 || !strings.Contains(w.out.String(), "hub.invalid:443  refused") || !strings.Contains(w.out.String(), "0 connections made") {
			t.Errorf("%s: %d, %s", by, code, &w.out)
		}
	}
}
