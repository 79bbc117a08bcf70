package engine

import (
	"errors"
	"fmt"
	"slices"

	"ossian/internal/model"
)

// stride is how many positions a sequence is given room for at a time, beyond what it holds: more than
// a step takes. Nobody says how long an answer will be, so room for all that it could come to would lie idle.
const stride = 256

// admit lets in who comes next, while there are slots and room.
func (s *scheduler) admit() {
	for at := 0; len(s.running) < s.slots && !s.crowded; {
		q := s.queue.next(at)
		if q == nil {
			return
		}
		if s.sharing(q) || !q.begins() {
			at++
			continue
		}
		err := s.start(q)
		if errors.Is(err, model.ErrNoRoom) && len(s.running) > 0 {
			return // until somebody ends
		}
		s.queue.admit(q)
		s.running = append(s.running, q)
		if err != nil {
			s.end(q, fmt.Errorf("taking room for %d tokens of context: %w", len(q.ids), err))
		} else if q.draft == nil && s.drafts > 0 && !q.req.NoDraft {
			q.draft = s.drafter(q)
		}
	}
}

// drafter is a spare one, for a sequence that begins.
func (s *scheduler) drafter(q *sequence) *drafter {
	var d *drafter
	if n := len(s.spare) - 1; n >= 0 {
		d, s.spare = s.spare[n], s.spare[:n]
	} else {
		d = &drafter{most: s.drafts, pay: pay{ledger: &s.ledger}}
	}
	d.begin(&q.req, q.length())
	return d
}

// sharing says that somebody who runs is just reading what q begins with: q had better wait
// for it than read the same beside it.
func (s *scheduler) sharing(q *sequence) bool {
	if s.cache == nil {
		return false
	}
	for _, r := range s.running {
		n := min(common(r.ids, q.ids), len(q.ids)-1)
		if whole := n / model.BlockTokens * model.BlockTokens; r.read < whole && !r.paused() {
			return true
		}
	}
	return false
}

func common(a, b []uint32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// start takes room for a sequence, and what of it is known already.
func (s *scheduler) start(q *sequence) (err error) {
	if s.cache == nil {
		q.room = q.length()
		q.seq, err = s.backend.NewSeq(q.room)
		q.holds = err == nil
		return err
	}
	q.room = min(q.length(), len(q.ids)+s.stride)
	for {
		m := s.cache.Match(q.ids[:len(q.ids)-1]) // the last token is stepped for its row
		if need := s.pager.Bytes(q.room) - m.Held; need > s.pager.Free()+s.cache.Loose() {
			return fmt.Errorf("%d bytes are wanted: %w", need, model.ErrNoRoom)
		}
		q.seq, q.path, err = s.cache.Resume(q.room, m)
		if errors.Is(err, model.ErrNoRoom) && s.cache.Evict() {
			continue
		}
		if err != nil {
			return err
		}
		q.holds, q.read, q.path.Prompt = true, m.Tokens, len(q.req.Prompt)
		if q.began.IsZero() { // not when it is read again
			q.res.Prefix = Prefix{Cached: m.Tokens, Known: m.Known, Differs: m.Differs, Was: m.Was}
			s.stats.Cached += m.Tokens
		}
		return nil
	}
}

// extend gives more room to those who need it for their next step.
func (s *scheduler) extend() {
	if s.cache == nil {
		return
	}
	for i := 0; i < len(s.running); {
		if s.widen(s.running[i]) {
			i++
		}
	}
}

// widen gives q more room. What the cache keeps goes first, then the sequence that was let in last is put
// back into the queue; it says whether q still runs.
func (s *scheduler) widen(q *sequence) bool {
	for need := min(q.length(), len(q.ids)+1+MaxDraft); q.room < need; {
		room := min(q.length(), len(q.ids)+s.stride)
		err := s.pager.Grow(q.seq, room)
		switch last := s.running[len(s.running)-1]; {
		case err == nil:
			q.room = room
		case errors.Is(err, model.ErrNoRoom) && s.cache.Evict():
		case errors.Is(err, model.ErrNoRoom) && len(s.running) > 1:
			s.putBack(last)
			if last == q {
				return false
			}
		default:
			s.end(q, err)
			return false
		}
	}
	return true
}

// follow lets the cache keep what a sequence has come to.
func (s *scheduler) follow(q *sequence) {
	if s.cache != nil {
		s.cache.Follow(&q.path, q.seq, q.ids[:q.read])
	}
}

// putBack lets a sequence wait again. It is read anew, as far as the cache could not keep it, and says what it would have said.
func (s *scheduler) putBack(q *sequence) {
	s.release(q, nil)
	q.read = 0
	s.queue.back(q)
	s.crowded = true
	s.stats.PutBack++
}

// release takes a sequence out of those that run, and gives its room back.
func (s *scheduler) release(q *sequence, err error) {
	if i := slices.Index(s.running, q); i >= 0 {
		s.running = slices.Delete(s.running, i, i+1)
	}
	if !q.holds {
		return
	}
	q.holds = false
	if s.cache != nil {
		ids := q.ids[:q.read]
		if err != nil || q.read == 0 || s.pager.Trim(q.seq, q.read) != nil || s.pager.Grow(q.seq, q.read) != nil {
			ids = nil
		}
		s.cache.End(&q.path, q.seq, ids)
	}
	s.backend.FreeSeq(q.seq)
}
