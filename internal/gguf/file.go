package gguf

import (
	"fmt"
	"io"
	"strings"
)

// Bounds on a header. The published gpt-oss files have 35 keys, 687 tensors, 446,189
// merges and a template of 15 kB.
const (
	maxKeys    = 1 << 16
	maxKey     = 1<<16 - 1
	maxText    = 16 << 20
	maxArray   = 1 << 24
	maxTensors = 1 << 18
	maxName    = 63
	maxRank    = 4
	maxAlign   = 1 << 20
)

// Tensor is one entry of the list.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int64 // outermost first, the reverse of the file's order
	Begin int64   // offset of its first byte in the file
	End   int64   // offset behind its last byte
}

// Bytes is the length of the tensor's data.
func (t Tensor) Bytes() int64 { return t.End - t.Begin }

// File is a parsed header over its source.
type File struct {
	Version int

	r       io.ReaderAt
	size    int64
	keys    []string
	values  map[string]Value
	tensors []Tensor
	byName  map[string]int32
}

// Parse reads and checks the header of a container of size bytes. It takes memory in
// proportion to what is in the file; tensor data is not touched.
func Parse(r io.ReaderAt, size int64) (*File, error) {
	if size < 24 {
		return nil, damaged("header", "the file has %d bytes, fewer than the 24 that begin a GGUF file", max(size, 0))
	}
	f := &File{r: r, size: size, values: map[string]Value{}, byName: map[string]int32{}}
	s := newScanner(r, 0, size)
	tensors, keys, err := f.head(s)
	if err != nil {
		return nil, err
	}
	for range keys {
		if err := f.key(s); err != nil {
			return nil, err
		}
	}
	align, err := f.alignment()
	if err != nil {
		return nil, err
	}
	var offsets []uint64
	for range tensors {
		s.what = "header"
		at, err := f.tensor(s)
		if err != nil {
			return nil, err
		}
		offsets = append(offsets, at)
	}
	return f, f.place(s.pos, align, offsets)
}

// head reads magic, version and counts.
func (f *File) head(s *scanner) (tensors, keys int64, err error) {
	magic, err := s.peek(4)
	if err != nil {
		return 0, 0, err
	}
	if string(magic) != "GGUF" {
		return 0, 0, &Error{What: "header", Why: fmt.Sprintf("it begins with %q, not \"GGUF\"", magic),
			Next: "this is no GGUF file, or its download failed: fetch it again"}
	}
	if err := s.skip(4); err != nil {
		return 0, 0, err
	}
	version, err := s.u32()
	if err != nil {
		return 0, 0, err
	}
	switch {
	case version&0xffff == 0:
		return 0, 0, &Error{What: "header", Why: "it is written for machines with the other byte order", Next: "use the little-endian file"}
	case version != 2 && version != 3:
		return 0, 0, &Error{What: "header", Why: fmt.Sprintf("it is of version %d, not 2 or 3", version), Next: "use a file made by a present-day converter"}
	}
	f.Version = int(version)
	// A tensor takes a name's length, one letter, rank, one dimension, type and offset; a key
	// its length, one letter, a type and a byte.
	if tensors, err = s.count("tensors", 33, maxTensors); err != nil {
		return 0, 0, err
	}
	keys, err = s.count("keys", 14, maxKeys)
	return tensors, keys, err
}

func (f *File) key(s *scanner) error {
	s.what = "header"
	key, err := s.text(maxKey)
	if err != nil {
		return err
	}
	s.what = quoted("key", key)
	if key == "" {
		return damaged("header", "a key has no name")
	}
	if _, dup := f.values[key]; dup {
		return damaged(s.what, "it appears twice")
	}
	k, err := s.u32()
	if err != nil {
		return err
	}
	v, err := s.value(Kind(k))
	f.keys = append(f.keys, key)
	f.values[key] = v
	return err
}

func (f *File) alignment() (int64, error) {
	const key = "general.alignment"
	v, ok := f.values[key]
	if !ok {
		return 32, nil
	}
	n, ok := v.Int()
	if !ok || v.Kind != Uint32 || n < 1 || n > maxAlign || n&(n-1) != 0 {
		return 0, damaged(quoted("key", key), "it is %d of type %d, not a power of two up to %d", n, v.Kind, maxAlign)
	}
	return n, nil
}

