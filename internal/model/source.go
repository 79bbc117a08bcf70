package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"ossian/internal/mem"
	"ossian/internal/safetensors"
)

// LoadError says what is wrong with a checkpoint and what to do about it.
type LoadError struct {
	File   string // within the model's folder; may be empty
	Tensor string // may be empty
	Why    string // what was expected and what was found
	Next   string // what to do about it; may be empty
	Err    error
}

func (e *LoadError) Error() string {
	s := "model: "
	if e.File != "" {
		s += e.File + ": "
	}
	if e.Tensor != "" {
		s += "tensor " + clip(e.Tensor) + ": "
	}
	s += e.Why
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Next != "" {
		s += "; " + e.Next
	}
	return s
}

func (e *LoadError) Unwrap() error { return e.Err }

// maxShards bounds the files of one checkpoint.
const maxShards = 1024

// located is a tensor and the file it lies in. One that a GGUF file stores differently has
// the shape and type that it is read as.
type located struct {
	safetensors.Tensor
	in   partReader
	file string
	nth  int // of the checkpoint's files

	blocks *blocks  // MXFP4 codes whose scales lie among them
	stored [2]int64 // bytes in the file for so many bytes read; 0, 0: as many
}

// partReader gives parts of a tensor's data.
type partReader interface {
	ReadPart(t safetensors.Tensor, off int64, dst []byte) error
}

// onDisk is how many bytes of the file n bytes of the tensor take.
func (t located) onDisk(n int64) int64 {
	if t.stored[1] == 0 {
		return n
	}
	return n / t.stored[1] * t.stored[0]
}

// checkpoint is an opened model folder: configuration and tensors, nothing read yet.
type checkpoint struct {
	config  Config
	tensors map[string]located
	open    []fs.File
	names   []string // of open
	sources []*source
	maps    []*mem.Mapping // of open, when the weights stay there
	bytes   int64          // of all files
	gguf    bool
}

func (c *checkpoint) close() {
	for _, f := range c.open {
		_ = f.Close() // only read from
	}
}

// root finds the checkpoint in a folder: the folder itself, or its original/.
func root(fsys fs.FS) (fs.FS, []string, error) {
	for _, dir := range []string{".", "original"} {
		sub, err := fs.Sub(fsys, dir)
		if err != nil {
			continue
		}
		entries, err := fs.ReadDir(sub, ".")
		if dir == "." && err != nil {
			return nil, nil, &LoadError{Why: "opening the folder", Err: err, Next: "check the path and its permissions"}
		}
		var names []string
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".safetensors") || strings.HasSuffix(e.Name(), ".safetensors.index.json") {
				names = append(names, e.Name())
			}
		}
		if len(names) == 0 && dir == "." {
			names = ggufNames(entries)
		}
		if len(names) > 0 {
			return sub, names, nil
		}
	}
	return nil, nil, &LoadError{Why: "the folder holds no .safetensors or .gguf file, nor does its original/", Next: "give the folder that config.json and the model's files were fetched into"}
}

// ReadConfig reads the configuration of the model in a folder: config.json, and the
// ids that end generation from generation_config.json when it is there; or what a GGUF
// file says of itself.
func ReadConfig(fsys fs.FS) (Config, error) {
	sub, names, err := root(fsys)
	if err != nil {
		return Config{}, err
	}
	if isGGUF(names[0]) {
		c := &checkpoint{tensors: map[string]located{}, gguf: true}
		defer c.close()
		err := c.addGGUF(sub, names)
		return c.config, err
	}
	return readConfig(sub)
}

func readConfig(fsys fs.FS) (Config, error) {
	data, err := readSmall(fsys, "config.json", MaxConfig)
	if err != nil {
		return Config{}, err
	}
	c, err := ParseConfig(data)
	if err != nil {
		return c, err
	}
	data, err = readSmall(fsys, "generation_config.json", MaxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	var g struct {
		EOS json.RawMessage `json:"eos_token_id"`
	}
	if err := json.Unmarshal(data, &g); err != nil {
		return c, &LoadError{File: "generation_config.json", Why: "reading it", Err: err, Next: "fetch the file again, or remove it"}
	}
	r := &reader{}
	if ids := r.eos(g.EOS); r.err != nil {
		return c, &LoadError{File: "generation_config.json", Why: "its eos_token_id", Err: r.err, Next: "fetch the file again, or remove it"}
	} else if ids != nil {
		c.EOS = ids
	}
	return c, nil
}

// readSmall reads a whole file of at most most bytes.
func readSmall(fsys fs.FS, name string, most int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, &LoadError{File: name, Why: "opening it", Err: err, Next: "fetch it beside the model's other files"}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, &LoadError{File: name, Why: "reading it", Err: err}
	}
	if int64(len(data)) > most {
		return nil, &LoadError{File: name, Why: fmt.Sprintf("it has more than %d bytes", most)}
	}
	return data, nil
}

