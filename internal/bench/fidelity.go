package bench

import (
	"context"
	"fmt"
	"time"

	"ossian/internal/model"
	"ossian/internal/model/reference"
)

// Setting is a way to compute that is compared with others.
type Setting struct {
	Name string
	// Run computes a text. Weights are opened within and closed at its end: two sets of them
	// may not fit beside each other.
	Run func(ctx context.Context, t *Text) (*Output, error)
}

// Output is what a setting made of a text.
type Output struct {
	Logits []float32 // rows of the vocabulary, for the text's positions
	Speed
}

// Speed is measured once and on the side: it says what a setting costs, not what the
// machine can do. 0: not measured.
type Speed struct {
	Prefill float64 `json:"prefill_tokens_per_s"`
	Decode  float64 `json:"decode_tokens_per_s"`
}

// Fidelity is how far settings are from a reference.
type Fidelity struct {
	Text      string        `json:"text"`
	Tokens    int           `json:"tokens"`
	Positions int           `json:"positions"`
	Reference SettingRow    `json:"reference"`
	Rows      []ComparedRow `json:"rows"`
	Complete  bool          `json:"complete"`
}

// SettingRow is a setting and its speed.
type SettingRow struct {
	Name string `json:"name"`
	Speed
}

// ComparedRow is one that was compared.
type ComparedRow struct {
	SettingRow
	Difference
}

// CompareSettings runs ref, then the others, each alone in memory. After an error the
// result holds what was compared until then.
func CompareSettings(ctx context.Context, t *Text, ref Setting, others []Setting) (*Fidelity, error) {
	f := &Fidelity{Text: t.What, Tokens: len(t.IDs), Positions: t.Positions(), Reference: SettingRow{Name: ref.Name}, Rows: []ComparedRow{}}
	want, err := ref.Run(ctx, t)
	if err != nil {
		return f, err
	}
	f.Reference.Speed = want.Speed
	for _, s := range others {
		got, err := s.Run(ctx, t)
		if err != nil {
			return f, err
		}
		d, err := Compare(want.Logits, got.Logits, t.Vocab)
		if err != nil {
			return f, fmt.Errorf("%w; this is how it computed: %s", err, s.Name)
		}
		f.Rows = append(f.Rows, ComparedRow{SettingRow{s.Name, got.Speed}, d})
	}
	f.Complete = true
	return f, nil
}

// Written is how many tokens are written after a text, for the speed.
const Written = 16

// Through runs a text through a backend.
func Through(ctx context.Context, b model.Backend, t *Text, now func() time.Time, progress func(done, total int)) (*Output, error) {
	if v := b.Config().Vocab; v != t.Vocab {
		return nil, fmt.Errorf("bench: the text is for a vocabulary of %d, the model's has %d", t.Vocab, v)
	}
	seq, err := b.NewSeq(len(t.IDs) + Written)
	if err != nil {
		return nil, err
	}
	defer b.FreeSeq(seq)
	total := len(t.IDs) + Written
	step := func(ids []uint32, logits []float32) error {
		err := b.Step(ctx, []model.Item{{Seq: seq, Tokens: ids, Logits: logits}})
		if err == nil && progress != nil {
			progress(b.Len(seq), total)
		}
		return err
	}
	out := &Output{Logits: make([]float32, t.Positions()*t.Vocab)}
	rest, from, start := out.Logits, 0, now()
	for _, s := range t.steps {
		if err := step(t.IDs[from:s.to], rest[:s.rows*t.Vocab]); err != nil {
			return nil, err
		}
		rest, from = rest[s.rows*t.Vocab:], s.to
	}
	out.Prefill = ratio(float64(len(t.IDs)), now().Sub(start).Seconds())
	row := make([]float32, t.Vocab)
	start = now()
	for i := range Written {
		if err := step(t.IDs[i%len(t.IDs):][:1], row); err != nil {
			return nil, err
		}
	}
	out.Decode = ratio(Written, now().Sub(start).Seconds())
	return out, nil
}

// ThroughReference runs a text through model/reference, whose sums are in float64: slow, for small
// models, and independent of every backend.
func ThroughReference(w *model.Weights, t *Text) (*Output, error) {
	r, err := reference.Forward(w, t.IDs, reference.Options{})
	if err != nil {
		return nil, err
	}
	out := &Output{}
	for _, s := range t.steps {
		for _, row := range r.Logits[s.to-s.rows : s.to] {
			out.Logits = append(out.Logits, row...)
		}
	}
	return out, nil
}
