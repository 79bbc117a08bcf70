package cpu

import (
	"ossian/internal/kernel"
	"ossian/internal/model"
)

// sequence is the state of one conversation: what its tokens left in every layer.
type sequence struct {
	len, cap int
	furthest int         // positions ever written to: a ring has lost what lies its length before
	base     int         // positions it began with; what a ring would need of fewer it never had
	grown    int         // pages a full layer has
	pages    [][]*page   // by layer
	kv       []kernel.KV // views of pages
	inBatch  bool        // only while a batch is checked
}

// NewSeq reserves room for capacity positions; pages are taken as they fill.
func (b *Backend) NewSeq(capacity int) (model.Seq, error) {
	return b.Resume(capacity, 0, nil, nil)
}

// newSequence has tables for capacity positions, and no pages.
func (b *Backend) newSequence(capacity int) (*sequence, error) {
	if b.team == nil {
		return nil, &ClosedError{}
	}
	if capacity < 1 || capacity > b.cfg.MaxContext {
		return nil, &ContextError{capacity, b.cfg.MaxContext}
	}
	s := &sequence{pages: make([][]*page, b.cfg.Layers), kv: make([]kernel.KV, b.cfg.Layers)}
	for n := range s.kv {
		s.kv[n] = kernel.KV{Heads: b.cfg.KVHeads, HeadDim: b.cfg.HeadDim}
	}
	s.resize(b, capacity)
	return s, nil
}

// resize makes the tables fit. A ring that is shorter than it may become has a page for each PageSlots
// positions so far, so none changes its place.
func (s *sequence) resize(b *Backend, capacity int) {
	s.cap = capacity
	for n := range s.pages {
		if more := pages(b.cfg, n, capacity, b.opt.Chunk) - len(s.pages[n]); more > 0 {
			s.pages[n] = append(s.pages[n], make([]*page, more)...)
			s.kv[n].K, s.kv[n].V = append(s.kv[n].K, make([][]float32, more)...), append(s.kv[n].V, make([][]float32, more)...)
		}
	}
}

// add gives a sequence that is complete its name.
func (b *Backend) add(s *sequence) model.Seq {
	for b.nextSeq++; b.seqs[b.nextSeq] != nil || b.nextSeq == 0; b.nextSeq++ {
	}
	b.seqs[b.nextSeq] = s
	return b.nextSeq
}

// Grow gives a sequence room for capacity positions in all. Fewer than it has room for gives room back.
func (b *Backend) Grow(id model.Seq, capacity int) error {
	s := b.seqs[id]
	if s == nil {
		return &UnknownSeqError{id}
	}
	if capacity < max(1, s.len) || capacity > b.cfg.MaxContext {
		return &ContextError{capacity, b.cfg.MaxContext}
	}
	before, had := s.cap, s.promised(b.cfg)
	s.resize(b, capacity)
	more := s.promised(b.cfg) - had
	s.cap = before
	if err := b.room(capacity, more); err != nil {
		return err
	}
	s.cap = capacity
	return nil
}

// promised is how many pages s may take as it fills: for positions that have none, and in place of shared
// ones where it is going to write, perhaps after being cut as far back as it always can be.
func (s *sequence) promised(cfg *model.Config) int {
	if s.len == s.cap {
		return 0
	}
	from, to := max(0, min(s.len, s.furthest-model.Rewind))/kernel.PageSlots, pagesFor(s.cap)
	n := 0
	for i, table := range s.pages {
		lack := 0
		if cfg.Layer[i].Window > 0 {
			for _, p := range table {
				if p == nil || p.held > 1 {
					lack++
				}
			}
			lack = min(lack, to-from)
		} else {
			lack = max(0, to-max(from, s.grown))
			for _, p := range table[from:min(to, max(from, s.grown))] {
				if p.held > 1 {
					lack++
				}
			}
		}
		n += lack
	}
	return n
}

// FreeSeq gives the room back; the pages are kept for the next sequence.
func (b *Backend) FreeSeq(id model.Seq) {
	s := b.seqs[id]
	if s == nil {
		return
	}
	delete(b.seqs, id)
	b.dropAll(s)
	if b.taken == 0 && b.opt.MaxBytes == 0 && b.bound == 0 {
		b.trimPool()
	}
}

func (b *Backend) dropAll(s *sequence) {
	for _, table := range s.pages {
		for _, p := range table {
			b.drop(p)
		}
	}
}

// Len is the number of positions a sequence holds; 0 if there is none of that name.
func (b *Backend) Len(id model.Seq) int {
	if s := b.seqs[id]; s != nil {
		return s.len
	}
	return 0
}

// set puts a page at its place in layer i, and lets go of the one that was there.
func (b *Backend) set(s *sequence, i, at int, p *page) {
	b.drop(s.pages[i][at])
	s.pages[i][at], s.kv[i].K[at], s.kv[i].V[at] = p, p.k, p.v
}

// grow makes sure that the pages of positions up to n-1, which are about to be written, exist and are
// held by s alone.
func (b *Backend) grow(s *sequence, n int) {
	s.furthest = max(s.furthest, n)
	last := (n - 1) / kernel.PageSlots
	s.grown = max(s.grown, last+1)
	for i, table := range s.pages {
		for p := s.len / kernel.PageSlots; p <= last; p++ {
			at := p % len(table)
			if old := table[at]; old == nil || old.held > 1 {
				fresh := b.page()
				if p*kernel.PageSlots < s.len { // goes on in the middle of it
					copy(fresh.k, old.k)
					copy(fresh.v, old.v)
				}
				b.set(s, i, at, fresh)
			}
		}
	}
}

// snapshot copies the rings of s, which a step of more than one pass overwrites; restore puts
// them back. A sequence without a past needs neither.
func (s *sequence) snapshot(cfg *model.Config) (restore func()) {
	if s.len == 0 {
		return func() { s.furthest = 0 }
	}
	furthest := s.furthest
	type saved struct {
		layer, at int
		k, v      []float32
	}
	var all []saved
	for n, table := range s.pages {
		if cfg.Layer[n].Window == 0 {
			continue
		}
		for at, p := range table {
			if p != nil {
				all = append(all, saved{n, at, append([]float32(nil), p.k...), append([]float32(nil), p.v...)})
			}
		}
	}
	return func() {
		for _, c := range all { // into a page of s alone, or a shared one that was not written to
			p := s.pages[c.layer][c.at]
			copy(p.k, c.k)
			copy(p.v, c.v)
		}
		s.furthest = furthest
	}
}