// tensor reads one entry, without its place, and gives its offset in the data.
func (f *File) tensor(s *scanner) (offset uint64, err error) {
	t := Tensor{}
	if t.Name, err = s.text(maxName); err != nil {
		return 0, err
	}
	s.what = quoted("tensor", t.Name)
	if _, dup := f.byName[t.Name]; dup || t.Name == "" {
		return 0, damaged(s.what, "its name is empty or appears twice")
	}
	rank, err := s.u32()
	if err != nil {
		return 0, err
	}
	if rank < 1 || rank > maxRank {
		return 0, damaged(s.what, "it has %d dimensions, not 1 to %d", rank, maxRank)
	}
	t.Shape = make([]int64, rank)
	for i := range t.Shape {
		n, err := s.u64()
		if err != nil {
			return 0, err
		}
		t.Shape[len(t.Shape)-1-i] = int64(n)
	}
	kind, err := s.u32()
	if err != nil {
		return 0, err
	}
	t.Type = Type(kind)
	if n, _ := t.Type.Block(); n == 0 {
		return 0, &Error{What: s.what, Why: fmt.Sprintf("its type is %d, which this program does not know", kind),
			Next: "use a file with MXFP4 experts and Q8_0, BF16, F16 or F32 for the rest"}
	}
	f.byName[t.Name] = int32(len(f.tensors))
	f.tensors = append(f.tensors, t)
	return s.u64()
}

// place turns offsets into positions in the file and checks that the tensors follow one
// another, each at the next aligned byte.
func (f *File) place(header, align int64, offsets []uint64) error {
	data := (header + align - 1) &^ (align - 1)
	next := int64(0)
	for i := range f.tensors {
		t := &f.tensors[i]
		what := quoted("tensor", t.Name)
		n, ok := byteSize(t.Type, t.Shape)
		if !ok {
			return damaged(what, "%v of %s is no tensor: a dimension is negative, too large, or not in whole blocks", t.Shape, t.Type)
		}
		if offsets[i] != uint64(next) {
			return damaged(what, "it begins at %d, but should follow the one before it, at %d", offsets[i], next)
		}
		if data > f.size || next > f.size-data || n > f.size-data-next {
			return damaged(what, "it has %d bytes from byte %d on, but the file ends at %d", n, data+next, f.size)
		}
		t.Begin = data + next
		t.End = t.Begin + n
		next = (next + n + align - 1) &^ (align - 1)
	}
	return nil
}

// Tensors are all entries in the order of the file. Do not change them.
func (f *File) Tensors() []Tensor { return f.tensors }

// Lookup finds a tensor by name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Keys are the names of the metadata, in the order of the file. Do not change them.
func (f *File) Keys() []string { return f.keys }

// Value finds a metadata value.
func (f *File) Value(key string) (Value, bool) {
	v, ok := f.values[key]
	return v, ok
}

// Strings calls each with the elements of an array of strings, in order.
func (f *File) Strings(key string, each func(i int, text string) error) error {
	v, ok := f.values[key]
	if !ok || v.Kind != Array || v.Elem != String {
		return &Error{What: quoted("key", key), Why: "there is no such array of strings", Next: "use a file made by a present-day converter"}
	}
	s := newScanner(f.r, v.at, v.end)
	s.what = quoted("key", key)
	for i := range v.Count {
		text, err := s.text(maxText)
		if err != nil {
			return err
		}
		if err := each(i, text); err != nil {
			return err
		}
	}
	return nil
}

// Ints is an array of whole numbers or truth values, of at most most elements.
func (f *File) Ints(key string, most int) ([]int64, error) {
	v, ok := f.values[key]
	if !ok || v.Kind != Array || v.Elem.size() == 0 || v.Elem == Float32 || v.Elem == Float64 || v.Count > most {
		return nil, &Error{What: quoted("key", key), Why: fmt.Sprintf("there is no such array of at most %d whole numbers", most),
			Next: "use a file made by a present-day converter"}
	}
	s := newScanner(f.r, v.at, v.end)
	out := make([]int64, v.Count)
	for i := range out {
		e, err := s.value(v.Elem)
		if err != nil {
			return nil, err
		}
		out[i] = int64(e.bits)
	}
	return out, nil
}

// ReadPart fills dst with t's data from byte off of the tensor on.
func (f *File) ReadPart(t Tensor, off int64, dst []byte) error {
	if off < 0 || off > t.Bytes() || int64(len(dst)) > t.Bytes()-off {
		return &Error{What: quoted("tensor", t.Name), Why: "the part reaches outside the tensor"}
	}
	if err := readAt(f.r, dst, t.Begin+off); err != nil {
		return &Error{What: quoted("tensor", t.Name), Why: "reading its data", Next: "check the disk, or fetch the file again", Err: err}
	}
	return nil
}

// Part reads the ending of one file of several: NAME-00001-of-00003.gguf.
func Part(name string) (stem string, part, of int, ok bool) {
	const end = len("-00001-of-00003.gguf")
	if len(name) <= end {
		return "", 0, 0, false
	}
	stem = name[:len(name)-end]
	tail := strings.NewReader(name[len(stem):])
	if _, err := fmt.Fscanf(tail, "-%05d-of-%05d.gguf", &part, &of); err != nil || PartName(stem, part, of) != name {
		return "", 0, 0, false
	}
	return stem, part, of, part >= 1 && part <= of
}

// PartName is the name of one file of several.
func PartName(stem string, part, of int) string {
	return fmt.Sprintf("%s-%05d-of-%05d.gguf", stem, part, of)
}
