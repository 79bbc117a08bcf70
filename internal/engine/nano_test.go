package engine

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/model"
	"ossian/internal/sample"
)

// nano is the embedded model on the real backend, with packed weights.
func nano(t testing.TB) *cpu.Backend { t.Helper(); return packed(t, "../../models/nano/checkpoint", 1) }

// packed runs the model of a folder on some threads; 0: on all.
func packed(t testing.TB, dir string, threads int) *cpu.Backend {
	t.Helper()
	layout, err := cpu.NewLayout(cpu.DenseQ8, "")
	if err != nil {
		t.Fatal(err)
	}
	w, err := model.Load(context.Background(), dir, model.LoadOptions{Packer: layout})
	if err != nil {
		t.Fatal(err)
	}
	b, err := cpu.New(w, cpu.Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(); w.Close() })
	return b
}

// dictation is a mask that allows one text only, whatever the model would say.
type dictation struct {
	text []uint32
	mask sample.Mask
}

func dictate(text []uint32, vocab int) *dictation {
	d := &dictation{text: text, mask: sample.NewMask(vocab)}
	clear(d.mask)
	return d
}

func (d *dictation) Mask() sample.Mask {
	d.mask[d.text[0]/64] = 1 << (d.text[0] % 64)
	return d.mask
}

func (d *dictation) Accept(id uint32) {
	d.mask[id/64] = 0
	d.text = d.text[1:]
}

// ordinary is n ids of which few stand together twice.
func ordinary(n, vocab int) []uint32 {
	ids := make([]uint32, n)
	for i := range ids {
		ids[i] = uint32(i*i*7+i*13) % uint32(vocab)
	}
	return ids
}

// TestNanoSameWithDrafts: on the real backend tokens and log-probabilities are those of plain decoding.
func TestNanoSameWithDrafts(t *testing.T) {
	b := nano(t)
	vocab := b.Config().Vocab
	old := ordinary(40, vocab)
	edited := slices.Clone(old)
	edited[16], edited[30] = 5, 6
	accepted, rejected := 0, 0
	for _, c := range []struct {
		prompt, say []uint32
		sampling    sample.Params
	}{
		{slices.Repeat(old[:5], 8), nil, sample.Params{}},
		{slices.Repeat(old[:7], 6), nil, sample.Params{Temperature: 1, Seed: 2, TopP: 0.9, Frequency: 0.1}},
		{old, slices.Concat(old[4:], edited), sample.Params{Temperature: 1, RepeatPenalty: 1.1}},
	} {
		run := func(draft int) (heard []sample.Token, res Result) {
			c.sampling.Logprobs = 3
			req := Request{Prompt: c.prompt, MaxTokens: 60, Sampling: c.sampling}
			if c.say != nil {
				req.Mask, req.MaxTokens = dictate(c.say, vocab), len(c.say)
			}
			now := time.Unix(0, 0) // a clock by which all steps are alike: every guess pays
			res, err := New(b, Options{Draft: draft, Now: func() time.Time { now = now.Add(time.Millisecond); return now }}).
				Generate(t.Context(), req, func(e Event) error {
					if e.IsToken {
						e.Token.Top = slices.Clone(e.Token.Top)
						heard = append(heard, e.Token)
					}
					return nil
				})
			if err != nil {
				t.Fatal(err)
			}
			return heard, res
		}
		want, _ := run(0)
		got, res := run(MaxDraft)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("prompt %v: %+v\ngave %v\nwant %v", c.prompt, c.sampling, got, want)
		}
		accepted, rejected = accepted+res.Drafts.Accepted, rejected+res.Drafts.Drafted-res.Drafts.Accepted
	}
	t.Logf("%d guesses right, %d wrong", accepted, rejected)
	if accepted < 30 || rejected < 10 {
		t.Error("too few guesses to tell")
	}
}
