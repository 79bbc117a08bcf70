package cpu

import (
	"ossian/internal/kernel"
	"ossian/internal/mem"
	"ossian/internal/model"
)

// sequence is the state of one conversation: what its tokens left in every layer.
type sequence struct {
	len, cap int
	furthest int   // positions ever written to: a ring has lost what lies its length before
	bytes    int64 // reserved for it
	kv       []kernel.KV
	inBatch  bool // only while a batch is checked
}

// pages is how many pages of keys layer n needs for capacity positions. A ring holds
// window-1 old positions beside a pass or what Trim may take back, wherever in a page that begins.
func pages(cfg *model.Config, n, capacity, chunk int) int {
	full := (capacity + kernel.PageSlots - 1) / kernel.PageSlots
	if w := cfg.Layer[n].Window; w > 0 {
		return min(full, (w-1+max(chunk, model.Rewind)+kernel.PageSlots-2)/kernel.PageSlots+1)
	}
	return full
}

// NewSeq reserves room for capacity positions; pages are taken as they fill.
func (b *Backend) NewSeq(capacity int) (model.Seq, error) {
	if b.team == nil {
		return 0, &ClosedError{}
	}
	if capacity < 1 || capacity > b.cfg.MaxContext {
		return 0, &ContextError{capacity, b.cfg.MaxContext}
	}
	need := KVBytes(b.cfg, b.opt.Chunk, capacity)
	if limit, known := b.limit(); known && need > limit-b.reserved {
		return 0, &MemoryError{Capacity: capacity, Need: need, Reserved: b.reserved, Limit: limit}
	}
	s := &sequence{cap: capacity, bytes: need, kv: make([]kernel.KV, b.cfg.Layers)}
	for n := range s.kv {
		p := pages(b.cfg, n, capacity, b.opt.Chunk)
		s.kv[n] = kernel.KV{Heads: b.cfg.KVHeads, HeadDim: b.cfg.HeadDim, K: make([][]float32, p), V: make([][]float32, p)}
	}
	for b.nextSeq++; b.seqs[b.nextSeq] != nil || b.nextSeq == 0; b.nextSeq++ {
	}
	b.seqs[b.nextSeq] = s
	b.reserved += need
	return b.nextSeq, nil
}

// limit is how many bytes of keys and values there may be in all.
func (b *Backend) limit() (int64, bool) {
	if b.opt.MaxBytes > 0 {
		return b.opt.MaxBytes, true
	}
	free, ok := mem.Available()
	taken := int64(0) // pages in use are no longer available, but they are reserved
	for _, s := range b.seqs {
		for n := range s.kv {
			for _, p := range s.kv[n].K {
				taken += int64(len(p)) * 8
			}
		}
	}
	return free + taken + int64(len(b.pool))*int64(b.pageFloats())*4, ok
}

// FreeSeq gives the room back; the pages are kept for the next sequence.
func (b *Backend) FreeSeq(id model.Seq) {
	s := b.seqs[id]
	if s == nil {
		return
	}
	delete(b.seqs, id)
	b.reserved -= s.bytes
	for n := range s.kv {
		for _, half := range [][][]float32{s.kv[n].K, s.kv[n].V} {
			for _, p := range half {
				if p != nil {
					b.pool = append(b.pool, p)
				}
			}
		}
	}
	if len(b.seqs) == 0 && b.opt.MaxBytes == 0 {
		b.trimPool()
	}
}

// trimPool lets go of pages beyond what a short conversation uses.
func (b *Backend) trimPool() {
	const keep = 64 << 20
	if n := keep / (b.pageFloats() * 4); len(b.pool) > n {
		clear(b.pool[n:])
		b.pool = b.pool[:n]
	}
}

func (b *Backend) pageFloats() int { return kernel.PageFloats(b.cfg.KVHeads, b.cfg.HeadDim) }

// Len is the number of positions a sequence holds; 0 if there is none of that name.
func (b *Backend) Len(id model.Seq) int {
	if s := b.seqs[id]; s != nil {
		return s.len
	}
	return 0
}

// grow makes sure that the pages of positions up to n-1 exist, which are about to be written.
func (b *Backend) grow(s *sequence, n int) {
	s.furthest = max(s.furthest, n)
	last := (n - 1) / kernel.PageSlots
	for i := range s.kv {
		kv := &s.kv[i]
		for p := s.len / kernel.PageSlots; p <= last; p++ {
			if at := p % len(kv.K); kv.K[at] == nil {
				kv.K[at], kv.V[at] = b.page(), b.page()
			}
		}
	}
}

func (b *Backend) page() []float32 {
	if n := len(b.pool) - 1; n >= 0 {
		p := b.pool[n]
		b.pool[n] = nil
		b.pool = b.pool[:n]
		return p
	}
	return make([]float32, b.pageFloats())
}

// snapshot copies the rings of s, which a step of more than one pass overwrites; restore puts
// them back. A sequence without a past needs neither.
func (s *sequence) snapshot(cfg *model.Config) (restore func()) {
	if s.len == 0 {
		return func() { s.furthest = 0 }
	}
	furthest := s.furthest
	type saved struct{ to, from []float32 }
	var all []saved
	for n := range s.kv {
		if cfg.Layer[n].Window == 0 {
			continue
		}
		for _, half := range [][][]float32{s.kv[n].K, s.kv[n].V} {
			for _, p := range half {
				if p != nil {
					all = append(all, saved{p, append([]float32(nil), p...)})
				}
			}
		}
	}
	return func() {
		for _, c := range all {
			copy(c.to, c.from)
		}
		s.furthest = furthest
	}
}
