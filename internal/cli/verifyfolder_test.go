package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ossian/internal/bundle"
	"ossian/internal/hub"
)

// TestVerifyFolder holds that damage to a model that nobody vouches for is found from
// its first verification on.
func TestVerifyFolder(t *testing.T) {
	o := newOutside(t)
	dir := filepath.Join(o.home, "elsewhere")
	if err := os.CopyFS(dir, os.DirFS(tinyModel())); err != nil {
		t.Fatal(err)
	}
	o.expect(o.try(1, "verify"), "no model to verify")
	o.expect(o.try(1, "verify", "nano"), "part of the program")
	first := o.try(0, "verify", dir)
	o.expect(first, "model.safetensors: seen for the first time", "hashes of 2 files are recorded now")
	if strings.Contains(first, "compared") {
		t.Error(first)
	}
	o.expect(o.try(0, "verify", dir), "model.safetensors: sound", "first verification on 2026-01-31")
	weights := filepath.Join(dir, "model.safetensors")
	data, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	data[9999] ^= 8
	if err := os.WriteFile(weights, data, 0o600); err != nil {
		t.Fatal(err)
	}
	o.expect(o.try(1, "verify", dir), "its hash is not the recorded one (1 of 1 chunks are damaged)", "if you changed a file yourself, remove "+o.home, "copy them again")
	if err := os.Truncate(weights, 5000); err != nil {
		t.Fatal(err)
	}
	o.expect(o.try(1, "verify", dir), "it has 5000 bytes, not")
	data[9999] ^= 8
	if err := os.WriteFile(weights, data, 0o600); err != nil {
		t.Fatal(err)
	}
	o.try(0, "verify", dir)
	if err := os.Rename(filepath.Join(dir, "config.json"), filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	o.expect(o.try(1, "verify", dir), "config.json: it is missing")
}

// TestJudge holds what is said of files of which the catalogue knows the hash.
func TestJudge(t *testing.T) {
	published := map[string][]hub.File{"openai/x": {{Path: "a.safetensors", Size: 10, Hash: "aa"}, {Path: "original/b.safetensors", Size: 20, Hash: "bb"}}}
	file := func(path string, size int64, sum string, isNew bool) bundle.Checked {
		return bundle.Checked{File: bundle.File{Path: path, Size: size, SHA256: sum}, New: isNew}
	}
	for name, c := range map[string]struct {
		list  []bundle.Checked
		wants []string
		wrong int
	}{
		"published":          {[]bundle.Checked{file("a.safetensors", 10, "aa", true), file("b.safetensors", 20, "bb", false)}, []string{"sound, as published in openai/x", "sound, as published"}, 0},
		"damaged":            {[]bundle.Checked{file("a.safetensors", 10, "ax", true), file("b.safetensors", 20, "bb", true)}, []string{"not the published one", "sound, as published"}, 1},
		"another model":      {[]bundle.Checked{file("a.safetensors", 10, "ax", true), file("b.safetensors", 20, "bx", true)}, []string{"another model, or damaged", "another model, or damaged"}, 0},
		"nothing to do with": {[]bundle.Checked{file("a.safetensors", 11, "ax", true), file("c", 1, "cc", false)}, []string{"seen for the first time", "sound"}, 0},
	} {
		said := judge(c.list, published)
		wrong := 0
		for i, want := range c.wants {
			if !strings.Contains(said[i], want) {
				t.Errorf("%s: %q", name, said[i])
			}
			if c.list[i].Wrong != "" {
				wrong++
			}
		}
		if wrong != c.wrong {
			t.Errorf("%s: %d wrong", name, wrong)
		}
	}
	for repo, files := range hub.Published() {
		for _, f := range files {
			if len(f.Hash) != 64 || f.Size < 4e9 {
				t.Errorf("%s: %+v", repo, f)
			}
		}
	}
}
