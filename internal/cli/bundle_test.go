package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ossian/internal/gguf"
)

// outside is a person at a command line, whose files are all in one folder.
type outside struct {
	t    *testing.T
	home string
	env  map[string]string
}

func newOutside(t *testing.T) *outside {
	home := t.TempDir()
	return &outside{t, home, map[string]string{"OSSIAN_HOME": home, "HF_HOME": filepath.Join(home, "hf")}}
}

// try types a command line, holds its exit code, and returns what was said.
func (o *outside) try(code int, args ...string) string {
	o.t.Helper()
	w := newWorld(o.t, "", "")
	w.getenv = func(k string) string { return o.env[k] }
	w.program = "ossian/internal/cli.test" // which is what the tests run in
	if got := w.run(o.t, args...); got != code {
		o.t.Fatalf("%q: %d, %s%s", args, got, &w.out, &w.err)
	}
	return w.out.String() + w.err.String()
}

func (o *outside) expect(text string, wants ...string) {
	o.t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			o.t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func tinyModel() string { return filepath.Join("..", "..", "testdata", "golden", "narrow", "hf") }

// TestBundle goes the whole way over an air gap: a key, a bundle, another machine that
// knows neither, trust, installing, and a bundle that was changed on its way.
func TestBundle(t *testing.T) {
	here, there := newOutside(t), newOutside(t)
	key, stick := filepath.Join(here.home, "key"), filepath.Join(here.home, "stick")
	here.expect(here.try(2, "bundle"), "name a folder")
	here.expect(here.try(2, "bundle", tinyModel(), stick), "--key FILE", "--new-key", "--unsigned")
	fingerprint := strings.SplitN(here.try(0, "bundle", "--new-key", key), "\n", 2)[0]
	here.expect(fingerprint, "SHA256:")
	here.expect(here.try(1, "bundle", "--new-key", key), "is there already")
	here.expect(here.try(2, "bundle", "--key", key, "--unsigned", tinyModel(), stick), "contradict")
	here.expect(here.try(1, "bundle", "--key", key, "nano", stick), "part of the program")
	here.expect(here.try(0, "bundle", "--key", key, "--name", "tiny", tinyModel(), stick), stick, fingerprint, "SHA-256 of program/", "unbundle --dry-run")
	here.expect(here.try(1, "bundle", "--key", key, tinyModel(), stick), "holds a bundle already")

	unknown := there.try(1, "unbundle", stick)
	there.expect(unknown, fingerprint, "not known here", "ossian unbundle --key "+fingerprint+" "+stick)
	there.expect(there.try(1, "unbundle", "--unsigned", stick), "leave --unsigned out")
	there.expect(there.try(2, "unbundle", "--remember", stick), "--key KEY")
	there.expect(there.try(0, "unbundle", "--key", key+".pub", "--dry-run", stick), "is sound", fingerprint)
	if _, err := os.Stat(filepath.Join(there.home, "models")); err == nil {
		t.Error("a dry run installed something")
	}
	program := filepath.Join(there.home, "ossian")
	dir := filepath.Join(there.home, "models", "tiny")
	there.expect(there.try(0, "unbundle", "--verify", "--key", fingerprint, "--remember", "--program", program, stick), dir, "ossian run -m tiny", program)
	if info, err := os.Stat(program); err != nil || info.Size() < 1<<20 {
		t.Error(info, err)
	}
	there.expect(there.try(0, "list"), "tiny ", dir)
	there.expect(there.try(0, "show", "tiny"), "layers", dir)
	there.expect(there.try(1, "unbundle", stick), "is there already", "ossian rm tiny")
	there.expect(there.try(0, "unbundle", "--name", "second", "-q", stick), "second")

	there.expect(there.try(0, "verify", "tiny"), "model.safetensors: sound", "config.json: sound", "a bundle signed with "+fingerprint)
	names, err := filepath.Glob(filepath.Join(stick, "model", "*.safetensors"))
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
	for _, args := range [][]string{{"--dry-run"}, {"--verify", "--name", "third"}, {"--name", "third"}} {
		there.expect(there.try(1, append(append([]string{"unbundle"}, args...), stick)...), "model/"+filepath.Base(names[0]), "was changed")
	}
	half, err := filepath.Glob(filepath.Join(there.home, "models", ".incoming-*"))
	if err != nil || len(half) != 1 {
		t.Fatal(half, err)
	}
	name := filepath.Base(half[0])
	there.expect(there.try(0, "list"), name, "half of a model", "ossian rm "+name)
	there.expect(there.try(1, "show", name), "half of a model")
	there.expect(there.try(0, "rm", name), "removed "+half[0])
	if text := there.try(0, "list"); strings.Contains(text, "third") || strings.Contains(text, "incoming") {
		t.Error(text)
	}

	alone := filepath.Join(here.home, "alone")
	here.try(0, "bundle", "--unsigned", "-q", alone)
	there.expect(there.try(1, "unbundle", alone), "it is not signed", "ossian unbundle --unsigned "+alone)
	there.expect(there.try(1, "unbundle", "--unsigned", alone), "the program alone", "--program FILE")
	there.try(0, "unbundle", "--unsigned", "-q", "--program", program+"2", alone)
	file, small := nanoGGUF(t, gguf.BF16), filepath.Join(here.home, "small")
	here.try(0, "bundle", "--unsigned", "-q", "--no-program", file, small)
	there.try(0, "unbundle", "--unsigned", "-q", "--name", "small", small)
	there.expect(there.try(0, "show", "small"), "GGUF", filepath.Join(there.home, "models", "small"))
	there.expect(there.try(0, "verify", "small"), ".gguf: sound", "an unsigned bundle")
	there.expect(there.try(1, "unbundle", "--unsigned", "--name", "more", "--program", program, small), "has no program for")
	here.expect(here.try(1, "bundle", "--unsigned", "--with", key, filepath.Join(here.home, "x")), "give an ossian executable")
	here.expect(here.try(1, "bundle", "--unsigned", here.home, filepath.Join(here.home, "x")), "no .safetensors or .gguf file")
}

// TestUse holds that a model elsewhere can be named, is found and listed, and is never
// touched.
func TestUse(t *testing.T) {
	o := newOutside(t)
	elsewhere := filepath.Join(o.home, "elsewhere")
	if err := os.CopyFS(elsewhere, os.DirFS(tinyModel())); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(o.home, "probe")); err != nil {
		t.Skip(err)
	}
	o.expect(o.try(1, "use", filepath.Join(o.home, "nowhere")), "no such folder or file")
	o.expect(o.try(1, "use", o.home), "config.json")
	for _, name := range []string{"nano", "a/b", "..", "x@y"} {
		o.expect(o.try(2, "use", elsewhere, name), "cannot be the name")
	}
	o.expect(o.try(0, "use", elsewhere, "mine"), "used in place as mine", "ossian run -m mine")
	o.try(0, "use", elsewhere, "mine")
	o.try(0, "use", elsewhere)
	o.expect(o.try(1, "use", tinyModel(), "mine"), "there is a model mine already")
	o.expect(o.try(0, "list"), "mine ", elsewhere+", in place", "elsewhere ")
	o.expect(o.try(0, "list", "--json"), `"name": "mine"`, `"in_place": true`)
	o.expect(o.try(0, "show", "mine"), "layers", elsewhere)
	o.expect(o.try(0, "rm", "mine"), "forgot the name mine", "stays as it is")
	if _, err := os.Stat(filepath.Join(elsewhere, "config.json")); err != nil {
		t.Error(err)
	}
	file := nanoGGUF(t, gguf.BF16)
	o.try(0, "use", file, "small")
	o.expect(o.try(0, "show", "small"), "GGUF", file)
	o.expect(o.try(0, "list"), "small ", file+", in place")
	o.try(0, "rm", "small")
	own := filepath.Join(o.home, "models", filepath.Base(file))
	if err := os.Rename(file, own); err != nil { // a .gguf file that lies in the folder of models
		t.Skip(err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".gguf")
	o.expect(o.try(0, "list"), name+" ", own)
	o.expect(o.try(0, "show", name), "GGUF")
	o.expect(o.try(0, "rm", name), "removed "+own)
	if _, err := os.Stat(own); err == nil {
		t.Error("it is still there")
	}
	if err := os.Rename(elsewhere, elsewhere+"2"); err != nil {
		t.Fatal(err)
	}
	o.expect(o.try(0, "list"), "not there now", "ossian rm elsewhere")
	o.expect(o.try(1, "show", "elsewhere"), "bring it back")
	o.try(0, "rm", "elsewhere")
	if text := o.try(0, "list"); strings.Contains(text, "elsewhere") {
		t.Error(text)
	}
}