// openCheckpoint reads configuration, index and headers, and holds the files open.
func openCheckpoint(fsys fs.FS) (c *checkpoint, err error) {
	fsys, names, err := root(fsys)
	if err != nil {
		return nil, err
	}
	c = &checkpoint{tensors: map[string]located{}}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if isGGUF(names[0]) {
		c.gguf = true
		return c, c.addGGUF(fsys, names)
	}
	if c.config, err = readConfig(fsys); err != nil {
		return c, err
	}
	shards, index, err := shardsOf(fsys, names)
	if err != nil {
		return c, err
	}
	if len(shards) > maxShards {
		return c, &LoadError{Why: fmt.Sprintf("%d files, more than %d", len(shards), maxShards)}
	}
	for _, name := range shards {
		if err := c.add(fsys, name); err != nil {
			return c, err
		}
	}
	if index != nil {
		err = c.agrees(index)
	}
	return c, err
}

// shardsOf lists the files to open: those the index names, or all there are.
func shardsOf(fsys fs.FS, names []string) ([]string, *safetensors.Index, error) {
	i := slices.IndexFunc(names, func(n string) bool { return strings.HasSuffix(n, ".index.json") })
	if i < 0 {
		return names, nil, nil
	}
	data, err := readSmall(fsys, names[i], safetensors.MaxIndex)
	if err != nil {
		return nil, nil, err
	}
	index, err := safetensors.ParseIndex(data)
	if err != nil {
		return nil, nil, &LoadError{File: names[i], Why: "reading it", Err: err}
	}
	return index.Files(), index, nil
}

// openFile opens one of the files.
func (c *checkpoint) openFile(fsys fs.FS, name string) (src *source, size int64, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, 0, &LoadError{File: name, Why: "opening it", Err: err, Next: "fetch the missing file; a checkpoint in parts needs all of them"}
	}
	c.open, c.names = append(c.open, f), append(c.names, name)
	info, err := f.Stat()
	if err != nil {
		return nil, 0, &LoadError{File: name, Why: "asking its size", Err: err}
	}
	size = info.Size()
	at, ok := f.(io.ReaderAt)
	if !ok { // a file system that only streams
		data, err := io.ReadAll(f)
		if err != nil {
			return nil, 0, &LoadError{File: name, Why: "reading it", Err: err}
		}
		at, size = bytes.NewReader(data), int64(len(data))
	}
	src = &source{at}
	c.sources = append(c.sources, src)
	c.bytes += size
	return src, size, nil
}

func (c *checkpoint) add(fsys fs.FS, name string) error {
	src, size, err := c.openFile(fsys, name)
	if err != nil {
		return err
	}
	st, err := safetensors.Parse(src, size)
	if err != nil {
		return &LoadError{File: name, Why: "reading its header", Err: err}
	}
	for _, t := range st.Tensors() {
		if other, dup := c.tensors[t.Name]; dup {
			return &LoadError{File: name, Tensor: t.Name, Why: "it is also in " + other.file, Next: "remove files that do not belong to the model"}
		}
		c.tensors[t.Name] = located{Tensor: t, in: st, file: name, nth: len(c.open) - 1}
	}
	return nil
}

// agrees holds the index against the headers.
func (c *checkpoint) agrees(index *safetensors.Index) error {
	for _, name := range sortedKeys(index.WeightMap) {
		file := index.WeightMap[name]
		if t, ok := c.tensors[name]; !ok || t.file != file {
			return &LoadError{File: file, Tensor: name, Why: "the index places it in this file, which does not have it",
				Next: "fetch the file and the index again; they may be of different versions"}
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
