package reference_test

import (
	"io/fs"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"ossian/internal/model"
	"ossian/internal/model/reference"
)

// loadGGUF loads a file of testdata/gguf, with its other parts.
func loadGGUF(t *testing.T, name string) *model.Weights {
	t.Helper()
	files := fstest.MapFS{}
	for _, part := range model.GGUFParts(name) {
		data, err := fs.ReadFile(os.DirFS("../../../testdata/gguf"), part)
		if err != nil {
			t.Fatal(err)
		}
		files[part] = &fstest.MapFile{Data: data}
	}
	w, err := model.Open(files, model.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// likeliest is the place of a row's largest value.
func likeliest(row []float32) int { return slices.Index(row, slices.Max(row)) }

// TestGGUF: with dense weights in bfloat16 a GGUF file gives the logits of the checkpoint to
// the bit. With 8 bits it gives them within the quantisation, and the same likeliest token
// but for rows where random weights leave two nearly equal.
func TestGGUF(t *testing.T) {
	for name, files := range map[string][2]string{
		"wide":   {"wide-bf16-00001-of-00002.gguf", "wide-q8_0.gguf"},
		"window": {"window-bf16.gguf", "window-q8_0.gguf"},
	} {
		same, rows := 0, 0
		g, w, exact, q8 := golden(t, name), load(t, name+"/hf"), loadGGUF(t, files[0]), loadGGUF(t, files[1])
		for _, c := range g.Cases {
			if len(c.IDs) > 200 {
				continue
			}
			want := forward(t, w, c, reference.Options{}).Logits
			if d := reference.Difference(forward(t, exact, c, reference.Options{}).Logits, want); d != 0 {
				t.Errorf("%s/%s: bfloat16 differs by %g", name, c.Name, d)
			}
			got := forward(t, q8, c, reference.Options{}).Logits
			var off []float64
			for i := range want {
				off = append(off, reference.Difference(got[i:i+1], want[i:i+1])/c.Range)
				if rows++; likeliest(got[i]) == likeliest(want[i]) {
					same++
				}
			}
			slices.Sort(off)
			if m := off[len(off)/2]; m > 2e-2 {
				t.Errorf("%s/%s: the median row is %.2g of the range away", name, c.Name, m)
			}
		}
		t.Logf("%s in 8 bits: %d of %d likeliest tokens the same", name, same, rows)
		if 10*same < 9*rows {
			t.Errorf("%s in 8 bits: only %d of %d likeliest tokens the same", name, same, rows)
		}
	}
}
