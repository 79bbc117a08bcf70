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

// TestShare walks at random with several sequences: they step, are cut, keep blocks, begin with kept blocks
// of others at any position, and end. Every row of logits has the bits that its tokens give in
// a sequence of their own, and pages never come to more than the bound.
func TestShare(t *testing.T) {
	var resumed, forgotten, full int
	for name, length := range map[string]int{"wide": 150, "narrow": 330, "window": 420} {
		w := load(t, name+"/hf")
		plain := open(t, w, Options{Threads: 1, Chunk: 512})
		for _, chunk := range []int{1, 16, 200} {
			t.Run(fmt.Sprintf("%s in passes of %d", name, chunk), func(t *testing.T) {
				for seed := range uint64(2) {
					bound := 3 * KVBytes(&w.Config, chunk, length)
					b := open(t, w, Options{Threads: 1, Chunk: chunk, MaxBytes: bound})
					v := visit{t: t, b: b, plain: plain, length: length, r: rand.New(rand.NewPCG(seed, uint64(chunk)))}
					for range 120 {
						v.move()
						if got := int64(b.taken+len(b.pool)) * b.pageBytes(); got > bound || b.reserved() > bound {
							t.Fatalf("%d bytes in pages, %d promised, of %d", got, b.reserved(), bound)
						}
					}
					for len(v.talks) > 0 {
						v.end(0)
					}
					v.forget()
					if b.taken != 0 || b.reserved() != 0 || len(b.blocks) != 0 {
						t.Errorf("%d pages are held at the end, %d bytes promised", b.taken, b.reserved())
					}
					resumed, forgotten, full = resumed+v.resumed, forgotten+v.forgotten, full+v.full
				}
			})
		}
	}
	t.Logf("%d sequences began with blocks, %d parts were forgotten, %d times there was no room", resumed, forgotten, full)
	if resumed < 50 || forgotten < 20 || full < 20 {
		t.Error("the walk is too tame")
	}
}

// visit is a walk with several sequences.
type visit struct {
	t        *testing.T
	b, plain *Backend
	length   int
	r        *rand.Rand
	talks    []talk
	kept     []kept

	resumed, forgotten, full int
}

type talk struct {
	seq model.Seq
	ids []uint32
}

// kept is a history with the blocks of it that are held; windowed has 0 where one is forgotten.
type kept struct {
	ids            []uint32
	full, windowed []model.Block
}

func (v *visit) move() {
	if len(v.talks) == 0 || v.r.IntN(9) == 0 {
		v.begin()
		return
	}
	i := v.r.IntN(len(v.talks))
	switch v.r.IntN(9) {
	case 0:
		v.end(i)
	case 1:
		v.keep(&v.talks[i])
	case 2:
		k := &v.talks[i]
		if to := max(0, len(k.ids)-v.r.IntN(model.Rewind)); v.b.Trim(k.seq, to) == nil {
			k.ids = k.ids[:to]
		}
	case 3:
		if len(v.kept) > 3 {
			v.forget()
		}
	default:
		v.step(&v.talks[i])
	}
}

// refused says that there was no room, which is no fault.
func (v *visit) refused(err error) bool {
	v.t.Helper()
	if errors.Is(err, model.ErrNoRoom) {
		v.full++
		return true
	}
	if err != nil {
		v.t.Fatal(err)
	}
	return false
}

func (v *visit) step(k *talk) {
	n := 1 + v.r.IntN(1+v.r.IntN(100))
	if v.refused(v.b.Grow(k.seq, len(k.ids)+n)) {
		return
	}
	k.ids = append(k.ids, randomIDs(v.r.Uint64(), n, v.b.cfg.Vocab)...)
	got := again(v.t, v.b, k.seq, k.ids[len(k.ids)-n:])
	want := logits(v.t, v.plain, k.ids)
	if d := reference.Difference(got, want[len(k.ids)-n:]); d != 0 {
		v.t.Fatalf("the logits of positions %d to %d differ by %g", len(k.ids)-n, len(k.ids), d)
	}
}

// begin starts a sequence with nothing, or with some of what is kept.
func (v *visit) begin() {
	var k kept
	n := 0
	if len(v.kept) > 0 && v.r.IntN(4) > 0 {
		k = v.kept[v.r.IntN(len(v.kept))]
		n = v.r.IntN(len(k.ids) + 1)
	}
	blocks := pagesFor(n)
	from := 0
	if w := v.b.cfg.Widest(); w > 0 {
		from = max(0, n-w+1) / model.BlockTokens
	}
	if slices.Contains(k.windowed[min(from, blocks):blocks], 0) {
		return
	}
	seq, err := v.b.Resume(max(n, 1+v.r.IntN(v.length)), n, k.full[:blocks], k.windowed[min(from, blocks):blocks])
	if v.refused(err) {
		return
	}
	if n > 0 {
		v.resumed++
	}
	v.talks = append(v.talks, talk{seq, slices.Clone(k.ids[:n])})
}

