package cpu

import (
	"encoding/binary"
	"fmt"
	"math"

	"ossian/internal/kernel"
	"ossian/internal/model"
)

var _ model.Pager = (*Backend)(nil)

// block is a part of BlockTokens positions: a page of each layer that the part is of.
type block struct {
	part  model.Part
	pages []*page
}

// A block is a page in every layer.
const _ = uint(model.BlockTokens-kernel.PageSlots) + uint(kernel.PageSlots-model.BlockTokens)

// Bytes is the memory of a sequence of n positions.
func (b *Backend) Bytes(n int) int64 { return KVBytes(b.cfg, b.opt.Chunk, n) }

// BlockBytes is the memory of a part of a block.
func (b *Backend) BlockBytes(p model.Part) int64 { return int64(b.layersOf(p)) * b.pageBytes() }

func (b *Backend) layersOf(p model.Part) (n int) {
	for i := range b.cfg.Layer {
		if b.partOf(i) == p {
			n++
		}
	}
	return n
}

func (b *Backend) partOf(layer int) model.Part {
	if b.cfg.Layer[layer].Window > 0 {
		return model.Windowed
	}
	return model.Full
}

// Keep holds a part of block i of a sequence.
func (b *Backend) Keep(id model.Seq, i int, part model.Part) (model.Block, error) {
	s := b.seqs[id]
	if s == nil {
		return 0, &UnknownSeqError{id}
	}
	if i < 0 || i*kernel.PageSlots >= s.len {
		return 0, &BlockError{fmt.Sprintf("sequence %d holds %d positions, none of block %d", id, s.len, i)}
	}
	k := &block{part: part}
	for n, table := range s.pages {
		if b.partOf(n) != part {
			continue
		}
		p := table[i%len(table)]
		if p == nil || i+len(table) <= (s.furthest-1)/kernel.PageSlots {
			return 0, &BlockError{fmt.Sprintf("sequence %d has forgotten what the window of layer %d saw of block %d", id, n, i)}
		}
		k.pages = append(k.pages, p)
	}
	had := s.promised(b.cfg)
	k.hold(1)
	if err := b.room(s.cap, s.promised(b.cfg)-had); err != nil {
		k.hold(-1)
		return 0, err
	}
	return b.addBlock(k), nil
}

func (k *block) hold(n int) {
	for _, p := range k.pages {
		p.held += n
	}
}

func (b *Backend) addBlock(k *block) model.Block {
	for b.nextBlock++; b.blocks[b.nextBlock] != nil || b.nextBlock == 0; b.nextBlock++ {
	}
	b.blocks[b.nextBlock] = k
	return b.nextBlock
}

// Share lets a sequence hold k in place of its own pages of block i.
func (b *Backend) Share(id model.Seq, i int, name model.Block) error {
	s, k := b.seqs[id], b.blocks[name]
	switch {
	case s == nil:
		return &UnknownSeqError{id}
	case k == nil || k.part != model.Full:
		return &BlockError{fmt.Sprintf("there is no full part %d", name)}
	case i < 0 || (i+1)*kernel.PageSlots > s.len:
		return &BlockError{fmt.Sprintf("sequence %d holds %d positions, not all of block %d", id, s.len, i)}
	}
	b.put(s, i, k)
	return nil
}

// put lets s hold the pages of k as block i.
func (b *Backend) put(s *sequence, i int, k *block) {
	k.hold(1)
	at := 0
	for n, table := range s.pages {
		if b.partOf(n) == k.part {
			b.set(s, n, i%len(table), k.pages[at])
			at++
		}
	}
}

// Resume makes a sequence that begins with n positions of shared blocks.
func (b *Backend) Resume(capacity, n int, full, windowed []model.Block) (model.Seq, error) {
	s, err := b.newSequence(capacity)
	if err != nil {
		return 0, err
	}
	if err := b.checkBlocks(capacity, n, full, windowed); err != nil {
		return 0, err
	}
	for i, name := range full {
		b.put(s, i, b.blocks[name])
	}
	for i, name := range windowed { // oldest first: where a ring is shorter, the latest stay
		b.put(s, len(full)-len(windowed)+i, b.blocks[name])
	}
	s.len, s.furthest, s.base, s.grown = n, n, n, len(full)
	if err := b.room(capacity, s.promised(b.cfg)); err != nil {
		b.dropAll(s)
		return 0, err
	}
	return b.add(s), nil
}

func (b *Backend) checkBlocks(capacity, n int, full, windowed []model.Block) error {
	seen := 0 // blocks that the next position sees through a window
	if n > 0 {
		seen = pagesFor(n) - max(0, n-b.cfg.Widest()+1)/kernel.PageSlots
		if b.cfg.Widest() == 0 {
			seen = 0
		}
	}
	if n < 0 || n > capacity || len(full) != pagesFor(n) || len(windowed) < seen || len(windowed) > len(full) {
		return &BlockError{fmt.Sprintf("%d positions of %d in %d full and %d windowed parts", n, capacity, len(full), len(windowed))}
	}
	for p, names := range [][]model.Block{model.Full: full, model.Windowed: windowed} {
		for _, name := range names {
			if k := b.blocks[name]; k == nil || k.part != model.Part(p) {
				return &BlockError{fmt.Sprintf("there is no such part %d", name)}
			}
		}
	}
	return nil
}

// Release lets go of a block.
func (b *Backend) Release(name model.Block) {
	k := b.blocks[name]
	if k == nil {
		return
	}
	delete(b.blocks, name)
	for _, p := range k.pages {
		b.drop(p)
	}
	if b.taken == 0 && b.opt.MaxBytes == 0 && b.bound == 0 {
		b.trimPool()
	}
}

// Save writes a block's keys and values, layer by layer, as little-endian float32.
func (b *Backend) Save(name model.Block, to []byte) error {
	k := b.blocks[name]
	if k == nil || int64(len(to)) != b.BlockBytes(k.part) {
		return &BlockError{fmt.Sprintf("block %d does not have %d bytes", name, len(to))}
	}
	for _, p := range k.pages {
		for _, half := range [2][]float32{p.k, p.v} {
			for i, x := range half {
				binary.LittleEndian.PutUint32(to[4*i:], math.Float32bits(x))
			}
			to = to[4*len(half):]
		}
	}
	return nil
}

// Load makes a block of what Save wrote.
func (b *Backend) Load(part model.Part, from []byte) (model.Block, error) {
	if b.team == nil {
		return 0, &ClosedError{}
	}
	if int64(len(from)) != b.BlockBytes(part) {
		return 0, &BlockError{fmt.Sprintf("%d bytes for a block of %d", len(from), b.BlockBytes(part))}
	}
	n := b.layersOf(part)
	if err := b.room(kernel.PageSlots, n); err != nil {
		return 0, err
	}
	k := &block{part: part}
	for range n {
		p := b.page()
		for _, half := range [2][]float32{p.k, p.v} {
			for i := range half {
				half[i] = math.Float32frombits(binary.LittleEndian.Uint32(from[4*i:]))
			}
			from = from[4*len(half):]
		}
		k.pages = append(k.pages, p)
	}
	return b.addBlock(k), nil
}
