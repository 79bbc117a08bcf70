package cpu

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	platform "ossian/internal/cpu"
	"ossian/internal/model"
	"ossian/internal/model/reference"
)

func randomIDs(seed uint64, n, vocab int) []uint32 {
	r := rand.New(rand.NewPCG(seed, 1))
	ids := make([]uint32, n)
	for i := range ids {
		ids[i] = uint32(r.IntN(vocab))
	}
	return ids
}

// TestOneOrder holds the promise that a token's logits are the same bits in one pass, in chunks of any
// size, token by token, on one thread or several, alone or in a batch.
func TestOneOrder(t *testing.T) {
	tiers := platform.Detect().Tiers()
	for _, tier := range []platform.Tier{tiers[0], platform.Generic} {
		t.Run(string(tier), func(t *testing.T) { oneOrder(t, tier) })
	}
}

func oneOrder(t *testing.T, tier platform.Tier) {
	for name, n := range map[string]int{"wide": 90, "narrow": 75, "window": 210} {
		orderOf(t, load(t, name+"/hf"), name, n, tier, "")
	}
	if tier == platform.Generic { // whose packed products are defined to the bit by the same code for one token and many
		orderOf(t, loadPacked(t, "wide/hf", DenseQ8), "packed", 30, tier, Mixed)
		return
	}
	for s, n := range map[setting]int{{DenseQ8, Int8}: 90, {DenseQ8, Int16}: 70, {DenseBF16, Int8}: 60, {DenseBF16, Int16}: 60, {DenseBF16, Mixed}: 60} {
		orderOf(t, loadPacked(t, "wide/hf", s.dense), fmt.Sprint(s), n, tier, s.acts)
	}
	orderOf(t, loadPacked(t, "window/original", DenseQ8), "window, packed", 210, tier, Mixed)
}

// orderOf compares n tokens in one pass with all other ways to read them.
func orderOf(t *testing.T, w *model.Weights, name string, n int, tier platform.Tier, acts Activations) {
	ids := randomIDs(7, n, w.Config.Vocab)
	full := open(t, w, Options{Threads: 2, Chunk: 512, Tier: tier, Activations: acts})
	want := logits(t, full, ids)
	same := func(what string, got [][]float32) {
		t.Helper()
		if d := reference.Difference(got, want); d != 0 {
			t.Errorf("%s: %s differs by %g", name, what, d)
		}
	}
	same("token by token", logits(t, full, ids, 1))
	same("odd portions", logits(t, full, ids, 1, 7, 64, 2, 129))
	one := open(t, w, Options{Threads: 1, Chunk: 64, Tier: tier, Activations: acts})
	same("one thread, passes of 64", logits(t, one, ids))
	same("one thread, token by token", logits(t, one, ids, 1))
	small := open(t, w, Options{Threads: 3, Chunk: 5, Tier: tier, Activations: acts})
	same("three threads, passes of 5", logits(t, small, ids))
	same("three threads, passes of 5, odd portions", logits(t, small, ids, 3, 11, 1))
	same("among others", amongOthers(t, full, ids))
	same("among others, passes of 5", amongOthers(t, small, ids))
}

// amongOthers runs ids in a sequence while two others run in the same batches.
func amongOthers(t *testing.T, b *Backend, ids []uint32) [][]float32 {
	v := b.Config().Vocab
	var seq [3]model.Seq
	var other [3][]uint32
	for i := range seq {
		s, err := b.NewSeq(2 * len(ids))
		if err != nil {
			t.Fatal(err)
		}
		defer b.FreeSeq(s)
		seq[i], other[i] = s, randomIDs(uint64(i), 2*len(ids), v)
	}
	all := make([]float32, len(ids)*v)
	for at, round := 0, 0; at < len(ids); round++ {
		n := min(1+round%9, len(ids)-at)
		batch := []model.Item{
			{Seq: seq[0], Tokens: other[0][b.Len(seq[0]):][:1+round%3]},
			{Seq: seq[1], Tokens: ids[at : at+n], Logits: all[at*v : (at+n)*v]},
			{Seq: seq[2], Tokens: other[2][b.Len(seq[2]):][:1], Logits: make([]float32, v)},
		}
		if err := b.Step(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		at += n
	}
	return slices.Collect(slices.Chunk(all, v))
}

func TestOnlyAskedRows(t *testing.T) {
	w := load(t, "narrow/hf")
	b := open(t, w, Options{Chunk: 8})
	ids := randomIDs(3, 21, w.Config.Vocab)
	want := logits(t, b, ids)
	for _, k := range []int{0, 1, 4, 13, 21} {
		s, _ := b.NewSeq(21)
		out := make([]float32, k*w.Config.Vocab)
		if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids, Logits: out}}); err != nil {
			t.Fatal(err)
		}
		if reference.Difference(slices.Collect(slices.Chunk(out, w.Config.Vocab)), want[21-k:]) != 0 {
			t.Errorf("the last %d rows differ", k)
		}
		b.FreeSeq(s)
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	for name, w := range map[string]*model.Weights{"rows": load(t, "wide/hf"), "packed": loadPacked(t, "wide/hf", DenseQ8)} {
		t.Run(name, func(t *testing.T) { allocatesNothing(t, w) })
	}
}

