package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ossian/internal/hub"
)

// builtin is the model inside the program.
const builtin = "nano"

// place is where a model is: the embedded one, a folder, or a GGUF file.
type place struct {
	name string // for people
	dir  string // "" for the embedded model
	fsys fs.FS
}

// String is the place as errors name it.
func (p place) String() string {
	if p.dir == "" {
		return "the built-in model " + p.name
	}
	return p.dir
}

// path is where a file of the place is.
func (p place) path(name string) string {
	dir := p.dir
	if isGGUF(dir) {
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// find resolves what a person calls a model: nothing, a folder, or a name.
func (s *system) find(name string) (place, error) {
	if name == "" || name == builtin {
		return s.embedded()
	}
	if info, err := os.Stat(name); err == nil {
		return folder(name, info)
	}
	models, err := s.modelsDir()
	if err == nil {
		if m, ok := entryOf(models, name); ok {
			return m.place()
		}
	}
	if settings, err := s.hubSettings(); err == nil {
		if dir, pulled := settings.Find(name); pulled {
			return place{name: name, dir: dir, fsys: os.DirFS(dir)}, nil
		}
	}
	for _, m := range hub.Catalogue() {
		if strings.EqualFold(name, m.Short()) {
			return place{}, fmt.Errorf("no model %q is here; fetch its %s: ossian pull %s", name, size(m.Bytes), m.Short())
		}
	}
	known := []string{builtin}
	for _, m := range entries(models) {
		if !m.incoming() {
			known = append(known, m.name)
		}
	}
	return place{}, fmt.Errorf("no model %q: it is neither a folder nor a name here (known: %s); give the folder that holds config.json, or a .gguf file, or put it in %s; ossian pull fetches gpt-oss models",
		name, strings.Join(known, ", "), filepath.Join(models, filepath.Base(name)))
}

func folder(dir string, info fs.FileInfo) (place, error) {
	if !info.IsDir() {
		if isGGUF(dir) {
			return ggufFile(dir), nil
		}
		return place{}, fmt.Errorf("%s is a file; give the folder that holds config.json and the safetensors files, or a .gguf file", dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	return place{name: filepath.Base(abs), dir: dir, fsys: os.DirFS(dir)}, nil
}
