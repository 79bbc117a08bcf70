package bundle

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTamper holds that whatever is done to a bundle on its way is refused, with words
// of its own, by checking and by installing alike, and that nothing is installed.
func TestTamper(t *testing.T) {
	at := func(b *made, name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Skip(err) // the system has no such thing
		}
	}
	rewrite := func(t *testing.T, path string, change func([]byte) []byte) {
		t.Helper()
		data, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(path, change(data), 0o600))
	}
	weights := "model/model.safetensors"
	said := map[string]string{}
	for name, c := range map[string]struct {
		do   func(t *testing.T, b *made)
		want []string
	}{
		"a byte of the weights": {func(t *testing.T, b *made) { flip(t, at(b, weights), 7777) }, []string{weights, "bytes 7000 to 7999", "chunk 8 of 21"}},
		"a byte of the configuration": {func(t *testing.T, b *made) { flip(t, at(b, "model/config.json"), 0) },
			[]string{"model/config.json", "bytes 0 to 49", "chunk 1 of 1"}},
		"a byte of the program": {func(t *testing.T, b *made) { flip(t, at(b, "program/linux-amd64/ossian"), 4320) },
			[]string{"program/linux-amd64/ossian", "chunk 5 of 5"}},
		"a byte of the text for people": {func(t *testing.T, b *made) { flip(t, at(b, readmeName), 3) }, []string{readmeName, "damaged or was changed"}},
		"a byte of the manifest":        {func(t *testing.T, b *made) { flip(t, at(b, manifestName), 5) }, []string{manifestName, "it is damaged"}},
		"a word of the manifest": {func(t *testing.T, b *made) {
			rewrite(t, at(b, manifestName), func(data []byte) []byte { return bytes.Replace(data, []byte("tiny"), []byte("tidy"), 1) })
		}, []string{manifestName, "or somebody rewrote it"}},
		"a byte of the signature": {func(t *testing.T, b *made) {
			rewrite(t, at(b, signatureName), func(data []byte) []byte {
				i := bytes.Index(data, []byte("signature: ")) + len("signature: ") + 10
				data[i] = 'A' + (data[i]-'A'+1)%26
				return data
			})
		}, []string{signatureName, "its signature is false"}},
		"a byte that breaks the signature's form": {func(t *testing.T, b *made) { flip(t, at(b, signatureName), 3) }, []string{signatureName, "it is damaged"}},
		"a file added":   {func(t *testing.T, b *made) { must(t, os.WriteFile(at(b, "model/more.json"), nil, 0o600)) }, []string{"model/more.json", "somebody added it"}},
		"a folder added": {func(t *testing.T, b *made) { must(t, os.Mkdir(at(b, "program/linux-arm64"), 0o755)) }, []string{"program/linux-arm64", "somebody added it"}},
		"a file missing": {func(t *testing.T, b *made) { must(t, os.Remove(at(b, "model/tokenizer.json"))) }, []string{"model/tokenizer.json", "it is missing"}},
		"a file renamed": {func(t *testing.T, b *made) { must(t, os.Rename(at(b, weights), at(b, "model/weights.safetensors"))) },
			[]string{weights, "was it renamed?", "weights.safetensors"}},
		"two files exchanged": {func(t *testing.T, b *made) {
			must(t, os.Rename(at(b, "model/config.json"), at(b, "x")))
			must(t, os.Rename(at(b, "model/tokenizer.json"), at(b, "model/config.json")))
			must(t, os.Rename(at(b, "x"), at(b, "model/tokenizer.json")))
		}, []string{"model/config.json", "it has 3000 bytes, and the manifest says 50"}},
		"truncated": {func(t *testing.T, b *made) { must(t, os.Truncate(at(b, weights), 20_000)) }, []string{weights, "it has 20000 bytes"}},
		"longer":    {func(t *testing.T, b *made) { must(t, os.Truncate(at(b, weights), 20_501)) }, []string{weights, "it has 20501 bytes"}},
		"another bundle's manifest": {func(t *testing.T, b *made) {
			other := makeBundle(t, func(o *made) { o.job.Model = "other" })
			rewrite(t, at(b, manifestName), func([]byte) []byte { data, _ := os.ReadFile(at(other, manifestName)); return data })
		}, []string{manifestName, "it is another bundle's (of other"}},
		"another bundle's manifest and signature": {func(t *testing.T, b *made) {
			other := makeBundle(t, func(o *made) { o.job.Key = b.private; o.job.Files = o.job.Files[:5] })
			for _, name := range []string{manifestName, signatureName, readmeName} {
				rewrite(t, at(b, name), func([]byte) []byte { data, _ := os.ReadFile(at(other, name)); return data })
			}
		}, []string{`"program"`, "somebody added it"}},
		"no manifest":  {func(t *testing.T, b *made) { must(t, os.Remove(at(b, manifestName))) }, []string{"it holds no bundle"}},
		"no signature": {func(t *testing.T, b *made) { must(t, os.Remove(at(b, signatureName))) }, []string{"it is not signed"}},
		"signed by somebody else": {func(t *testing.T, b *made) {
			other := makeJob(t)
			rewrite(t, at(b, signatureName), func([]byte) []byte {
				data, _ := os.ReadFile(at(b, manifestName))
				return []byte(sign(data, other.private).String())
			})
		}, []string{"which is not known here"}},
		"a link": {func(t *testing.T, b *made) {
			must(t, os.Rename(at(b, weights), at(b, "../away")))
			must(t, os.Symlink("../../away", at(b, weights)))
		}, []string{weights, "it is a link"}},
		"a linked folder": {func(t *testing.T, b *made) {
			must(t, os.Rename(at(b, "model"), at(b, "../model")))
			must(t, os.Symlink("../model", at(b, "model")))
		}, []string{"model", "it is a link, not a folder"}},
		"a linked manifest": {func(t *testing.T, b *made) {
			must(t, os.Rename(at(b, manifestName), at(b, "../away")))
			must(t, os.Symlink("../away", at(b, manifestName)))
		}, []string{manifestName, "it is a link"}},
		"a file for a folder": {func(t *testing.T, b *made) {
			must(t, os.RemoveAll(at(b, "program")))
			must(t, os.WriteFile(at(b, "program"), nil, 0o600))
		}, []string{"program", "it is a plain file, not a folder"}},
		"a folder for a file": {func(t *testing.T, b *made) {
			must(t, os.Remove(at(b, "model/config.json")))
			must(t, os.Mkdir(at(b, "model/config.json"), 0o755))
		}, []string{"model/config.json", "it is a folder"}},
		"a pipe for a file": {func(t *testing.T, b *made) {
			must(t, os.Remove(at(b, "model/config.json")))
			must(t, makePipe(at(b, "model/config.json")))
		}, []string{"model/config.json", "it is a pipe"}},
		"a pipe for the manifest": {func(t *testing.T, b *made) {
			must(t, os.Remove(at(b, manifestName)))
			must(t, makePipe(at(b, manifestName)))
		}, []string{manifestName, "it is a pipe"}},
		"a manifest without end": {func(t *testing.T, b *made) { must(t, os.Truncate(at(b, manifestName), maxManifest+1)) }, []string{manifestName, "it has more than"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := makeBundle(t)
			c.do(t, b)
			err := b.check()
			wants(t, err, c.want...)
			if err == nil {
				return
			}
			text := strings.ReplaceAll(err.Error(), b.dir, "DIR")
			if other, twice := said[text]; twice {
				t.Errorf("the same words as for %s: %s", other, text)
			}
			said[text] = name
			models := t.TempDir()
			_, err = b.install(models, Target{})
			wants(t, err, c.want...)
			if _, err := os.Stat(filepath.Join(models, "tiny")); err == nil {
				t.Error("it was installed")
			}
		})
	}
}

