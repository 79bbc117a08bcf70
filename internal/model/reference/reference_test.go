package reference_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ossian/internal/model"
	"ossian/internal/model/reference"
)

const testdata = "../../../testdata/golden"

func load(t *testing.T, dir string) *model.Weights {
	t.Helper()
	w, err := model.Load(context.Background(), filepath.Join(testdata, dir), model.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func golden(t *testing.T, name string) *reference.Golden {
	t.Helper()
	g, err := reference.ReadGolden(os.DirFS(testdata), name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func forward(t *testing.T, w *model.Weights, c reference.Case, opt reference.Options) *reference.Result {
	t.Helper()
	opt.Positions = c.Positions
	r, err := reference.Forward(w, c.IDs, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGolden compares with transformers: with its float64 run on exact angles, and with its
// float32 run on the angles it rounds to float32. Both include positions up to 131071.
func TestGolden(t *testing.T) {
	for _, name := range []string{"wide", "narrow", "window", "long"} {
		w, g := load(t, name+"/hf"), golden(t, name)
		for _, c := range g.Cases {
			if len(c.IDs) > 400 {
				continue // quadratic; the cpu backend runs it
			}
			exact := forward(t, w, c, reference.Options{})
			if d := reference.Difference(reference.Pick(exact.Logits, c.Rows), c.LogitsExact) / c.Range; d > 1e-6 {
				t.Errorf("%s/%s: %.2g of the logit range from the float64 run", name, c.Name, d)
			}
			rounded := forward(t, w, c, reference.Options{InvFreq32: g.InvFreq})
			if d := reference.Difference(reference.Pick(rounded.Logits, c.Rows), c.LogitsF32) / c.Range; d > 5e-6 {
				t.Errorf("%s/%s: %.2g of the logit range from the float32 run", name, c.Name, d)
			}
			for n, want := range c.LayersF32 {
				lo, hi := slices.Min(slices.Concat(want...)), slices.Max(slices.Concat(want...))
				if d := reference.Difference(reference.Pick(rounded.Layers[n], c.Rows), want) / float64(hi-lo); d > 5e-6 {
					t.Errorf("%s/%s layer %d: %.2g of the range from the float32 run", name, c.Name, n, d)
				}
			}
		}
	}
}

// TestGoldenBF16 compares the bfloat16-faithful mode. Most rows are equal to the bit; a sum that
// torch forms in another order moves a value by one unit in the last place, and where two
// router logits become equal in bfloat16 another expert is chosen.
func TestGoldenBF16(t *testing.T) {
	for _, name := range []string{"wide", "narrow", "window", "long"} {
		w, g := load(t, name+"/hf"), golden(t, name)
		for _, c := range g.Cases {
			if len(c.IDs) > 400 {
				continue
			}
			r := forward(t, w, c, reference.Options{InvFreq32: g.InvFreq, BF16: true})
			got := reference.Pick(r.Logits, c.Rows)
			equal, close := 0, 0
			for i := range got {
				d := reference.Difference(got[i:i+1], c.LogitsBF16[i:i+1]) / c.Range
				if d == 0 {
					equal++
				}
				if d < 1e-2 {
					close++
				}
			}
			t.Logf("%s/%s: %d of %d rows equal to the bit, %d within 1e-2 of the range, largest %.2g", name, c.Name, equal, len(got), close,
				reference.Difference(got, c.LogitsBF16)/c.Range)
			if 10*close < 8*len(got) {
				t.Errorf("%s/%s: only %d of %d rows within 1e-2 of the range", name, c.Name, close, len(got))
			}
		}
	}
}

func TestForwardRefuses(t *testing.T) {
	w := load(t, "long/hf")
	if _, err := reference.Forward(w, []uint32{1, uint32(w.Config.Vocab)}, reference.Options{}); err == nil {
		t.Error("an id outside the vocabulary passed")
	}
	if _, err := reference.Forward(w, []uint32{1, 2}, reference.Options{Positions: []int{1}}); err == nil {
		t.Error("one position for two tokens passed")
	}
}
