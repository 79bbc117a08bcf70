package safetensors

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestWriterRoundTrip(t *testing.T) {
	specs := []TensorSpec{{"x\"<é", U8, []int64{3}}, {"y", BF16, []int64{2, 2}}, {"scalar", F32, nil}, {"none", F16, []int64{0}}}
	var b bytes.Buffer
	w, err := NewWriter(&b, specs, map[string]string{"format": "pt"})
	if err != nil {
		t.Fatal(err)
	}
	if b.Len()%8 != 0 {
		t.Errorf("the data begins at %d, not at a multiple of 8", b.Len())
	}
	data := []byte("0123456789abcde")
	for _, part := range [][]byte{data[:1], data[1:9], data[9:]} {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"012", "3456789a", "bcde", ""} {
		e, ok := f.Lookup(specs[i].Name)
		got := make([]byte, e.Bytes())
		if err := f.ReadTensor(e, got); !ok || err != nil || string(got) != want || e.DType != specs[i].DType {
			t.Errorf("%s: %v %v %q", specs[i].Name, ok, err, got)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	for name, specs := range map[string][]TensorSpec{
		"twice":    {{"a", U8, nil}, {"a", U8, nil}},
		"reserved": {{"__metadata__", U8, nil}},
		"unnamed":  {{"", U8, nil}},
		"dtype":    {{"a", 0, nil}},
		"negative": {{"a", U8, []int64{-1}}},
		"overflow": {{"a", U8, []int64{1 << 40, 1 << 40}}},
		"sum":      {{"a", U8, []int64{1 << 61}}, {"b", U8, []int64{1<<62 + 1<<61}}},
	} {
		if _, err := NewWriter(io.Discard, specs, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	w, err := NewWriter(io.Discard, []TensorSpec{{"a", U8, []int64{2}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w.Close() == nil {
		t.Error("closed with 2 bytes missing")
	}
	w, _ = NewWriter(io.Discard, []TensorSpec{{"a", U8, []int64{2}}}, nil)
	if _, err := w.Write(make([]byte, 3)); err == nil {
		t.Error("took a byte too many")
	}
	pr, pw := io.Pipe()
	pr.CloseWithError(errors.ErrUnsupported)
	if _, err := NewWriter(pw, nil, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("cause lost: %v", err)
	}
}