// TestEveryByte holds that no byte of the small files can change unseen.
func TestEveryByte(t *testing.T) {
	b := makeBundle(t)
	for _, name := range []string{signatureName, manifestName, "model/config.json"} {
		path := filepath.Join(b.dir, filepath.FromSlash(name))
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(whole)/400)
		for i := 0; i < len(whole); i += step {
			data := bytes.Clone(whole)
			data[i] ^= 1 << (i % 8)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if b.check() == nil {
				t.Errorf("%s: byte %d was changed unseen", name, i)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.check(); err != nil {
		t.Error(err)
	}
}

// TestRepairedInPlace holds that what tampering left half installed does not survive a
// sound bundle.
func TestRepairedInPlace(t *testing.T) {
	b := makeBundle(t)
	models := t.TempDir()
	path := filepath.Join(b.dir, "model", "tokenizer.json")
	flip(t, path, 2999)
	_, err := b.install(models, Target{})
	wants(t, err, "tokenizer.json")
	flip(t, path, 2999)
	staged, err := filepath.Glob(filepath.Join(models, Incoming+"*", "model.safetensors"))
	if err != nil || len(staged) != 1 {
		t.Fatal(staged, err)
	}
	flip(t, staged[0], 12_345) // while it waited
	dir, err := b.install(models, Target{})
	if err != nil {
		t.Fatal(err)
	}
	b.holds(dir)
}

// TestDesktops holds that what a file manager leaves does not spoil a bundle.
func TestDesktops(t *testing.T) {
	b := makeBundle(t)
	for _, name := range []string{".DS_Store", "model/._config.json", "model/Thumbs.db"} {
		if err := os.WriteFile(filepath.Join(b.dir, filepath.FromSlash(name)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := b.install(t.TempDir(), Target{})
	if err != nil {
		t.Fatal(err)
	}
	b.holds(dir)
}
