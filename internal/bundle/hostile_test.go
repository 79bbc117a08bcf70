package bundle

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// honest is a manifest as Write makes it, small.
func honest() *Manifest {
	sum := strings.Repeat("ab", 32)
	return &Manifest{
		Format: manifestFormat, Model: "tiny", Source: "me/tiny", Made: "2026-01-31T12:00:00Z", Chunk: 1000,
		Files: []File{
			{Path: "README.txt", Size: 10, SHA256: sum},
			{Path: "model/a.safetensors", Size: 2500, SHA256: sum, Part: 2000, Chunks: []string{sum, sum, sum}},
			{Path: "model/original/config.json", Size: 0, SHA256: sum},
			{Path: "program/linux-amd64/ossian", Size: 1000, SHA256: sum},
		},
	}
}

// TestParse gives manifests that no honest program writes.
func TestParse(t *testing.T) {
	data, err := honest().encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(data); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m *Manifest){
		"format":            func(m *Manifest) { m.Format = "ossian-bundle 2" },
		"no files":          func(m *Manifest) { m.Files = nil },
		"many files":        func(m *Manifest) { m.Files = make([]File, maxFiles+1) },
		"up":                func(m *Manifest) { m.Files[1].Path = "model/../../x" },
		"absolute":          func(m *Manifest) { m.Files[1].Path = "/etc/passwd" },
		"drive":             func(m *Manifest) { m.Files[1].Path = `model/c:\x` },
		"backslash":         func(m *Manifest) { m.Files[1].Path = `model/..\x` },
		"device":            func(m *Manifest) { m.Files[1].Path = "model/nul.safetensors" },
		"hidden":            func(m *Manifest) { m.Files[1].Path = "model/.x" },
		"an option":         func(m *Manifest) { m.Files[1].Path = "model/-rf" },
		"empty part":        func(m *Manifest) { m.Files[1].Path = "model//x" },
		"folder":            func(m *Manifest) { m.Files[1].Path = "model/" },
		"dot at the end":    func(m *Manifest) { m.Files[1].Path = "model/x." },
		"null":              func(m *Manifest) { m.Files[1].Path = "model/x\x00" },
		"not ASCII":         func(m *Manifest) { m.Files[1].Path = "model/ﬁle" },
		"long":              func(m *Manifest) { m.Files[1].Path = "model/" + strings.Repeat("x", 300) },
		"deep":              func(m *Manifest) { m.Files[1].Path = "model" + strings.Repeat("/x", 20) },
		"elsewhere":         func(m *Manifest) { m.Files[1].Path = "home/x" },
		"twice":             func(m *Manifest) { m.Files[1].Path = m.Files[2].Path },
		"case":              func(m *Manifest) { m.Files[1].Path = "model/original/Config.json" },
		"file and folder":   func(m *Manifest) { m.Files[1].Path = "model/original" },
		"folder and file":   func(m *Manifest) { m.Files[1].Path = "model/original/config.json/x" },
		"its own name":      func(m *Manifest) { m.Files[0].Path = "Manifest.JSON" },
		"a part's name":     func(m *Manifest) { m.Files[2].Path = "model/a.safetensors.part001" },
		"negative":          func(m *Manifest) { m.Files[1].Size = -1 },
		"huge":              func(m *Manifest) { m.Files[1].Size = 1 << 62 },
		"huge together":     func(m *Manifest) { m.Chunk = maxChunk; many(m, 4000, 1<<40) },
		"no chunks":         func(m *Manifest) { m.Files[1].Chunks = nil },
		"a chunk too many":  func(m *Manifest) { m.Files[1].Chunks = append(m.Files[1].Chunks, m.Files[1].SHA256) },
		"chunk of no size":  func(m *Manifest) { m.Chunk = 0 },
		"chunk of any size": func(m *Manifest) { m.Chunk = 1 << 40 },
		"hash": func(m *Manifest) {
			m.Files[0].SHA256 = "../../../../../../../../../../../../../../../../../../../../x/y/z/"
		},
		"upper case hash": func(m *Manifest) { m.Files[0].SHA256 = strings.Repeat("AB", 32) },
		"chunk hash":      func(m *Manifest) { m.Files[1].Chunks[1] = "" },
		"a billion parts": func(m *Manifest) { m.Files[1].Part = 1 },
		"negative parts":  func(m *Manifest) { m.Files[1].Part = -5 },
		"one part":        func(m *Manifest) { m.Files[1].Part = 2500 },
		"a model's name":  func(m *Manifest) { m.Model = "../x" },
		"two names":       func(m *Manifest) { m.Model = "a/b" },
		"a model of none": func(m *Manifest) { m.Files = m.Files[3:] },
		"none of a model": func(m *Manifest) { m.Model = "" },
		"source":          func(m *Manifest) { m.Source = "\x1b[2J" },
		"time":            func(m *Manifest) { m.Made = "yesterday" },
	} {
		m := honest()
		change(m)
		data, err := json.MarshalIndent(m, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(append(data, '\n')); err == nil {
			t.Errorf("%s: taken", name)
		} else if len(err.Error()) > 800 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	for name, text := range map[string]string{
		"not a number":    strings.Replace(string(data), `"size": 2500`, `"size": NaN`, 1),
		"a fraction":      strings.Replace(string(data), `"size": 2500`, `"size": 2500.0`, 1),
		"an exponent":     strings.Replace(string(data), `"size": 2500`, `"size": 25e2`, 1),
		"too large a one": strings.Replace(string(data), `"size": 2500`, `"size": 99999999999999999999`, 1),
		"text for one":    strings.Replace(string(data), `"size": 2500`, `"size": "2500"`, 1),
		"a field twice":   strings.Replace(string(data), `"size": 2500,`, `"size": 1, "size": 2500,`, 1),
		"case of fields":  strings.Replace(string(data), `"size": 2500`, `"SIZE": 2500`, 1),
		"more fields":     strings.Replace(string(data), `"size": 2500`, `"run": "x", "size": 2500`, 1),
		"other spaces":    strings.Replace(string(data), "\n", "\r\n", -1),
		"more behind":     string(data) + "{}",
		"a mark before":   "\xef\xbb\xbf" + string(data),
		"nothing":         "",
		"null":            "null",
		"deep":            strings.Repeat("[", 100_000),
		"many objects":    `{"files":[` + strings.Repeat("{},", 1_000_000) + "{}]}",
	} {
		if text == string(data) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// many makes a manifest of n files of one size, which need no chunk hashes here because
// the size is refused first.
func many(m *Manifest, n int, size int64) {
	f := m.Files[0]
	f.Size = size
	m.Files = m.Files[:0]
	for i := range n {
		f.Path = "model/" + strings.Repeat("x", 1+i%100) + string(rune('a'+i/100%26))
		m.Files = append(m.Files, f)
	}
}

// FuzzParse holds that a manifest that is taken means one thing and stays inside its
// folder.
func FuzzParse(f *testing.F) {
	data, err := honest().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(bytes.ReplaceAll(data, []byte("model/"), []byte("../")))
	f.Add([]byte(`{"format":"ossian-bundle 1","files":[{"size":-1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		if again, err := m.encode(); err != nil || !bytes.Equal(again, data) {
			t.Error("two ways to write it")
		}
		for i := range m.Files {
			n := int64(0)
			for _, p := range m.Files[i].pieces() {
				n += p.size
				if !plain(p.name) || strings.Contains(p.name, "..") {
					t.Errorf("%q", p.name)
				}
			}
			if n != m.Files[i].Size {
				t.Errorf("%s: parts of %d bytes for %d", m.Files[i].Path, n, m.Files[i].Size)
			}
		}
	})
}

// FuzzSignature holds that there is one way to write a signature.
func FuzzSignature(f *testing.F) {
	s := signature{strings.Repeat("ab", 32), make(PublicKey, 32), make([]byte, 64)}
	f.Add([]byte(s.String()))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSignature(data)
		if err == nil && s.String() != string(data) {
			t.Error("two ways to write it")
		}
		if err == nil && s.check([]byte("another")) == nil {
			t.Error("a signature of anything")
		}
	})
}
