package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// container builds a file from header text and n bytes of data.
func container(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

func parse(b []byte) (*File, error) { return Parse(bytes.NewReader(b), int64(len(b))) }

func TestParse(t *testing.T) {
	f, err := parse(container(`{"__metadata__":{"format":"pt","é\u00e9":"\ud83d\ude00"},`+
		`"b":{"dtype":"U8","shape":[2,3],"data_offsets":[4,10]}, "a" : {"data_offsets":[0,4],"shape":[],"dtype":"F32"},`+
		`"none":{"dtype":"BF16","shape":[0,7],"data_offsets":[10,10]}}    `, 10))
	if err != nil {
		t.Fatal(err)
	}
	base := f.Tensors()[0].Begin
	want := []Tensor{
		{"a", F32, nil, base, base + 4},
		{"b", U8, []int64{2, 3}, base + 4, base + 10},
		{"none", BF16, []int64{0, 7}, base + 10, base + 10},
	}
	if d := cmp.Diff(want, f.Tensors()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"format": "pt", "éé": "😀"}, f.Metadata()); d != "" {
		t.Error(d)
	}
	b, ok := f.Lookup("b")
	dst := make([]byte, 6)
	if err := f.ReadTensor(b, dst); !ok || err != nil || !bytes.Equal(dst, []byte{4, 5, 6, 7, 8, 9}) {
		t.Errorf("ReadTensor: %v %v %v", ok, err, dst)
	}
	if err := f.ReadPart(b, 4, dst[:2]); err != nil || dst[0] != 8 {
		t.Errorf("ReadPart: %v %v", err, dst)
	}
	if f.ReadTensor(b, dst[:5]) == nil || f.ReadPart(b, 5, dst[:2]) == nil || f.ReadPart(b, -1, dst[:2]) == nil {
		t.Error("a read outside the tensor succeeded")
	}
	if _, ok := f.Lookup("c"); ok {
		t.Error("found a tensor that is not there")
	}
}

func TestParseRefuses(t *testing.T) {
	const a = `"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}`
	u64 := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	cases := map[string]struct {
		file []byte
		want string // part of the message
	}{
		"empty file":             {nil, "fewer than the 8"},
		"short prefix":           {[]byte{1, 2, 3}, "fewer than the 8"},
		"header beyond file":     {append(u64(50), "{}"...), "the file has only 2"},
		"huge header":            {append(u64(math.MaxUint64), "{}"...), "more than the 100000000"},
		"header above the bound": {append(u64(MaxHeader+1), "{}"...), "more than the 100000000"},
		"no header":              {u64(0), "does not begin"},
		"leading space":          {container(" {}", 0), "does not begin"},
		"not UTF-8":              {container("{\"\xff\":1}", 0), "not UTF-8"},
		"array":                  {container("[]", 0), "does not begin"},
		"unfinished":             {container(`{"a":{"dtype":"U8"`, 0), "JSON"},
		"text after":             {container(`{}x`, 0), "text after"},
		"NUL after":              {container("{}\x00", 0), "text after"},
		"trailing comma":         {container(`{`+a+`,}`, 4), "JSON"},
		"duplicate tensor":       {container(`{`+a+`,`+a+`}`, 4), "appears twice"},
		"duplicate escaped":      {container(`{`+a+`,`+strings.Replace(a, `"a"`, `"\u0061"`, 1)+`}`, 4), "appears twice"},
		"duplicate member":       {container(`{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4), "dtype appears twice"},
		"duplicate metadata":     {container(`{"__metadata__":{},"__metadata__":{},`+a+`}`, 4), "appears twice"},
		"duplicate metadata key": {container(`{"__metadata__":{"x":"","x":""},`+a+`}`, 4), "appears twice"},
		"metadata not a string":  {container(`{"__metadata__":{"x":1},`+a+`}`, 4), "JSON"},
		"nested metadata":        {container(`{"__metadata__":{"x":{}},`+a+`}`, 4), "JSON"},
		"unknown member":         {container(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":[[[]]]}}`, 4), "unknown member"},
		"missing member":         {container(`{"a":{"dtype":"U8","shape":[4]}}`, 4), "lacks"},
		"one offset":             {container(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}}`, 4), "lacks"},
		"three offsets":          {container(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}}`, 4), "more than 2"},
		"unknown dtype":          {container(`{"a":{"dtype":"I64","shape":[4],"data_offsets":[0,32]}}`, 32), `"I64"`},
		"dtype not a string":     {container(`{"a":{"dtype":8,"shape":[4],"data_offsets":[0,4]}}`, 4), "JSON"},
		"rank":                   {container(`{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,4]}}`, 4), "more than 8"},
		"negative dim":           {container(`{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}`, 4), "whole"},
		"fraction":               {container(`{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}`, 4), "whole"},
		"exponent":               {container(`{"a":{"dtype":"U8","shape":[4e0],"data_offsets":[0,4]}}`, 4), "whole"},
		"leading zero":           {container(`{"a":{"dtype":"U8","shape":[04],"data_offsets":[0,4]}}`, 4), "whole"},
		"number above int64":     {container(`{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4]}}`, 4), "too large"},
		"overflowing shape":      {container(`{"a":{"dtype":"U8","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}}`, 4), "does not"},
		"overflow to match":      {container(`{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}`, 4), "does not"},
		"shape against bytes":    {container(`{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,4]}}`, 4), "does not"},
		"first not at zero":      {container(`{"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}`, 4), "begins at 1"},
		"hole":                   {container(`{`+a+`,"b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}`, 6), "begins at 5"},
		"overlap":                {container(`{`+a+`,"b":{"dtype":"U8","shape":[3],"data_offsets":[3,6]}}`, 6), "begins at 3"},
		"same place":             {container(`{`+a+`,"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4), "begins at 0"},
		"backwards":              {container(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}`, 4), "begins at 4"},
		"beyond the data":        {container(`{`+a+`}`, 3), "ends at 4 of 3"},
		"data left over":         {container(`{`+a+`}`, 5), "but the file at"},
		"data without tensors":   {container(`{}`, 1), "but the file at"},
		"lone surrogate":         {container(`{"\ud800":{}}`, 0), "surrogate"},
		"bad escape":             {container(`{"\x":{}}`, 0), "escape"},
		"control character":      {container("{\"a\nb\":{}}", 0), "control"},
	}
	for name, c := range cases {
		_, err := parse(c.file)
		var typed *Error
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an *Error with %q", name, err, c.want)
		}
	}
	if f, err := parse(container("{}", 0)); err != nil || len(f.Tensors()) != 0 {
		t.Errorf("a container without tensors: %v", err)
	}
}

