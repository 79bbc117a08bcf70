package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ossian/internal/gguf"
	"ossian/internal/model"
	"ossian/internal/token"
)

// isGGUF goes by the name, as people and other programs do.
func isGGUF(name string) bool { return strings.EqualFold(filepath.Ext(name), ".gguf") }

// ggufFile is the place of a model in a GGUF file, and of its other parts: whatever else the
// folder holds is not the model's.
func ggufFile(path string) place {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	called := strings.TrimSuffix(name, filepath.Ext(name))
	if stem, _, _, ok := gguf.Part(name); ok {
		called = stem
	}
	return place{name: called, dir: path,
		fsys: some{os.DirFS(dir), model.GGUFParts(name)}}
}

// some is a folder of which only some files are seen.
type some struct {
	all   fs.FS
	names []string
}

func (s some) Open(name string) (fs.File, error) {
	if name != "." && !slices.Contains(s.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s.all.Open(name)
}

func (s some) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var entries []fs.DirEntry
	for _, n := range s.names {
		if info, err := fs.Stat(s.all, n); err == nil {
			entries = append(entries, fs.FileInfoToDirEntry(info))
		}
	}
	return entries, nil
}

// ggufTokenizer reads the vocabulary from a model's GGUF file; found is false where
// the model has none.
func ggufTokenizer(at place) (tok *token.Tokenizer, found bool, err error) {
	found, err = model.ReadGGUF(at.fsys, func(f *gguf.File) error {
		if v, ok := f.Value("tokenizer.ggml.model"); ok {
			if kind, _ := v.Text(); kind != "gpt2" {
				return fmt.Errorf("the vocabulary is of the kind %.100q, not \"gpt2\"; put the model in a folder with its tokenizer.json", kind)
			}
		}
		l := token.Lists{}
		if v, ok := f.Value("tokenizer.ggml.pre"); ok {
			l.Rule, _ = v.Text()
		}
		if l.Tokens, err = ggufTexts(f, "tokenizer.ggml.tokens"); err != nil {
			return err
		}
		if _, ok := f.Value("tokenizer.ggml.token_type"); ok {
			kinds, err := f.Ints("tokenizer.ggml.token_type", len(l.Tokens))
			if err != nil {
				return err
			}
			for _, k := range kinds {
				l.Kinds = append(l.Kinds, int32(k))
			}
		}
		l.Merges = func() ([]string, error) { return ggufTexts(f, "tokenizer.ggml.merges") }
		tok, err = token.FromLists(l)
		return err
	})
	return tok, found, err
}

func ggufTexts(f *gguf.File, key string) (texts []string, err error) {
	err = f.Strings(key, func(_ int, text string) error {
		texts = append(texts, text)
		return nil
	})
	return texts, err
}
