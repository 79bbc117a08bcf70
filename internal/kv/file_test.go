package kv

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"ossian/internal/backend/cpu"
	"ossian/internal/model"
)

// talk lets a sequence of ids run and end, and gives the row of its last token and what it began with.
func talk(t *testing.T, b *cpu.Backend, c *Cache, ids []uint32) (row []float32, m Match) {
	t.Helper()
	m = c.Match(ids[:len(ids)-1])
	s, path, err := c.Resume(len(ids), m)
	if err != nil {
		t.Fatal(err)
	}
	path.Prompt = len(ids)
	row = make([]float32, b.Config().Vocab)
	if err := b.Step(context.Background(), []model.Item{{Seq: s, Tokens: ids[m.Tokens:], Logits: row}}); err != nil {
		t.Fatal(err)
	}
	c.End(&path, s, ids)
	b.FreeSeq(s)
	return row, m
}

// TestFile saves a tree and restores it elsewhere: what was known is known again and gives the same rows, in
// less room the latest of it, and a damaged file gives less, never something else.
func TestFile(t *testing.T) {
	for _, name := range []string{"window", "wide"} {
		b := open(t, name, cpu.Options{Chunk: 512})
		c := New(b)
		r := rand.New(rand.NewPCG(1, 2))
		w := walk{t: t, r: r, b: b}
		system := w.text(150)
		var said [][]uint32
		for range 6 {
			said = append(said, slices.Concat(system, w.text(1+r.IntN(200))))
			talk(t, b, c, said[len(said)-1])
		}
		var file bytes.Buffer
		if err := c.Save(&file, "a model", 1<<40); err != nil {
			t.Fatal(err)
		}
		restore := func(data []byte, bound int64) (*cpu.Backend, *Cache, error) {
			other := open(t, name, cpu.Options{Chunk: 512})
			other.Bound(bound)
			d := New(other)
			err := d.Restore(bytes.NewReader(data), "a model")
			(&walk{t: t, c: d}).sound()
			return other, d, err
		}
		other, d, err := restore(file.Bytes(), 1<<40)
		if err != nil || d.Blocks() != c.Blocks() {
			t.Fatalf("%v, %d blocks of %d", err, d.Blocks(), c.Blocks())
		}
		for _, ids := range said {
			want, before := talk(t, b, c, ids)
			got, m := talk(t, other, d, ids)
			if !slices.Equal(got, want) || m.Tokens != before.Tokens || m.Tokens < len(ids)-model.BlockTokens {
				t.Errorf("%s: of %d tokens %d are known after a restart, %d without", name, len(ids), m.Tokens, before.Tokens)
			}
		}
		_, d, err = restore(file.Bytes(), b.BlockBytes(model.Full)*3+b.BlockBytes(model.Windowed)*2)
		if err != nil || d.Blocks() == 0 || d.Blocks() > 5 {
			t.Errorf("%v, %d blocks in room for three", err, d.Blocks())
		}
		var part bytes.Buffer
		if err := c.Save(&part, "a model", 2*(b.BlockBytes(model.Full)+b.BlockBytes(model.Windowed))); err != nil || part.Len() >= file.Len()/2 {
			t.Errorf("%v, %d bytes of %d", err, part.Len(), file.Len())
		}
		if err := New(b).Restore(bytes.NewReader(file.Bytes()), "another"); !errors.As(err, new(*FileError)) {
			t.Error(err)
		}
		for range 40 {
			data := slices.Clone(file.Bytes())
			if r.IntN(4) == 0 {
				data = data[:r.IntN(len(data))]
			} else {
				data[r.IntN(len(data))] ^= 1 << r.IntN(8)
			}
			other, d, err := restore(data, 1<<40)
			if !errors.As(err, new(*FileError)) {
				t.Fatalf("%s: damage was not noticed: %v", name, err)
			}
			got, _ := talk(t, other, d, said[0])
			if want, _ := talk(t, b, c, said[0]); !slices.Equal(got, want) {
				t.Fatalf("%s: a damaged file gives another row", name)
			}
			d.Clear()
			other.Close()
		}
	}
}
