package gguf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func parse(b []byte) (*File, error) { return Parse(bytes.NewReader(b), int64(len(b))) }

// build joins numbers, texts and raw bytes as the format writes them: uint32, uint64,
// string with its length, []byte as it is.
func build(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch v := p.(type) {
		case int:
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		case string:
			b = binary.LittleEndian.AppendUint64(b, uint64(len(v)))
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

var magic = []byte("GGUF")

// file is a version 3 file of these counts and parts, padded to the alignment and with n
// bytes of data behind.
func file(tensors, keys uint64, n int, parts ...any) []byte {
	b := append(build(magic, 3, tensors, keys), build(parts...)...)
	for len(b)%32 != 0 {
		b = append(b, 0)
	}
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

// entry is a tensor of one dimension or more, innermost first.
func entry(name string, t Type, offset uint64, ne ...uint64) []byte {
	b := build(name, len(ne))
	for _, n := range ne {
		b = append(b, build(n)...)
	}
	return append(b, build(int(t), offset)...)
}

func TestParse(t *testing.T) {
	metadata := []KV{{"general.architecture", "gpt-oss"}, {"n", uint32(7)}, {"big", uint64(1 << 63)}, {"eps", float32(1e-5)}, {"on", true},
		{"tokens", []string{"a", "", strings.Repeat("b", 100000)}}, {"types", []int32{1, -3}}}
	head, begin, end, err := Header(metadata, []Spec{{"a", F32, []int64{3}}, {"b", MXFP4, []int64{2, 3, 64}}, {"c", Q8_0, []int64{1, 32}}})
	if err != nil {
		t.Fatal(err)
	}
	raw := append(head, make([]byte, end-int64(len(head)))...)
	for i := len(head); i < len(raw); i++ {
		raw[i] = byte(i)
	}
	f, err := parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name  string
		shape []int64
		bytes int64
	}{{"a", []int64{3}, 12}, {"b", []int64{2, 3, 64}, 2 * 3 * 2 * 17}, {"c", []int64{1, 32}, 34}} {
		x := f.Tensors()[i]
		if x.Name != want.name || !slices.Equal(x.Shape, want.shape) || x.Bytes() != want.bytes || x.Begin != begin[i] || x.Begin%32 != 0 {
			t.Errorf("%+v, want %+v at %d", x, want, begin[i])
		}
	}
	b, _ := f.Lookup("b")
	p := make([]byte, 3)
	if err := f.ReadPart(b, 5, p); err != nil || p[0] != byte(b.Begin+5) {
		t.Errorf("%v %v", p, err)
	}
	if f.ReadPart(b, b.Bytes()-2, p) == nil || f.ReadPart(b, -1, p) == nil {
		t.Error("a read outside the tensor succeeded")
	}
	if _, ok := f.Lookup("d"); ok {
		t.Error("found a tensor that is not there")
	}
	for key, want := range map[string]float64{"n": 7, "eps": 1e-5} {
		v, _ := f.Value(key)
		if x, ok := v.Float(); !ok || x != want {
			t.Errorf("%s: %g, want %g", key, x, want)
		}
	}
	if v, _ := f.Value("big"); v.Kind != Uint64 {
		t.Error("big")
	} else if _, ok := v.Int(); ok {
		t.Error("2^63 became a whole number of 63 bits")
	}
	if v, _ := f.Value("on"); v.Kind != Bool {
		t.Error("on")
	} else if on, ok := v.Bool(); !on || !ok {
		t.Error("on is off")
	}
	if v, _ := f.Value("general.architecture"); f.Version != 3 || len(f.Keys()) != 7 {
		t.Error("version or keys")
	} else if s, ok := v.Text(); s != "gpt-oss" || !ok {
		t.Errorf("%q", s)
	}
	var lengths []int
	if err := f.Strings("tokens", func(_ int, s string) error { lengths = append(lengths, len(s)); return nil }); err != nil || !slices.Equal(lengths, []int{1, 0, 100000}) {
		t.Errorf("%v %v", lengths, err)
	}
	if types, err := f.Ints("types", 2); err != nil || !slices.Equal(types, []int64{1, -3}) {
		t.Errorf("%v %v", types, err)
	}
	if _, err := f.Ints("types", 1); err == nil {
		t.Error("more elements than asked for")
	}
	if f.Strings("types", nil) == nil || f.Strings("none", nil) == nil {
		t.Error("strings that are none")
	}
}

func TestParseRefuses(t *testing.T) {
	one := entry("a", F32, 0, 4)
	key := func(k string, kind int, v ...any) []byte { return build(append([]any{k, kind}, v...)...) }
	cases := map[string]struct {
		file []byte
		want string
	}{
		"empty":               {nil, "fewer than the 24"},
		"html":                {[]byte("<!doctype html><html></html>"), "not \"GGUF\""},
		"version 1":           {build(magic, 1, uint64(0), uint64(0)), "version 1"},
		"version 4":           {build(magic, 4, uint64(0), uint64(0)), "version 4"},
		"other byte order":    {build(magic, 3<<24, uint64(0), uint64(0)), "byte order"},
		"tensors":             {file(1<<40, 0, 64), "tensors are announced"},
		"negative tensors":    {file(math.MaxUint64, 0, 64), "tensors are announced"},
		"keys":                {file(0, 1<<60, 64), "keys are announced"},
		"truncated keys":      {build(magic, 3, uint64(0), uint64(2), key("a", 8, "0123456789abcdef")), "in the middle"},
		"key length":          {file(0, 1, 64, uint64(1<<40), []byte("a")), "more than its"},
		"empty key":           {file(0, 1, 64, key("", 4, 1)), "no name"},
		"key twice":           {file(0, 2, 64, key("a", 4, 1), key("a", 4, 1)), "twice"},
		"unknown kind":        {file(0, 1, 64, key("a", 13, 1)), "type is 13"},
		"bool of 2":           {file(0, 1, 64, key("a", 7, []byte{2})), "truth value"},
		"nested array":        {file(0, 1, 64, key("a", 9, 9, uint64(1), 4, uint64(1), 1)), "array of arrays"},
		"array of unknown":    {file(0, 1, 64, key("a", 9, 99, uint64(1), 1)), "type 99"},
		"array too long":      {file(0, 1, 64, key("a", 9, 4, uint64(1<<50), 1)), "elements are announced"},
		"array of long texts": {file(0, 1, 64, key("a", 9, 8, uint64(2), "b", uint64(1<<33))), "bytes of text"},
		"text too long":       {file(0, 1, 64, key("a", 8, uint64(500))), "bytes of text"},
		"alignment 0":         {file(0, 1, 64, key("general.alignment", 4, 0)), "power of two"},
		"alignment 24":        {file(0, 1, 64, key("general.alignment", 4, 24)), "power of two"},
		"alignment 2^31":      {file(0, 1, 64, key("general.alignment", 4, 1<<31)), "power of two"},
		"alignment as text":   {file(0, 1, 64, key("general.alignment", 8, "32")), "power of two"},
		"no dimension":        {file(1, 0, 64, entry("a", F32, 0)), "0 dimensions"},
		"five dimensions":     {file(1, 0, 64, entry("a", F32, 0, 1, 1, 1, 1, 1)), "5 dimensions"},
		"unknown type":        {file(1, 0, 64, entry("a", 99, 0, 4)), "type is 99"},
		"long name":           {file(1, 0, 64, entry(strings.Repeat("a", 64), F32, 0, 4)), "more than 63"},
		"no name":             {file(1, 0, 64, entry("", F32, 0, 4)), "empty"},
		"name twice":          {file(2, 0, 64, one, entry("a", F32, 32, 4)), "twice"},
		"negative dimension":  {file(1, 0, 64, entry("a", F32, 0, 1<<63)), "no tensor"},
		"overflow":            {file(1, 0, 64, entry("a", F32, 0, 1<<31, 1<<31, 1<<31)), "no tensor"},
		"part of a block":     {file(1, 0, 64, entry("a", MXFP4, 0, 48)), "whole blocks"},
		"overlap":             {file(2, 0, 64, one, entry("b", F32, 0, 4)), "should follow"},
		"hole":                {file(2, 0, 200, one, entry("b", F32, 64, 4)), "should follow"},
		"not aligned":         {file(2, 0, 64, one, entry("b", F32, 16, 4)), "should follow"},
		"beyond the file":     {file(1, 0, 15, one), "the file ends"},
		"far offset":          {file(1, 0, 64, entry("a", F32, math.MaxUint64, 4)), "should follow"},
		"more than the file":  {file(1, 0, 64, entry("a", F32, 0, 1<<40)), "the file ends"},
	}
	for name, c := range cases {
		_, err := parse(c.file)
		var typed *Error
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), c.want) || typed.Next == "" {
			t.Errorf("%s: %v, want an *Error with %q", name, err, c.want)
		}
	}
	for name, good := range map[string][]byte{
		"version 2": build(magic, 2, uint64(0), uint64(0)),
		"nothing":   file(0, 0, 0),
		"aligned to 64": append(build(magic, 3, uint64(1), uint64(1), key("general.alignment", 4, 64), one),
			make([]byte, 128)...),
	} {
		if _, err := parse(good); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file cut anywhere is refused, and never read beyond its end.
func TestParseTruncated(t *testing.T) {
	head, _, end, err := Header([]KV{{"a", "text"}, {"b", []string{"x", "y"}}}, []Spec{{"t", F32, []int64{8, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	raw := append(head, make([]byte, end-int64(len(head)))...)
	for n := range len(raw) {
		if _, err := parse(raw[:n]); err == nil {
			t.Fatalf("%d of %d bytes are accepted", n, len(raw))
		}
		if _, err := Parse(bytes.NewReader(raw[:n]), int64(len(raw))); err == nil && n < len(head) && n < len(raw)-32 {
			t.Fatalf("a source that ends at %d of %d bytes is accepted", n, len(raw))
		} else if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	}
}

// A header's claims cost nothing: the bytes must be there first.
func TestParseTakesNoMemoryForClaims(t *testing.T) {
	for _, raw := range [][]byte{
		file(1<<18, 0, 64), file(0, 1<<16, 64), file(1, 0, 64, entry("a", F32, 0, 1<<40)),
		file(0, 1, 64, "a", 8, uint64(1<<24)), file(0, 1, 64, "a", 9, 8, uint64(1<<24)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := parse(raw); err == nil {
			t.Fatal("accepted")
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<18 {
			t.Errorf("%d bytes allocated for a file of %d", n, len(raw))
		}
	}
}

func TestPart(t *testing.T) {
	stem, part, of, ok := Part("gpt-oss-120b-mxfp4-00002-of-00003.gguf")
	if stem != "gpt-oss-120b-mxfp4" || part != 2 || of != 3 || !ok {
		t.Errorf("%q %d %d %t", stem, part, of, ok)
	}
	for _, name := range []string{"a.gguf", "-00001-of-00001.gguf", "a-00000-of-00001.gguf", "a-00002-of-00001.gguf", "a-0001-of-00001.gguf",
		"a-+0001-of-00001.gguf", "a-00001-of-00001.gguff", "a-00001 of-00001.gguf"} {
		if _, _, _, ok := Part(name); ok {
			t.Errorf("%s is taken for a part", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	head, _, end, err := Header([]KV{{"a", "text"}, {"b", []string{"x", "y"}}, {"c", []int32{1}}, {"general.alignment", uint32(32)}},
		[]Spec{{"t", MXFP4, []int64{2, 32}}, {"u", F32, []int64{1}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(head, make([]byte, end-int64(len(head)))...))
	f.Add(file(0, 0, 0))
	f.Add(file(0, 1, 64, "a", 9, 8, uint64(2), "b", "c"))
	f.Add(file(2, 0, 64, entry("a", F32, 0, 4), entry("b", F32, 32, 4)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		x, err := parse(raw)
		if err != nil {
			if !errors.As(err, new(*Error)) {
				t.Fatalf("untyped error %T: %v", err, err)
			}
			return
		}
		last := int64(0)
		for _, e := range x.Tensors() {
			if e.Begin < last || e.End < e.Begin || e.End > int64(len(raw)) {
				t.Fatalf("%q lies at %d..%d", e.Name, e.Begin, e.End)
			}
			last = e.End
			if err := x.ReadPart(e, 0, make([]byte, e.Bytes())); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range x.Keys() {
			v, ok := x.Value(k)
			if !ok {
				t.Fatal(k)
			}
			if v.Kind == Array && v.Elem == String {
				n := 0
				if err := x.Strings(k, func(int, string) error { n++; return nil }); err != nil || n != v.Count {
					t.Fatalf("%q: %d of %d texts: %v", k, n, v.Count, err)
				}
			} else if v.Kind == Array && v.Elem != Float32 && v.Elem != Float64 {
				if n, err := x.Ints(k, v.Count); err == nil && len(n) != v.Count {
					t.Fatal(k)
				}
			}
		}
	})
}
