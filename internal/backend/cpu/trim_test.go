package cpu

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"ossian/internal/model"
	"ossian/internal/model/reference"
)

// TestTrim walks at random: steps, failed steps and cuts. Every row of logits has the bits that
// the remaining tokens give in a sequence where nothing was ever cut.
func TestTrim(t *testing.T) {
	refused := 0
	for name, length := range map[string]int{"wide": 90, "narrow": 300, "window": 420} {
		w := load(t, name+"/hf")
		plain := open(t, w, Options{Threads: 1, Chunk: 512})
		for _, chunk := range []int{1, 16, 200} {
			t.Run(fmt.Sprintf("%s in passes of %d", name, chunk), func(t *testing.T) {
				b := open(t, w, Options{Threads: 1, Chunk: chunk})
				for seed := range uint64(2) {
					refused += wander(t, b, plain, length, rand.New(rand.NewPCG(seed, uint64(chunk))))
				}
			})
		}
	}
	if refused == 0 {
		t.Error("no cut went too far back: the walk is too tame")
	}
}

// wander fills a sequence to length with detours, and counts the cuts that were refused.
func wander(t *testing.T, b, plain *Backend, length int, r *rand.Rand) (refused int) {
	t.Helper()
	v := b.Config().Vocab
	s, err := b.NewSeq(length)
	if err != nil {
		t.Fatal(err)
	}
	defer b.FreeSeq(s)
	var ids []uint32 // what the sequence should hold
	var rows []float32
	furthest, moves := 0, 0
	for ; len(ids) < length && moves < 120; moves++ {
		n := min(1+r.IntN(1+r.IntN(60)), length-len(ids))
		next := randomIDs(r.Uint64(), n, v)
		if r.IntN(8) == 0 { // fails on the way
			looks := r.IntN(40)
			err := b.Step(cancelAfter{context.Background(), &looks}, []model.Item{{Seq: s, Tokens: next}})
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			furthest = max(furthest, len(ids)+n)
			if err != nil {
				continue
			}
		} else {
			out := make([]float32, n*v)
			if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: next, Logits: out}}); err != nil {
				t.Fatal(err)
			}
			rows = append(rows[:len(ids)*v], out...)
			furthest = max(furthest, len(ids)+n)
			ids = append(ids, next...)
		}
		if b.Len(s) != len(ids) {
			if err := b.Trim(s, len(ids)); err != nil { // the step that should have failed did not
				t.Fatal(err)
			}
		}
		if r.IntN(2) == 0 {
			to := max(0, len(ids)-r.IntN(1+r.IntN(2*model.Rewind)))
			err := b.Trim(s, to)
			if te := (*TrimError)(nil); errors.As(err, &te) {
				if furthest-to <= model.Rewind || te.To != to || te.Least <= to || te.Least > te.Len || te.Len != len(ids) {
					t.Fatalf("furthest %d: %v", furthest, err)
				}
				refused++
			} else if err != nil {
				t.Fatal(err)
			} else {
				ids = ids[:to]
			}
			if b.Len(s) != len(ids) {
				t.Fatalf("%d positions, want %d", b.Len(s), len(ids))
			}
		}
	}
	if len(ids) == 0 {
		return refused
	}
	want := logits(t, plain, ids)
	if got := slices.Collect(slices.Chunk(rows[:len(ids)*v], v)); reference.Difference(got, want) != 0 {
		t.Errorf("after %d moves the logits of %d positions differ by %g", moves, len(ids), reference.Difference(got, want))
	}
	return refused
}

// TestTrimEverywhere cuts by every length that is promised, at every place in a page.
func TestTrimEverywhere(t *testing.T) {
	trimEverywhere(t, "window/hf", 290, 1)
}

func TestTrimNano(t *testing.T) {
	trimEverywhere(t, "../../models/nano/checkpoint", 300, 5)
}

// trimEverywhere reads n tokens and makes a detour of another length before each stride of them.
func trimEverywhere(t *testing.T, dir string, n, stride int) {
	w := load(t, dir)
	b := open(t, w, Options{Threads: 1, Chunk: 8})
	v := w.Config.Vocab
	ids, other := randomIDs(1, n, v), randomIDs(2, model.Rewind, v)
	want := logits(t, b, ids)
	s, _ := b.NewSeq(n + model.Rewind)
	for at := 0; at < n; at += stride {
		back := at%model.Rewind + 1
		again(t, b, s, other[:back])
		if err := b.Trim(s, at); err != nil {
			t.Fatal(err)
		}
		to := min(n, at+stride)
		if reference.Difference(again(t, b, s, ids[at:to]), want[at:to]) != 0 {
			t.Fatalf("positions %d to %d differ after a cut of %d", at, to, back)
		}
	}
}

func TestTrimErrors(t *testing.T) {
	w := load(t, "narrow/hf")
	b := open(t, w, Options{Threads: 1, Chunk: 8})
	s, _ := b.NewSeq(300)
	ids := randomIDs(1, 250, w.Config.Vocab)
	if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids}}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 251, 10} {
		if err := b.Trim(s, n); !errors.As(err, new(*TrimError)) || b.Len(s) != 250 {
			t.Errorf("cut to %d: %v, %d positions", n, err, b.Len(s))
		}
	}
	if err := b.Trim(s+1, 0); !errors.As(err, new(*UnknownSeqError)) {
		t.Error(err)
	}
	for _, n := range []int{250, 250 - model.Rewind, 0, 0} {
		if err := b.Trim(s, n); err != nil || b.Len(s) != n {
			t.Errorf("cut to %d: %v, %d positions", n, err, b.Len(s))
		}
	}
	if got := logits(t, b, ids[:40]); reference.Difference(again(t, b, s, ids[:40]), got) != 0 {
		t.Error("a sequence cut to nothing differs from a new one")
	}
	b.Close()
	if err := b.Trim(s, 0); !errors.As(err, new(*ClosedError)) {
		t.Error(err)
	}
}

// again steps ids and gives every row.
func again(t *testing.T, b *Backend, s model.Seq, ids []uint32) [][]float32 {
	t.Helper()
	v := b.Config().Vocab
	out := make([]float32, len(ids)*v)
	if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids, Logits: out}}); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(out, v))
}