func (v *visit) keep(k *talk) {
	if len(k.ids) == 0 {
		return
	}
	h := kept{ids: slices.Clone(k.ids)}
	for i := range pagesFor(len(k.ids)) {
		full, err := v.b.Keep(k.seq, i, model.Full)
		if v.refused(err) {
			break
		}
		windowed, err := v.b.Keep(k.seq, i, model.Windowed)
		if errors.As(err, new(*BlockError)) {
			v.forgotten++
		} else if v.refused(err) {
			v.b.Release(full)
			break
		}
		if v.r.IntN(3) == 0 { // by way of bytes
			full = v.copied(model.Full, full)
		}
		if end := (i + 1) * model.BlockTokens; end <= len(k.ids) && full != 0 && v.r.IntN(3) == 0 {
			if err := v.b.Share(k.seq, i, full); err != nil {
				v.t.Fatal(err)
			}
		}
		h.full, h.windowed = append(h.full, full), append(h.windowed, windowed)
	}
	h.ids = h.ids[:min(len(h.ids), len(h.full)*model.BlockTokens)]
	v.kept = append(v.kept, h)
}

func (v *visit) copied(p model.Part, block model.Block) model.Block {
	data := make([]byte, v.b.BlockBytes(p))
	if err := v.b.Save(block, data); err != nil {
		v.t.Fatal(err)
	}
	other, err := v.b.Load(p, data)
	if v.refused(err) {
		return block
	}
	v.b.Release(block)
	return other
}

func (v *visit) end(i int) {
	v.b.FreeSeq(v.talks[i].seq)
	v.talks = slices.Delete(v.talks, i, i+1)
}

func (v *visit) forget() {
	for _, k := range v.kept {
		for i := range k.full {
			v.b.Release(k.full[i])
			v.b.Release(k.windowed[i])
		}
	}
	v.kept = nil
}

func TestShareErrors(t *testing.T) {
	w := load(t, "window/hf")
	b := open(t, w, Options{Threads: 1, Chunk: 8})
	s, _ := b.NewSeq(400)
	if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: randomIDs(1, 390, w.Config.Vocab)}}); err != nil {
		t.Fatal(err)
	}
	full, err := b.Keep(s, 0, model.Full)
	if err != nil {
		t.Fatal(err)
	}
	last, err := b.Keep(s, 6, model.Windowed)
	if err != nil {
		t.Fatal(err)
	}
	_, forgotten := b.Keep(s, 0, model.Windowed)
	_, beyond := b.Keep(s, 7, model.Full)
	_, few := b.Resume(100, 65, []model.Block{full}, []model.Block{last})
	_, wrong := b.Resume(100, 64, []model.Block{last}, []model.Block{last})
	_, bytes := b.Load(model.Full, make([]byte, 5))
	for i, err := range []error{
		forgotten, beyond, few, wrong, bytes, b.Share(s, 0, last), b.Share(s, 6, full), b.Save(full, nil), b.Save(99, nil),
	} {
		if !errors.As(err, new(*BlockError)) {
			t.Errorf("case %d: %v", i, err)
		}
	}
	if err := b.Grow(s, 389); !errors.As(err, new(*ContextError)) {
		t.Error(err)
	}
	if err := b.Grow(s, 390); err != nil || b.seqs[s].promised(b.cfg) != 0 {
		t.Error(err)
	}
	if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: []uint32{1}}}); !errors.As(err, new(*CapacityError)) {
		t.Error(err)
	}
}

// TestBatchAllocatesNothing: neither does a step of several sequences.
func TestBatchAllocatesNothing(t *testing.T) {
	w := loadPacked(t, "wide/hf", DenseQ8)
	b := open(t, w, Options{Threads: 2})
	var batch []model.Item
	for i := range 3 {
		s, _ := b.NewSeq(128)
		ids := randomIDs(uint64(i), 70, w.Config.Vocab)
		batch = append(batch, model.Item{Seq: s, Tokens: ids, Logits: make([]float32, w.Config.Vocab)})
	}
	step := func() {
		if err := b.Step(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
	}
	step()
	for i := range batch {
		batch[i].Tokens = batch[i].Tokens[:1]
	}
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}
