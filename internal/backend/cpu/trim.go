package cpu

import (
	"fmt"

	"ossian/internal/kernel"
	"ossian/internal/model"
)

// Trim forgets the positions of a sequence from n on. Nothing is moved: what lies behind
// the new end is never read before it is written again. The pages stay with the sequence. A cut of more
// than Rewind in a sequence that shares pages wants room for those that it will write to.
func (b *Backend) Trim(id model.Seq, n int) error {
	if b.team == nil {
		return &ClosedError{}
	}
	s := b.seqs[id]
	if s == nil {
		return &UnknownSeqError{id}
	}
	if least := s.least(b.cfg); n != 0 && n < least || n < 0 || n > s.len {
		return &TrimError{Seq: id, Len: s.len, To: n, Least: least}
	}
	length, had := s.len, s.promised(b.cfg)
	s.len = n
	if err := b.room(s.cap, s.promised(b.cfg)-had); err != nil {
		s.len = length
		return err
	}
	if n == 0 {
		s.furthest, s.base = 0, 0
	}
	return nil
}

// least is the shortest that s can be cut to without losing all: the next token sees
// window-1 positions, and of these no ring may have used the page again.
func (s *sequence) least(cfg *model.Config) int {
	least, last := s.base, (s.furthest-1)/kernel.PageSlots
	for i := range s.kv {
		w := cfg.Layer[i].Window
		if lost := last + 1 - len(s.kv[i].K); w > 0 && lost > 0 {
			least = max(least, lost*kernel.PageSlots+w-1)
		}
	}
	return least
}

// TrimError says that a sequence cannot be cut to a length.
type TrimError struct {
	Seq     model.Seq
	Len, To int
	Least   int // the shortest it can be cut to, but for 0
}

func (e *TrimError) Error() string {
	if e.To < 0 || e.To > e.Len {
		return fmt.Sprintf("cpu backend: sequence %d holds %d positions, it cannot be cut to %d", e.Seq, e.Len, e.To)
	}
	return fmt.Sprintf("cpu backend: sequence %d has forgotten what position %d would see; it can be cut to %d..%d, or to 0 and be read again",
		e.Seq, e.To, e.Least, e.Len)
}
