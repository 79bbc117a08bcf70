package bundle

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const testChunk = 1000

// parts of the bundle that the tests make
var modelFiles = map[string]int{"config.json": 50, "model.safetensors": 20_500, "tokenizer.json": 3000, "empty.txt": 0, "original/model.safetensors": 999}

func noise(seed byte, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// options of tests: small chunks, no limits, no waiting for disks.
func options() Options {
	return Options{
		Chunk: testChunk, Free: func(string) (int64, bool) { return 1 << 40, true },
		Largest: func(string) (int64, bool) { return 0, false }, Sync: func(*os.File) error { return nil },
	}
}

// made is a bundle in a folder, and what it was made of.
type made struct {
	t         testing.TB
	from, dir string
	public    PublicKey
	private   PrivateKey
	job       Job
	opt       Options
}

func makeJob(t testing.TB) *made {
	t.Helper()
	b := &made{t: t, from: t.TempDir(), dir: filepath.Join(t.TempDir(), "stick", "bundle")}
	b.job = Job{Dir: b.dir, Model: "tiny", Origin: "me/tiny@0123", Made: time.Unix(1_800_000_000, 0)}
	seed := byte(0)
	add := func(name string, n int, s Source) {
		seed++
		if err := os.MkdirAll(filepath.Dir(s.From), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.From, noise(seed, n), 0o600); err != nil {
			t.Fatal(err)
		}
		b.job.Files = append(b.job.Files, s)
	}
	for _, name := range []string{"config.json", "empty.txt", "model.safetensors", "original/model.safetensors", "tokenizer.json"} {
		add(name, modelFiles[name], ModelFile(name, filepath.Join(b.from, filepath.FromSlash(name))))
	}
	add("program", 4321, Source{Path: programPath("linux", "amd64"), From: filepath.Join(b.from, "program")})
	key := filepath.Join(b.from, "key")
	public, err := NewKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if b.private, err = ReadPrivateKey(key); err != nil {
		t.Fatal(err)
	}
	b.public, b.job.Key = public, b.private
	return b
}

// makeBundle writes one.
func makeBundle(t testing.TB, change ...func(*made)) *made {
	t.Helper()
	b := makeJob(t)
	b.opt = options()
	for _, c := range change {
		c(b)
	}
	if _, err := Write(t.Context(), b.job, b.opt); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *made) open() (*Bundle, error) { return Open(b.dir, Trust{Keys: []PublicKey{b.public}}) }

// check opens and checks the bundle as a person would.
func (b *made) check() error {
	got, err := b.open()
	if err != nil {
		return err
	}
	defer got.Close()
	return got.Check(b.t.Context(), options())
}

func (b *made) install(models string, to Target) (string, error) {
	got, err := b.open()
	if err != nil {
		return "", err
	}
	defer got.Close()
	to.Models = models
	return got.Install(b.t.Context(), to, options())
}

// holds checks that an installed folder is the model, whole, and nothing else.
func (b *made) holds(dir string) {
	b.t.Helper()
	seen := 0
	_ = filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil {
			b.t.Error(err)
			return nil
		}
		if !e.IsDir() {
			seen++
		}
		return nil
	})
	if seen != len(modelFiles) {
		b.t.Errorf("%d files, wanted %d", seen, len(modelFiles))
	}
	for name := range modelFiles {
		got, err1 := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		want, err2 := os.ReadFile(filepath.Join(b.from, filepath.FromSlash(name)))
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			b.t.Errorf("%s: %d bytes, wanted %d, %v, %v", name, len(got), len(want), err1, err2)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for name, change := range map[string]func(*made){
		"whole files": func(*made) {},
		"in parts":    func(b *made) { b.opt.Largest = func(string) (int64, bool) { return 2500, true } },
		"unsigned":    func(b *made) { b.job.Key = nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := makeBundle(t, change)
			trust := Trust{Keys: []PublicKey{b.public}, Unsigned: b.job.Key == nil}
			got, err := Open(b.dir, trust)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			if err := got.Check(t.Context(), options()); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(b.dir, "model", "model.safetensors.part010")); (err == nil) != (name == "in parts") {
				t.Error(err)
			}
			models := filepath.Join(t.TempDir(), "models")
			dir, err := got.Install(t.Context(), Target{Models: models}, options())
			if err != nil || dir != filepath.Join(models, "tiny") {
				t.Fatal(dir, err)
			}
			b.holds(dir)
			_, err = got.Install(t.Context(), Target{Models: models}, options())
			wants(t, err, "is there already", "--name")
			if dir, err = got.Install(t.Context(), Target{Models: models, Name: "other"}, options()); err != nil {
				t.Fatal(err)
			}
			b.holds(dir)
			rec := got.Record(dir)
			list, err := rec.Verify(t.Context(), os.DirFS(dir), []string{"config.json", "model.safetensors", "tokenizer.json", "empty.txt", "original/model.safetensors"}, options())
			for _, c := range list {
				if c.Wrong != "" || c.New {
					t.Errorf("%+v", c)
				}
			}
			if err != nil || len(list) != 5 {
				t.Error(list, err)
			}
			at := filepath.Join(t.TempDir(), "bin")
			if err := got.InstallProgram(t.Context(), "linux", "amd64", at, options()); err != nil {
				t.Fatal(err)
			}
			program, _ := os.ReadFile(at)
			if info, err := os.Stat(at); err != nil || len(program) != 4321 || runtime.GOOS != "windows" && info.Mode().Perm() != 0o755 {
				t.Error(info, err)
			}
			wants(t, got.InstallProgram(t.Context(), "plan9", "mips", at, options()), "no program for plan9-mips", "linux-amd64")
		})
	}
}

