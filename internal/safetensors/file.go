package safetensors

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on a header. The format allows 100 million bytes; the largest gpt-oss
// checkpoint in public use has fewer than 20,000 tensors, none above rank 4.
const (
	MaxHeader  = 100_000_000
	MaxTensors = 1 << 18
	MaxRank    = 8
)

// Tensor is one entry of a header.
type Tensor struct {
	Name  string
	DType DType
	Shape []int64 // outermost first; empty for a scalar
	Begin int64   // offset of its first byte in the file
	End   int64   // offset behind its last byte
}

// Bytes is the length of the tensor's data.
func (t Tensor) Bytes() int64 { return t.End - t.Begin }

// File is a parsed header over its source.
type File struct {
	r        io.ReaderAt
	tensors  []Tensor
	byName   map[string]int32
	metadata map[string]string
}

// Parse reads and checks the header of a container of size bytes. It takes memory in
// proportion to the header, which must lie within size; tensor data is not touched.
func Parse(r io.ReaderAt, size int64) (*File, error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, damaged("header", "the file has %d bytes, fewer than the 8 of the header's length", max(size, 0))
	}
	if err := readAt(r, prefix[:], 0); err != nil {
		return nil, &Error{What: "header", Why: "reading its length", Next: refetch, Err: err}
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	if n > MaxHeader {
		return nil, damaged("header", "its length is given as %d bytes, more than the %d the format allows", n, MaxHeader)
	}
	if int64(n) > size-8 {
		return nil, damaged("header", "its length is given as %d bytes, but the file has only %d after it", n, size-8)
	}
	raw := make([]byte, n)
	if err := readAt(r, raw, 8); err != nil {
		return nil, &Error{What: "header", Why: "reading it", Next: refetch, Err: err}
	}
	if n == 0 || raw[0] != '{' {
		return nil, damaged("header", "it does not begin with '{'")
	}
	if !utf8.Valid(raw) {
		return nil, damaged("header", "it is not UTF-8")
	}
	f := &File{r: r, byName: map[string]int32{}}
	if err := f.parse(string(raw)); err != nil {
		return nil, err
	}
	if err := f.place(8+int64(n), size); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) parse(text string) error {
	s := &scanner{text: text}
	sawMetadata := false
	err := s.object(func(key string) error {
		if key == "__metadata__" {
			if sawMetadata {
				return damaged("header", "__metadata__ appears twice")
			}
			sawMetadata = true
			return f.parseMetadata(s)
		}
		if _, dup := f.byName[key]; dup {
			return damaged(quoted("tensor", key), "it appears twice in the header")
		}
		if len(f.tensors) == MaxTensors {
			return damaged("header", "it names more than %d tensors", MaxTensors)
		}
		t, err := parseEntry(s, key)
		if err != nil {
			return err
		}
		f.byName[key] = int32(len(f.tensors))
		f.tensors = append(f.tensors, t)
		return nil
	})
	if err == nil {
		err = s.end()
	}
	return asError("header", err)
}

// asError wraps the scanner's complaints and passes on what is typed already.
func asError(what string, err error) error {
	var typed *Error
	if err == nil || errors.As(err, &typed) {
		return err
	}
	return &Error{What: what, Why: "it is not the JSON the format asks for", Next: refetch, Err: err}
}

func (f *File) parseMetadata(s *scanner) error {
	f.metadata = map[string]string{}
	return s.object(func(key string) error {
		if _, dup := f.metadata[key]; dup {
			return damaged("header", "metadata %q appears twice", key)
		}
		v, err := s.str()
		f.metadata[key] = v
		return err
	})
}

// parseEntry leaves Begin and End relative to the data; place makes them absolute.
func parseEntry(s *scanner, name string) (Tensor, error) {
	t := Tensor{Name: name}
	what := quoted("tensor", name)
	var seen [3]bool
	var offsets []int64
	err := s.object(func(key string) (err error) {
		field := slices.Index([]string{"dtype", "shape", "data_offsets"}, key)
		if field < 0 {
			return damaged(what, "unknown member %q", key)
		}
		if seen[field] {
			return damaged(what, "%s appears twice", key)
		}
		seen[field] = true
		switch key {
		case "dtype":
			var d string
			if d, err = s.str(); err != nil {
				return err
			}
			var ok bool
			if t.DType, ok = parseDType(d); !ok {
				return &Error{What: what, Why: "its dtype is " + quoted("", d)[1:] + ", not one of BF16, F16, F32, U8",
					Next: "use a checkpoint in MXFP4, bfloat16, float16 or float32"}
			}
		case "shape":
			t.Shape, err = integers(s, what, "shape", MaxRank)
		case "data_offsets":
			offsets, err = integers(s, what, "data_offsets", 2)
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if seen != [3]bool{true, true, true} || len(offsets) != 2 {
		return t, damaged(what, "it lacks dtype, shape or two data_offsets")
	}
	t.Begin, t.End = offsets[0], offsets[1]
	return t, nil
}

func integers(s *scanner, what, field string, most int) ([]int64, error) {
	var out []int64
	err := s.array(func() error {
		if len(out) == most {
			return damaged(what, "%s has more than %d numbers", field, most)
		}
		v, err := s.integer()
		out = append(out, v)
		return err
	})
	return out, err
}

// place sorts the tensors, checks that they tile the data exactly, and moves their
// offsets from the data's beginning to the file's.
func (f *File) place(data, size int64) error {
	slices.SortStableFunc(f.tensors, func(a, b Tensor) int {
		switch {
		case a.Begin != b.Begin:
			return cmpInt64(a.Begin, b.Begin)
		case a.End != b.End:
			return cmpInt64(a.End, b.End)
		}
		return strings.Compare(a.Name, b.Name)
	})
	next := int64(0)
	for i := range f.tensors {
		t := &f.tensors[i]
		what := quoted("tensor", t.Name)
		if t.Begin != next {
			return damaged(what, "it begins at %d, but the tensor before it ends at %d", t.Begin, next)
		}
		if t.End < t.Begin || t.End > size-data {
			return damaged(what, "it ends at %d of %d bytes of data", t.End, size-data)
		}
		want, ok := byteSize(t.DType, t.Shape)
		if !ok || want != t.End-t.Begin {
			return damaged(what, "it has %d bytes, which %s %v does not", t.End-t.Begin, t.DType, t.Shape)
		}
		next = t.End
		t.Begin += data
		t.End += data
		f.byName[t.Name] = int32(i)
	}
	if data+next != size {
		return damaged("header", "the tensors end at byte %d, but the file at %d", data+next, size)
	}
	return nil
}

func cmpInt64(a, b int64) int {
	if a < b {
		return -1
	}
	return 1
}

// Tensors are all entries by their place in the file. Do not change them.
func (f *File) Tensors() []Tensor { return f.tensors }

// Metadata is the header's __metadata__; nil without one. Do not change it.
func (f *File) Metadata() map[string]string { return f.metadata }

// Lookup finds a tensor by name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// ReadTensor fills dst, which must have exactly t.Bytes() bytes, with t's data.
func (f *File) ReadTensor(t Tensor, dst []byte) error {
	if int64(len(dst)) != t.Bytes() {
		return &Error{What: quoted("tensor", t.Name), Why: "the buffer has not the tensor's length"}
	}
	return f.ReadPart(t, 0, dst)
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

// readAt fills p or fails; io.EOF with a full p is success.
func readAt(r io.ReaderAt, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