// A header's claims cost nothing: the bytes must be there first.
func TestParseTakesNoMemoryForClaims(t *testing.T) {
	file := container(`{"a":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}`, 0)
	binary.LittleEndian.PutUint64(file, 90_000_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := parse(file); err == nil {
		t.Fatal("accepted")
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated for a file of %d", n, len(file))
	}
}

func TestSourceThatEndsEarlyOrFails(t *testing.T) {
	file := container(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4)
	if _, err := Parse(bytes.NewReader(file[:20]), int64(len(file))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut header: %v", err)
	}
	f, err := Parse(bytes.NewReader(file[:len(file)-2]), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ReadTensor(f.Tensors()[0], make([]byte, 4)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut data: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(container(`{}`, 0))
	f.Add(container(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}  `, 4))
	f.Add(container(`{"__metadata__":{"format":"pt"},"a.\u00e9":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, 8))
	f.Fuzz(func(t *testing.T, file []byte) {
		x, err := parse(file)
		if err != nil {
			var typed *Error
			if !errors.As(err, &typed) {
				t.Fatalf("untyped error %T: %v", err, err)
			}
			return
		}
		next := int64(8 + binary.LittleEndian.Uint64(file))
		specs := make([]TensorSpec, 0, len(x.Tensors()))
		for _, e := range x.Tensors() {
			if e.Begin != next || e.End < e.Begin {
				t.Fatalf("%q does not follow its predecessor", e.Name)
			}
			next = e.End
			if err := x.ReadTensor(e, make([]byte, e.Bytes())); err != nil {
				t.Fatal(err)
			}
			if got, ok := x.Lookup(e.Name); !ok || got.Begin != e.Begin {
				t.Fatalf("Lookup(%q)", e.Name)
			}
			specs = append(specs, TensorSpec{e.Name, e.DType, e.Shape})
		}
		if next != int64(len(file)) {
			t.Fatal("data left over")
		}
		for _, s := range specs { // what was read can be written and read again
			if s.Name == "" {
				return
			}
		}
		head, n, err := Header(specs, x.Metadata())
		if err != nil {
			t.Fatal(err)
		}
		again, err := parse(append(head, make([]byte, n)...))
		if err != nil || len(again.Tensors()) != len(specs) {
			t.Fatalf("written again: %v", err)
		}
	})
}
