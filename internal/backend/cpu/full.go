package cpu

import "ossian/internal/model"

// Full takes all that a sequence may come to take and writes to it, as if its context were full, but
// computes nothing: what a plan says is measured with it. What the sequence then holds means nothing; free it.
func (b *Backend) Full(id model.Seq) error {
	s := b.seqs[id]
	if s == nil {
		return &UnknownSeqError{id}
	}
	b.grow(s, s.cap)
	for _, table := range s.pages {
		for _, p := range table {
			if p != nil {
				clear(p.k)
				clear(p.v)
			}
		}
	}
	return nil
}