func allocatesNothing(t *testing.T, w *model.Weights) {
	b := open(t, w, Options{Threads: 2})
	ids := randomIDs(3, 70, w.Config.Vocab)
	s, _ := b.NewSeq(128)
	out := make([]float32, w.Config.Vocab)
	batch := []model.Item{{Seq: s, Tokens: ids, Logits: out}}
	step := func() {
		if err := b.Step(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
	}
	step()
	batch[0].Tokens = ids[:1]
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

// cancelAfter is a context that ends after some looks at it.
type cancelAfter struct {
	context.Context
	looks *int
}

func (c cancelAfter) Err() error {
	if *c.looks--; *c.looks < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancel interrupts steps at many places; the sequence must go on as if nothing had been asked.
func TestCancel(t *testing.T) {
	for _, name := range []string{"narrow", "window"} {
		w := load(t, name+"/hf")
		ids := randomIDs(5, 260, w.Config.Vocab)
		b := open(t, w, Options{Threads: 1, Chunk: 16})
		want := logits(t, b, ids)
		for looks := 0; looks < 2000; looks = looks*3/2 + 7 {
			s, _ := b.NewSeq(len(ids))
			v := w.Config.Vocab
			if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids[:150]}}); err != nil {
				t.Fatal(err)
			}
			left := looks
			long := []model.Item{{Seq: s, Tokens: randomIDs(8, 100, v), Logits: make([]float32, v)}} // several passes over the ring
			if err := b.Step(cancelAfter{context.Background(), &left}, long); err == nil {
				b.FreeSeq(s)
				break
			} else if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if b.Len(s) != 150 {
				t.Fatalf("length %d after a cancelled step", b.Len(s))
			}
			out := make([]float32, 110*v)
			if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids[150:], Logits: out}}); err != nil {
				t.Fatal(err)
			}
			if reference.Difference(slices.Collect(slices.Chunk(out, v)), want[150:]) != 0 {
				t.Fatalf("%s: other logits after a step cancelled at look %d", name, looks)
			}
			b.FreeSeq(s)
		}
	}
}

