package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ossian/internal/bundle"
	"ossian/internal/gguf"
)

// entry is a model in the folder of models: a folder, a GGUF file, or a link to one of
// them that ossian use made.
type entry struct {
	name   string // what it is called
	path   string // in the folder of models
	target string // what a link leads to; "" if it is none
}

// entryOf finds a model by its name: the name itself, or a GGUF file that is called so.
func entryOf(models, name string) (entry, bool) {
	for _, e := range entries(models) {
		if e.name == name || filepath.Base(e.path) == name {
			return e, true
		}
	}
	return entry{}, false
}

// entries lists the models in a folder, in order. Hidden names are the program's own.
func entries(models string) (list []entry) {
	all, _ := os.ReadDir(models)
	for _, d := range all {
		e := entry{name: d.Name(), path: filepath.Join(models, d.Name())}
		if strings.HasPrefix(e.name, ".") && !e.incoming() {
			continue
		}
		link := d.Type()&os.ModeSymlink != 0
		if link {
			e.target, _ = os.Readlink(e.path)
		}
		if isGGUF(e.name) {
			stem, part, _, ok := gguf.Part(e.name)
			if ok && part != 1 {
				continue // the first part stands for all
			}
			if !ok {
				stem = strings.TrimSuffix(e.name, filepath.Ext(e.name))
			}
			e.name = stem
		} else if !link && !d.IsDir() {
			continue
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return list
}

// incoming says that it is no model yet: an installation was interrupted.
func (e entry) incoming() bool { return strings.HasPrefix(e.name, bundle.Incoming) }

// place is where the model's files are. A link is followed first: the other parts of a
// GGUF file lie beside the file itself.
func (e entry) place() (place, error) {
	if e.incoming() {
		return place{}, fmt.Errorf("%s is half of a model: \"ossian unbundle\" goes on with it, \"ossian rm %s\" removes it", e.path, e.name)
	}
	path := e.path
	if e.target != "" {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return place{}, fmt.Errorf("%s is used in place, but %s is not there now; bring it back, or forget the name with \"ossian rm %s\"", e.name, e.target, e.name)
		}
		path = real
	}
	info, err := os.Stat(path)
	if err != nil {
		return place{}, err
	}
	at, err := folder(path, info)
	at.name = e.name
	return at, err
}
