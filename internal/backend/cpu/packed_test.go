package cpu

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	platform "ossian/internal/cpu"
	"ossian/internal/kernel"
	"ossian/internal/model"
	"ossian/internal/model/reference"
)

// setting is one of the ways in which packed weights run.
type setting struct {
	dense Dense
	acts  Activations
}

func loadPacked(t testing.TB, dir string, d Dense) *model.Weights {
	t.Helper()
	layout, err := NewLayout(d, "")
	if err != nil {
		t.Fatal(err)
	}
	w, err := model.Load(context.Background(), filepath.Join(testdata, dir), model.LoadOptions{Packer: layout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// matrices are all that may be packed, in one order.
func matrices(w *model.Weights) []model.Matrix {
	all := []model.Matrix{w.Unembed}
	for i := range w.Layers {
		l := &w.Layers[i]
		all = append(all, l.Q, l.K, l.V, l.O)
		all = append(all, l.GateUp...)
		all = append(all, l.Down...)
	}
	return all
}

// Packed weights hold the values of the rows: exactly, or within half a step of 8 bits.
func TestPackedWeightsHoldTheSameValues(t *testing.T) {
	for _, name := range []string{"wide", "narrow"} {
		rows := matrices(load(t, name+"/hf"))
		for _, layout := range []string{"hf", "original"} {
			for _, d := range []Dense{DenseQ8, DenseBF16} {
				packed := matrices(loadPacked(t, name+"/"+layout, d))
				for i, m := range packed {
					if !m.Packed {
						t.Fatalf("%s/%s %s: matrix %d is not packed", name, layout, d, i)
					}
					sameValues(t, fmt.Sprintf("%s/%s %s: matrix %d", name, layout, d, i), rowsOf(rows[i]), packedOf(m))
				}
			}
		}
	}
}

func sameValues(t *testing.T, name string, rows kernel.Matrix, p kernel.Packed) {
	t.Helper()
	want := make([]float32, rows.Cols)
	for r := range rows.Rows {
		rows.Row(want, r)
		for c, v := range want {
			lo, hi := c&^31, min(c&^31+32, len(want))
			most := max(slices.Max(want[lo:hi]), -slices.Min(want[lo:hi]))
			d := p.At(r, c) - v
			if d != 0 && (p.Form != kernel.FormQ8 || max(d, -d) > most/127*0.51) {
				t.Fatalf("%s [%d, %d]: %g, want %g", name, r, c, p.At(r, c), v)
			}
		}
	}
}

// Fine-tunes with bf16 experts keep these in rows, beside packed dense weights.
func TestHalfPacked(t *testing.T) {
	w := loadPacked(t, "wide/bf16", DenseBF16)
	if w.Layers[0].GateUp[0].Packed || !w.Layers[0].Q.Packed || w.Layers[0].Router.Packed {
		t.Fatal("not what this test is about")
	}
	ids := randomIDs(1, 50, w.Config.Vocab)
	got := logits(t, open(t, w, Options{Activations: Int16}), ids)
	want := logits(t, open(t, load(t, "wide/bf16"), Options{}), ids)
	if d := spread(got, want); d > 1e-5 {
		t.Errorf("%.2g of the range away from float32", d)
	}
	orderOf(t, w, "half packed", 60, platform.Generic, Int8)
}

// TestMixedCheckpoints: each tensor may be packed or in rows, whatever those of the first layer are.
func TestMixedCheckpoints(t *testing.T) {
	rows, packed := load(t, "wide/hf"), loadPacked(t, "wide/hf", DenseBF16)
	ids := randomIDs(1, 40, rows.Config.Vocab)
	want := logits(t, open(t, rows, Options{}), ids)
	for name, change := range map[string]func(w *model.Weights){
		"the last layer packed": func(w *model.Weights) {
			w.Unembed, w.Layers = rows.Unembed, slices.Clone(rows.Layers)
			w.Layers[len(w.Layers)-1] = packed.Layers[len(w.Layers)-1]
		},
		"the last layer in rows": func(w *model.Weights) { w.Layers[len(w.Layers)-1] = rows.Layers[len(w.Layers)-1] },
		"one projection packed": func(w *model.Weights) {
			w.Unembed, w.Layers = rows.Unembed, slices.Clone(rows.Layers)
			w.Layers[1].K = packed.Layers[1].K
		},
		"queries in rows, half of the experts packed": func(w *model.Weights) {
			w.Layers[0].Q, w.Layers[0].GateUp, w.Layers[1].Down = rows.Layers[0].Q, rows.Layers[0].GateUp, rows.Layers[1].Down
		},
	} {
		w := &model.Weights{Config: packed.Config, Embed: packed.Embed, Unembed: packed.Unembed, Norm: packed.Norm, Layers: slices.Clone(packed.Layers)}
		change(w)
		got := logits(t, open(t, w, Options{Activations: Int16}), ids)
		if d := median(got, want) / extent(want); d > 2e-4 { // of TestPackedGolden
			t.Errorf("%s: %.2g of the range away from float32", name, d)
		}
	}
}

// spread is the largest difference relative to the range of want.
func spread(got, want [][]float32) float64 {
	return reference.Difference(got, want) / extent(want)
}

// extent is the range of all values.
func extent(rows [][]float32) float64 {
	all := slices.Concat(rows...)
	return float64(slices.Max(all) - slices.Min(all))
}

// Each setting's error against transformers in float64 has the size that its rounding explains: of the
// median row, because in random weights a last bit may choose another expert, and move a row by a tenth.
func TestPackedGolden(t *testing.T) {
	limits := map[setting]float64{
		{DenseBF16, Int16}: 2e-4, {DenseQ8, Mixed}: 3e-2, {DenseQ8, Int16}: 1.5e-2, {DenseBF16, Int8}: 2e-2, {DenseQ8, Int8}: 3e-2,
	}
	for _, name := range []string{"wide", "narrow", "window"} {
		g, err := reference.ReadGolden(os.DirFS(testdata), name)
		if err != nil {
			t.Fatal(err)
		}
		for s, limit := range limits {
			w := loadPacked(t, name+"/hf", s.dense)
			best, plain := open(t, w, Options{Activations: s.acts}), open(t, w, Options{Activations: s.acts, Tier: platform.Generic})
			for _, c := range g.Cases {
				if c.Positions != nil {
					continue
				}
				got := reference.Pick(logits(t, best, c.IDs), c.Rows)
				d, between := median(got, c.LogitsExact)/c.Range, median(reference.Pick(logits(t, plain, c.IDs), c.Rows), got)/c.Range
				t.Logf("%s/%s %v: %.1e of the range from exact, %.1e between kernels", name, c.Name, s, d, between)
				if d > limit || between > limit {
					t.Errorf("%s/%s %v: %.2g of the range from transformers in float64, %.2g between kernels, more than %g", name, c.Name, s, d, between, limit)
				}
			}
		}
	}
}

// The arithmetic of ossian show and what loading takes, but for the padding between tensors.
func TestWeightBytes(t *testing.T) {
	for _, name := range []string{"wide", "narrow", "window"} {
		for _, d := range []Dense{DenseQ8, DenseBF16} {
			w := loadPacked(t, name+"/hf", d)
			total, token := WeightBytes(&w.Config, d)
			if got := w.Bytes(); got < total || got > total+total/50 || token >= total {
				t.Errorf("%s %s: %d bytes, planned %d, %d a token", name, d, got, total, token)
			}
		}
	}
	big := model.GptOss20B()
	if total, token := WeightBytes(&big, DenseQ8); total/1e7 != 1263 || token/1e7 != 257 {
		t.Errorf("20b: %d in all, %d a token", total, token)
	}
}

// median is that of the rows' largest differences.
func median(got, want [][]float32) float64 {
	var all []float64
	for i := range got {
		all = append(all, reference.Difference(got[i:i+1], want[i:i+1]))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func TestActivationsFitTheWeights(t *testing.T) {
	rows, packed := load(t, "wide/hf"), loadPacked(t, "wide/hf", DenseQ8)
	for _, c := range []struct {
		w    *model.Weights
		a    Activations
		want bool
	}{
		{rows, "", true}, {rows, F32, true}, {rows, BF16, true}, {rows, "int4", false},
		{packed, "", true}, {packed, Int8, true}, {packed, Int16, true}, {packed, Mixed, true}, {rows, Mixed, true}, {packed, F32, false}, {packed, BF16, false},
	} {
		b, err := New(c.w, Options{Activations: c.a})
		if (err == nil) != c.want {
			t.Errorf("packed %t, %q: %v", c.w.Unembed.Packed, c.a, err)
		}
		if b != nil {
			if c.w == rows && c.a.integer() && b.Activations() != F32 {
				t.Errorf("%s activations are said of weights in rows", b.Activations())
			}
			b.Close()
		}
	}
	if _, err := NewLayout("q4", ""); err == nil {
		t.Error("a layout of 4-bit dense weights")
	}
}

// TestWorkspaceBytes: what New takes is what is planned, for weights in rows, packed, and some of each.
func TestWorkspaceBytes(t *testing.T) {
	for _, dir := range []string{"wide/hf", "wide/bf16"} {
		for _, packed := range []bool{false, true} {
			w := load(t, dir)
			if packed {
				w = loadPacked(t, dir, DenseQ8)
			}
			b := open(t, w, Options{Chunk: 48, Threads: 3})
			k := &b.work
			floats, other := 0, 0
			for _, x := range [][]float32{k.x, k.q, k.k, k.v, k.tmp, k.norm.x, k.attn.x, k.gather.x, k.act.x, k.cos, k.sin, k.logits, k.weight, k.gateUp, k.down} {
				floats += len(x)
			}
			for _, x := range [][]int32{k.expert, k.slot, k.token} {
				floats += len(x)
			}
			for _, x := range k.scratch {
				floats += len(x)
			}
			for _, x := range append([][]byte{k.norm.data, k.attn.data, k.act.data, k.gather.data}, k.panel...) {
				other += len(x)
			}
			got := int64(4*floats + other)
			if want := WorkspaceBytes(&w.Config, 48, 3, packed, !packed || dir == "wide/bf16"); got != want {
				t.Errorf("%s, packed %v: %d bytes, planned %d", dir, packed, got, want)
			}
		}
	}
}