// TestLink holds that linked files are the bundle's own, and are checked all the same.
func TestLink(t *testing.T) {
	b := makeBundle(t)
	models := filepath.Join(filepath.Dir(b.dir), "models")
	dir, err := b.install(models, Target{Link: true})
	if err != nil {
		t.Fatal(err)
	}
	b.holds(dir)
	one, err1 := os.Stat(filepath.Join(dir, "model.safetensors"))
	two, err2 := os.Stat(filepath.Join(b.dir, "model", "model.safetensors"))
	if err1 != nil || err2 != nil || !os.SameFile(one, two) {
		t.Error("copied", err1, err2)
	}
	flip(t, filepath.Join(b.dir, "model", "model.safetensors"), 7)
	_, err = b.install(models, Target{Link: true, Name: "again"})
	wants(t, err, "model/model.safetensors", "chunk 1 of 21")
}

// TestTrust holds who is believed.
func TestTrust(t *testing.T) {
	b, other := makeBundle(t), makeBundle(t)
	unsigned := makeBundle(t, func(b *made) { b.job.Key = nil })
	_, err := Open(b.dir, Trust{})
	if uk := (*UnknownKeyError)(nil); !errors.As(err, &uk) || !uk.Key.Equal(b.public) {
		t.Error(err)
	}
	wants(t, err, b.public.Fingerprint(), "ossian unbundle --key "+b.public.Fingerprint())
	_, err = Open(b.dir, Trust{Keys: []PublicKey{other.public}, Fingerprint: other.public.Fingerprint()})
	wants(t, err, "not known here")
	_, err = Open(b.dir, Trust{Unsigned: true})
	wants(t, err, "leave --unsigned out")
	_, err = Open(unsigned.dir, Trust{Keys: []PublicKey{b.public}})
	if ue := (*UnsignedError)(nil); !errors.As(err, &ue) {
		t.Error(err)
	}
	wants(t, err, "ossian unbundle --unsigned")
	for _, trust := range []Trust{{Keys: []PublicKey{other.public, b.public}}, {Fingerprint: b.public.Fingerprint()}} {
		got, err := Open(b.dir, trust)
		if err != nil {
			t.Error(err)
			continue
		}
		_ = got.Close()
	}

	known := filepath.Join(t.TempDir(), "home", "trusted-keys")
	for range 2 {
		for _, k := range []PublicKey{b.public, other.public} {
			if err := Remember(known, k); err != nil {
				t.Fatal(err)
			}
		}
	}
	keys, err := ReadTrusted(known)
	if err != nil || len(keys) != 2 || !keys[0].Equal(b.public) || !keys[1].Equal(other.public) {
		t.Error(keys, err)
	}
	if err := os.WriteFile(known, []byte("# mine\n\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = ReadTrusted(known)
	wants(t, err, "line 3 holds no key")
}

func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	public, err := NewKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	again, err := ReadPublicKey(path + ".pub")
	if err != nil || !again.Equal(public) || !IsFingerprint(public.Fingerprint()) || IsFingerprint(path) || IsFingerprint("SHA256:abc") {
		t.Error(err, public.Fingerprint())
	}
	_, err = NewKey(path)
	wants(t, err, "is there already")
	_, err = ReadPrivateKey(path + ".pub")
	wants(t, err, "without .pub")
	_, err = ReadPublicKey(path)
	wants(t, err, ".pub file beside it")
	_, err = ReadPrivateKey(path + ".none")
	wants(t, err, "--new-key")
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		_, err = ReadPrivateKey(path)
		wants(t, err, "chmod 600")
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = ReadPrivateKey(path)
	wants(t, err, "no private ed25519 key")
}

// TestSpace holds that both sides ask the disk first.
func TestSpace(t *testing.T) {
	b := makeJob(t)
	small := options()
	small.Free = func(string) (int64, bool) { return 20_000, true }
	_, err := Write(t.Context(), b.job, small)
	if se := (*SpaceError)(nil); !errors.As(err, &se) || se.Have != 20_000 {
		t.Error(err)
	}
	b = makeBundle(t)
	got, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	models := t.TempDir()
	_, err = got.Install(t.Context(), Target{Models: models}, small)
	if se := (*SpaceError)(nil); !errors.As(err, &se) || se.Need != 20_500+50+3000+999 {
		t.Error(err)
	}
	fat := options()
	fat.Largest = func(string) (int64, bool) { return 20_000, true }
	_, err = got.Install(t.Context(), Target{Models: models}, fat)
	wants(t, err, "FAT32", "OSSIAN_HOME")
}

// TestFolder holds that no folder is written to that is not the bundle's own.
func TestFolder(t *testing.T) {
	b := makeJob(t)
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(b.dir, "README.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Write(t.Context(), b.job, options())
	wants(t, err, "a folder of its own", "README.txt")
	if data, _ := os.ReadFile(mine); string(data) != "mine" {
		t.Error("it was written over")
	}
	b = makeBundle(t)
	_, err = Write(t.Context(), b.job, options())
	wants(t, err, "holds a bundle already")
	b = makeJob(t)
	b.job.Files = append(b.job.Files, ModelFile("CONFIG.json", b.job.Files[0].From))
	_, err = Write(t.Context(), b.job, options())
	wants(t, err, "differs in case only")
	b = makeJob(t)
	b.job.Files = append(b.job.Files, ModelFile("modèle.json", b.job.Files[0].From))
	_, err = Write(t.Context(), b.job, options())
	wants(t, err, "rename the file")
	b = makeJob(t)
	b.job.Files = append(b.job.Files, ModelFile("folder", b.from))
	_, err = Write(t.Context(), b.job, options())
	wants(t, err, "a folder, not a plain file")
}

// TestInterrupt holds that both sides go on where they were interrupted.
func TestInterrupt(t *testing.T) {
	b := makeJob(t)
	until := func(n int64, opt Options) (context.Context, Options) {
		ctx, cancel := context.WithCancel(t.Context())
		opt.Progress = func(_ string, done, _ int64) {
			if done >= n {
				cancel()
			}
		}
		return ctx, opt
	}
	for _, n := range []int64{1, 9000, 9000, 24_000} {
		ctx, opt := until(n, options())
		if _, err := Write(ctx, b.job, opt); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		_, err := b.open()
		wants(t, err, "was not finished")
	}
	stray := filepath.Join(b.dir, "model", "stray")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Write(t.Context(), b.job, options())
	wants(t, err, "is not of this one", "stray")
	_ = os.Remove(stray)
	if _, err := Write(t.Context(), b.job, options()); err != nil {
		t.Fatal(err)
	}
	if err := b.check(); err != nil {
		t.Fatal(err)
	}
	got, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	models := t.TempDir()
	for _, n := range []int64{1, 9000, 24_000} {
		ctx, opt := until(n, options())
		if _, err := got.Install(ctx, Target{Models: models}, opt); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(models, "tiny")); err == nil {
			t.Fatal("half a model is installed")
		}
	}
	// What is there is not written again: a disk with room for the rest is enough.
	tight := options()
	tight.Free = func(string) (int64, bool) { return 10_000, true }
	dir, err := got.Install(t.Context(), Target{Models: models}, tight)
	if err != nil {
		t.Fatal(err)
	}
	b.holds(dir)
}

func wants(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; wanted %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q is not in: %v", p, err)
		}
	}
}

func flip(t testing.TB, path string, at int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
