package cpu

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	platform "ossian/internal/cpu"
	"ossian/internal/model"
	"ossian/internal/model/reference"
)

const testdata = "../../../testdata/golden"

var update = flag.Bool("update", false, "rewrite testdata/golden/REPORT.md")

func load(t testing.TB, dir string) *model.Weights {
	t.Helper()
	w, err := model.Load(context.Background(), filepath.Join(testdata, dir), model.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func open(t testing.TB, w *model.Weights, opt Options) *Backend {
	t.Helper()
	b, err := New(w, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// logits steps through ids in the given portions (nil: at once) in a new sequence and gives
// every row.
func logits(t testing.TB, b *Backend, ids []uint32, portions ...int) [][]float32 {
	t.Helper()
	s, err := b.NewSeq(len(ids))
	if err != nil {
		t.Fatal(err)
	}
	defer b.FreeSeq(s)
	v := b.Config().Vocab
	all := make([]float32, len(ids)*v)
	for at, i := 0, 0; at < len(ids); i++ {
		n := len(ids) - at
		if len(portions) > 0 {
			n = min(n, portions[i%len(portions)])
		}
		if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids[at : at+n], Logits: all[at*v : (at+n)*v]}}); err != nil {
			t.Fatal(err)
		}
		at += n
	}
	if b.Len(s) != len(ids) {
		t.Fatalf("length %d after %d tokens", b.Len(s), len(ids))
	}
	return slices.Collect(slices.Chunk(all, v))
}

func difference(got, want [][]float32, c reference.Case) float64 {
	return reference.Difference(got, want) / c.Range
}

// TestGolden holds the backend and the reference against transformers, for every
// checkpoint in every layout, and prints the differences. With -update it writes the report.
func TestGolden(t *testing.T) {
	var table strings.Builder
	fmt.Fprintln(&table, "| prompt | tokens | logit range | backend - exact | backend - f32 | reference - exact | f32 - exact | bf16 mode - torch bf16 | torch bf16 - exact |")
	fmt.Fprintln(&table, "|---|---|---|---|---|---|---|---|---|")
	for _, name := range []string{"wide", "narrow", "window", "long"} {
		g, err := reference.ReadGolden(os.DirFS(testdata), name)
		if err != nil {
			t.Fatal(err)
		}
		var layouts []*Backend
		for _, l := range []string{"hf", "original", "bf16"} {
			layouts = append(layouts, open(t, load(t, name+"/"+l), Options{}))
		}
		layouts = append(layouts, open(t, layouts[0].w, Options{Tier: platform.Generic})) // the same weights, the plain kernels
		for _, c := range g.Cases {
			dash := "-"
			backend, backend32, ref, ref16 := dash, dash, dash, dash
			rel := func(got, want [][]float32) string { return fmt.Sprintf("%.1e", difference(got, want, c)) }
			if c.Positions == nil {
				got := compareLayouts(t, layouts, name, c)
				backend, backend32 = rel(got, c.LogitsExact), rel(got, c.LogitsF32)
			}
			if len(c.IDs) < 400 {
				run := func(opt reference.Options) [][]float32 {
					opt.Positions = c.Positions
					r, err := reference.Forward(layouts[0].w, c.IDs, opt)
					if err != nil {
						t.Fatal(err)
					}
					return reference.Pick(r.Logits, c.Rows)
				}
				ref = rel(run(reference.Options{}), c.LogitsExact)
				ref16 = rel(run(reference.Options{InvFreq32: g.InvFreq, BF16: true}), c.LogitsBF16)
			}
			fmt.Fprintf(&table, "| %s/%s | %d | %.2f | %s | %s | %s | %s | %s | %s |\n", name, c.Name, len(c.IDs), c.Range,
				backend, backend32, ref, rel(c.LogitsF32, c.LogitsExact), ref16, rel(c.LogitsBF16, c.LogitsExact))
		}
	}
	t.Log("\n" + table.String())
	if *update {
		text := strings.Replace(report, "TABLE\n", table.String(), 1)
		text = strings.Replace(text, "KERNELS", open(t, load(t, "long/hf"), Options{}).Kernels(), 1)
		if err := os.WriteFile(filepath.Join(testdata, "REPORT.md"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compareLayouts checks a prompt and gives the kept rows.
func compareLayouts(t *testing.T, layouts []*Backend, name string, c reference.Case) [][]float32 {
	var first [][]float32
	for i, b := range layouts {
		at := 0
		b.afterLayer = func(layer int, x []float32) {
			if layer == 0 && i > 0 { // residual rows are compared on the first layout
				return
			}
			d := b.cfg.Hidden
			want := c.LayersF32[layer]
			lo, hi := slices.Min(slices.Concat(want...)), slices.Max(slices.Concat(want...))
			for k, row := range c.Rows {
				if row < at || row >= at+len(x)/d {
					continue
				}
				got := x[(row-at)*d : (row-at+1)*d]
				if e := reference.Difference([][]float32{got}, want[k:k+1]) / float64(hi-lo); e > 1e-4 {
					t.Errorf("%s/%s layer %d row %d: %.2g of the layer's range", name, c.Name, layer, row, e)
				}
			}
			if layer == len(b.layers)-1 {
				at += len(x) / d
			}
		}
		got := reference.Pick(logits(t, b, c.IDs), c.Rows)
		b.afterLayer = nil
		if first == nil {
			first = got
			if d := difference(got, c.LogitsF32, c); d > 1e-4 {
				t.Errorf("%s/%s: %.2g of the range from transformers in float32", name, c.Name, d)
			}
			if d := difference(got, c.LogitsExact, c); d > 5e-6 {
				t.Errorf("%s/%s: %.2g of the range from transformers in float64", name, c.Name, d)
			}
		} else if i == 1 && reference.Difference(got, first) != 0 {
			t.Errorf("%s/%s: the original layout gives other bits", name, c.Name)
		} else if d := difference(got, first, c); d > 5e-6 {
			t.Errorf("%s/%s: layout %d (2: bf16, 3: hf in plain Go) is %.2g of the range away", name, c.Name, i, d)
		}
	}
	return first
}

const report = `# How close the Go code comes to transformers

    go test ./internal/backend/cpu -run Golden -update

rewrites this file. Differences are the largest over all kept rows, relative to the logit range (largest minus smallest
logit of the prompt). "exact" is the transformers model run in float64 with float64 rotary angles, "f32" and "torch bf16" are
transformers in those types. "backend" is internal/backend/cpu with the KERNELS kernels, "reference" is internal/model/reference,
"bf16 mode" its mode that rounds wherever torch does. The prompts "far" need explicit positions and run on the reference alone.

TABLE

What the table says:

- Backend and reference agree with the exact model to about 1e-6 everywhere, past 4096 real positions too. The HF and the
  original layout give equal bits; the bf16 layout gives equal numbers summed in the same order.
- Transformers' own float32 is further from the exact model than either: up to 1.5e-5 at 4703 positions and 1.3e-3 at 131071,
  because it rounds the rotary angle to float32. With that rounding imitated (Options.InvFreq32) the reference is within 5e-6
  of it everywhere.
- In bfloat16 most rows of the reference's bf16 mode are equal to torch's to the bit. The rest differ by the order of torch's
  sums; where a last bit changes which expert is chosen, a row moves by some per cent, as bfloat16 itself does against the
  exact model (last column).
`
