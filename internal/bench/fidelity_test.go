package bench

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/model"
)

// TestCompare: probabilities of one half each against one and three quarters.
func TestCompare(t *testing.T) {
	ref := []float32{0, 0, -1e9, 5, 0, 0}
	got := []float32{0, float32(math.Log(3)), -1e9, 5, 0, 0}
	d, err := Compare(ref, got, 3)
	if err != nil {
		t.Fatal(err)
	}
	kl := 0.5*math.Log(0.5/0.25) + 0.5*math.Log(0.5/0.75)
	if math.Abs(d.WorstKL-kl) > 1e-6 || math.Abs(d.KL-kl/2) > 1e-6 || d.Agreement != 0.5 || d.Positions != 2 || math.Abs(d.Logit*(5+1e9)-math.Log(3)) > 1e-3 {
		t.Errorf("%+v, want a divergence of %g", d, kl)
	}
	if d, err := Compare(ref, slices.Clone(ref), 3); err != nil || d.KL != 0 || d.WorstKL != 0 || d.Agreement != 1 || d.Logit != 0 {
		t.Errorf("itself: %+v, %v", d, err)
	}
	if _, err := Compare(ref, []float32{0, 0, 0, 0, float32(math.NaN()), 0}, 3); err == nil || !strings.Contains(err.Error(), "id 1 at the 2. position is NaN") {
		t.Error(err)
	}
	for _, bad := range [][]float32{ref[:3], nil} {
		if _, err := Compare(ref, bad, 3); err == nil {
			t.Errorf("%d and %d logits were compared", len(ref), len(bad))
		}
	}
}

func TestText(t *testing.T) {
	ids := make([]uint32, 500)
	for i := range ids {
		ids[i] = uint32(i)
	}
	for _, c := range []struct{ vocab, most, tokens, positions int }{
		{1000, 1000, 500, 500}, {1000, 100, 100, 100}, {201088, 384, 384, 83}, {201088, 3, 3, 3}, {64 << 20, 9, 9, 1}, {400, 20, 20, 20},
	} {
		text := NewText(ids, c.vocab, c.most, 1)
		if len(text.IDs) != c.tokens || text.Positions() != c.positions || (text.What == "prose") != (c.vocab > 500) {
			t.Errorf("%+v: %s, %d tokens, %d positions", c, text.What, len(text.IDs), text.Positions())
		}
		from := 0
		for _, s := range text.steps {
			if s.to <= from || s.rows > s.to-from {
				t.Errorf("%+v: steps %v", c, text.steps)
			}
			from = s.to
		}
		if from != c.tokens {
			t.Errorf("%+v: %d of %d ids are read", c, from, c.tokens)
		}
		for _, id := range text.IDs {
			if int(id) >= c.vocab {
				t.Fatalf("%+v: id %d", c, id)
			}
		}
	}
	if n := len(Prose()); n < 1500 || n > 3000 {
		t.Errorf("the prose has %d bytes", n)
	}
}

// TestFidelity runs a golden checkpoint: the float32 path is within its rounding of the
// float64 sums, and integer activations lie clearly further off, which shows that the measure can fail.
func TestFidelity(t *testing.T) {
	setting := func(name string, packer model.Packer, exact bool) Setting {
		return Setting{name, func(ctx context.Context, text *Text) (*Output, error) {
			w, err := model.Load(ctx, "../../testdata/golden/narrow/hf", model.LoadOptions{Packer: packer})
			if err != nil {
				return nil, err
			}
			defer w.Close()
			if exact {
				return ThroughReference(w, text)
			}
			b, err := cpu.New(w, cpu.Options{Threads: 1})
			if err != nil {
				return nil, err
			}
			defer b.Close()
			now := time.Unix(0, 0)
			return Through(ctx, b, text, func() time.Time { now = now.Add(time.Second); return now }, nil)
		}}
	}
	layout, err := cpu.NewLayout(cpu.DenseQ8, "")
	if err != nil {
		t.Fatal(err)
	}
	cfg := func() *model.Config {
		w, err := model.Load(t.Context(), "../../testdata/golden/narrow/hf", model.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		c := w.Config
		return &c
	}()
	text := NewText(nil, cfg.Vocab, 60, 3)
	f, err := CompareSettings(t.Context(), text, setting("f32", nil, false),
		[]Setting{setting("again", nil, false), setting("float64", nil, true), setting("int8", layout, false)})
	if err != nil || !f.Complete || len(f.Rows) != 3 {
		t.Fatal(f, err)
	}
	again, double, integer := f.Rows[0], f.Rows[1], f.Rows[2]
	if again.KL != 0 || again.Agreement != 1 || again.Logit != 0 || again.Positions != 60 {
		t.Errorf("the same path twice: %+v", again)
	}
	if double.Logit == 0 || double.Logit > 1e-5 || double.KL > 1e-9 || double.Agreement != 1 {
		t.Errorf("float64 sums: %+v", double)
	}
	if integer.Logit < 100*double.Logit || integer.KL < 1e-7 || integer.KL > 0.05 || integer.Agreement < 0.7 {
		t.Errorf("8-bit activations and weights: %+v", integer)
	}
	if f.Reference.Prefill != 60 || f.Reference.Decode != Written || double.Prefill != 0 {
		t.Errorf("%+v", f.Reference)
	}

	broken := Setting{"broken", func(context.Context, *Text) (*Output, error) { return nil, errors.New("broken") }}
	f, err = CompareSettings(t.Context(), text, setting("f32", nil, false), []Setting{setting("again", nil, false), broken})
	if err == nil || f.Complete || len(f.Rows) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}
