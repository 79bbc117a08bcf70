package kv

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"ossian/internal/backend/cpu"
	"ossian/internal/model"
)

// open runs one of the golden models, whose windows are of 128 positions.
func open(t *testing.T, name string, opt cpu.Options) *cpu.Backend {
	t.Helper()
	w, err := model.Load(context.Background(), filepath.Join("../../testdata/golden", name, "hf"), model.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	opt.Threads = 1
	b, err := cpu.New(w, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(); w.Close() })
	return b
}

// run is a sequence that stands on the tree.
type run struct {
	seq   model.Seq
	path  Path
	ids   []uint32
	want  []uint32 // where it is going
	began int
}

// walk is a random life of a cache.
type walk struct {
	t        *testing.T
	r        *rand.Rand
	b, plain *cpu.Backend
	c        *Cache
	said     [][]uint32 // to begin with again
	runs     []*run

	cached, short, full int
}

// TestCache begins, follows and ends sequences at random over a real backend with little room. Whatever a sequence
// begins with gives the row that reading all of it gives, and the tree is sound after every move.
func TestCache(t *testing.T) {
	var cached, short, full int
	for _, name := range []string{"window", "wide", "narrow"} {
		plain := open(t, name, cpu.Options{})
		for seed := range uint64(3) {
			b := open(t, name, cpu.Options{Chunk: 64})
			b.Bound(b.Bytes(700) * int64(2+seed))
			w := walk{t: t, r: rand.New(rand.NewPCG(seed, 3)), b: b, plain: plain, c: New(b)}
			for range 150 {
				w.move()
				w.sound()
			}
			for len(w.runs) > 0 {
				w.end(0)
			}
			w.sound()
			free := b.Free()
			loose := w.c.Loose()
			w.c.Clear()
			if b.Free() != free+loose || w.c.Blocks() != 0 || w.c.Loose() != 0 {
				t.Errorf("%s: %d bytes were loose, %d came free", name, loose, b.Free()-free)
			}
			cached, short, full = cached+w.cached, short+w.short, full+w.full
		}
	}
	t.Logf("%d tokens were of use, %d known and forgotten; %d times there was no room", cached, short, full)
	if cached < 2000 || short < 100 || full < 20 {
		t.Error("the walk is too tame")
	}
}

func (w *walk) text(n int) []uint32 {
	ids := make([]uint32, n)
	for i := range ids {
		ids[i] = w.r.Uint32N(uint32(w.b.Config().Vocab))
	}
	return ids
}

func (w *walk) move() {
	if len(w.runs) == 0 || len(w.runs) < 4 && w.r.IntN(4) == 0 {
		w.begin()
		return
	}
	switch i := w.r.IntN(len(w.runs)); w.r.IntN(5) {
	case 0:
		w.end(i)
	case 1:
		w.c.Evict()
	default:
		w.step(w.runs[i])
	}
}

func (w *walk) begin() {
	ids := w.text(1 + w.r.IntN(300))
	if len(w.said) > 0 && w.r.IntN(5) > 0 {
		before := w.said[w.r.IntN(len(w.said))]
		ids = slices.Concat(before[:w.r.IntN(len(before)+1)], ids)
	}
	ids = ids[:min(len(ids), 600)]
	m := w.c.Match(ids[:len(ids)-1])
	if m.Known > 0 && m.Tokens > m.Known || m.Differs && m.Known < len(ids)-1 && m.Was == ids[m.Known] {
		w.t.Fatalf("%+v", m)
	}
	seq, path, err := w.c.Resume(len(ids)+64, m)
	if errors.Is(err, model.ErrNoRoom) {
		w.full++
		w.c.Evict()
		return
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.cached, w.short = w.cached+m.Tokens, w.short+m.Known-m.Tokens
	path.Prompt = len(ids) - w.r.IntN(len(ids))
	w.said = append(w.said, ids)
	w.runs = append(w.runs, &run{seq: seq, path: path, ids: ids[:m.Tokens:m.Tokens], want: ids, began: m.Tokens})
}

// step reads on, and compares the row of the last token.
func (w *walk) step(r *run) {
	if len(r.ids) == len(r.want) {
		return
	}
	n := 1 + w.r.IntN(min(64, len(r.want)-len(r.ids)))
	next := r.want[len(r.ids):][:n]
	row := make([]float32, w.b.Config().Vocab)
	if err := w.b.Step(context.Background(), []model.Item{{Seq: r.seq, Tokens: next, Logits: row}}); err != nil {
		w.t.Fatal(err)
	}
	r.ids = r.want[:len(r.ids)+n]
	want := make([]float32, len(row))
	s, err := w.plain.NewSeq(len(r.ids))
	if err != nil {
		w.t.Fatal(err)
	}
	defer w.plain.FreeSeq(s)
	if err := w.plain.Step(context.Background(), []model.Item{{Seq: s, Tokens: r.ids, Logits: want}}); err != nil {
		w.t.Fatal(err)
	}
	if !slices.Equal(row, want) {
		w.t.Fatalf("after %d tokens, of which it began with %d, another row than without the cache", len(r.ids), r.began)
	}
	w.c.Follow(&r.path, r.seq, r.ids)
}

func (w *walk) end(i int) {
	r := w.runs[i]
	w.runs = slices.Delete(w.runs, i, i+1)
	if len(r.ids) > 0 && w.r.IntN(5) > 0 {
		if err := w.b.Grow(r.seq, len(r.ids)); err != nil {
			w.t.Fatal(err)
		}
		w.c.End(&r.path, r.seq, r.ids)
	} else {
		w.c.End(&r.path, r.seq, nil)
	}
	w.b.FreeSeq(r.seq)
}

// sound checks what must hold of the tree at any time.
func (w *walk) sound() {
	w.t.Helper()
	c, nodes, loose := w.c, 0, int64(0)
	pins := map[*node]int{}
	for _, r := range w.runs {
		for n := r.path.at; n != &c.root; n = n.parent {
			pins[n]++
		}
	}
	var visit func(n *node)
	visit = func(n *node) {
		for i, k := range n.children {
			nodes++
			if k.parent != n || k.full == 0 || len(k.ids) < 1 || len(k.ids) > block || len(k.ids) < block && len(k.children) > 0 {
				w.t.Fatalf("a node of %d tokens with %d children", len(k.ids), len(k.children))
			}
			if k.pins != pins[k] {
				w.t.Fatalf("%d sequences stand on a node, %d are counted", pins[k], k.pins)
			}
			if k.pins == 0 {
				loose += c.pager.BlockBytes(model.Full)
			}
			if k.windowed != 0 {
				loose += c.pager.BlockBytes(model.Windowed)
			}
			for _, other := range n.children[:i] {
				if m := common(other.ids, k.ids); m == min(len(other.ids), len(k.ids)) {
					w.t.Fatalf("two children of which one begins the other: %d and %d tokens", len(other.ids), len(k.ids))
				}
			}
			visit(k)
		}
	}
	visit(&c.root)
	listed := 0
	older := map[*node]bool{}
	for n := c.byUse.newer; n != &c.byUse; n = n.newer {
		if listed++; older[n.parent] {
			w.t.Fatal("a block was used later than what stands on it")
		}
		older[n] = true
	}
	if nodes != c.nodes || listed != nodes || loose != c.loose {
		w.t.Fatalf("%d nodes, %d counted, %d listed; %d bytes loose, %d counted", nodes, c.nodes, listed, loose, c.loose)
	}
}