func TestErrors(t *testing.T) {
	w := load(t, "long/hf")
	b := open(t, w, Options{MaxBytes: 3 * KVBytes(&w.Config, 0, 100)})
	ctx := context.Background()
	v := w.Config.Vocab
	s, err := b.NewSeq(100)
	if err != nil {
		t.Fatal(err)
	}
	fails := func(want any, batch ...model.Item) {
		t.Helper()
		err := b.Step(ctx, batch)
		if err == nil || !errors.As(err, want) {
			t.Errorf("%v is not a %T", err, want)
		}
		if b.Len(s) != 0 {
			t.Errorf("length %d after %v", b.Len(s), err)
		}
	}
	one := []uint32{1}
	fails(new(*UnknownSeqError), model.Item{Seq: s + 9, Tokens: one})
	fails(new(*CapacityError), model.Item{Seq: s, Tokens: make([]uint32, 101)})
	fails(new(*TokenError), model.Item{Seq: s, Tokens: []uint32{0, uint32(v)}})
	fails(new(*BatchError), model.Item{Seq: s})
	fails(new(*BatchError), model.Item{Seq: s, Tokens: one, Logits: make([]float32, v-1)})
	fails(new(*BatchError), model.Item{Seq: s, Tokens: one, Logits: make([]float32, 2*v)})
	fails(new(*BatchError), model.Item{Seq: s, Tokens: one}, model.Item{Seq: s, Tokens: one})
	if err := b.Step(ctx, nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
	if err := b.Step(ctx, []model.Item{{Seq: s, Tokens: one}}); err != nil { // the checks above left no mark
		t.Error(err)
	}
	for _, n := range []int{0, -1, w.Config.MaxContext + 1} {
		if _, err := b.NewSeq(n); !errors.As(err, new(*ContextError)) {
			t.Errorf("a sequence of %d: %v", n, err)
		}
	}
	var m *MemoryError
	if _, err := b.NewSeq(20000); !errors.As(err, &m) || m.Need != KVBytes(&w.Config, 0, 20000) {
		t.Errorf("too large a sequence: %v", err)
	}
	b.FreeSeq(s)
	b.FreeSeq(s)
	if b.Len(s) != 0 || b.reserved() != 0 {
		t.Errorf("after FreeSeq: %d positions, %d bytes", b.Len(s), b.reserved())
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := b.NewSeq(1); !errors.As(err, new(*ClosedError)) {
		t.Errorf("a closed backend: %v", err)
	}
	if err := b.Step(ctx, nil); !errors.As(err, new(*ClosedError)) {
		t.Errorf("a closed backend: %v", err)
	}
}

// TestMemoryIsWhatWasPlanned counts the pages of a full sequence and the workspace.
func TestMemoryIsWhatWasPlanned(t *testing.T) {
	w := load(t, "window/hf")
	b := open(t, w, Options{Chunk: 32})
	s, _ := b.NewSeq(700)
	if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: randomIDs(1, 700, w.Config.Vocab)}}); err != nil {
		t.Fatal(err)
	}
	got := int64(0)
	for _, kv := range b.seqs[s].kv {
		for i := range kv.K {
			got += int64(len(kv.K[i])+len(kv.V[i])) * 4
		}
	}
	if want := KVBytes(&w.Config, 32, 700); got != want {
		t.Errorf("%d bytes of keys and values, planned %d", got, want)
	}
	full, _ := b.NewSeq(700)
	if err := b.Full(full); err != nil {
		t.Fatal(err)
	}
	for n, kv := range b.seqs[full].kv {
		for i := range kv.K {
			if kv.K[i] == nil || len(kv.K[i]) != len(b.seqs[s].kv[n].K[i]) {
				t.Errorf("layer %d: page %d is not there", n, i)
			}
		}
	}
	if err := b.Full(99); err == nil {
		t.Error("no such sequence, and no error")
	}
	// gpt-oss-20b at full context: 12 full layers of float32 are 6 GiB.
	big := model.GptOss20B()
	if n := KVBytes(&big, 0, 131072); n < 6<<30 || n > 6<<30+100<<20 {
		t.Errorf("20b at full context: %d", n)
	}
	if n := WorkspaceBytes(&big, 0, 2, true, false); n < 100<<20 || n > 200<<20 {
		t.Errorf("workspace of the 20b: %d", n)
	}
}

func TestNewRefuses(t *testing.T) {
	w := load(t, "long/hf")
	for _, break_ := range []func(w *model.Weights){
		func(w *model.Weights) { w.Layers[1].Q.Rows-- },
		func(w *model.Weights) { w.Unembed.Cols++ },
		func(w *model.Weights) { w.Layers[0].Down = w.Layers[0].Down[1:] },
		func(w *model.Weights) { w.Layers = w.Layers[1:] },
		func(w *model.Weights) { w.Layers[2].GateUp[1].Scales = nil },
	} {
		bad := *w
		bad.Layers = slices.Clone(w.Layers)
		bad.Layers[2].GateUp = slices.Clone(w.Layers[2].GateUp)
		break_(&bad)
		if b, err := New(&bad, Options{}); err == nil {
			b.Close()
			t.Error("broken weights passed")
		}
	}
	if _, err := New(w, Options{Chunk: -1}); err == nil {
		t.Error("a negative chunk passed")
	}
}
