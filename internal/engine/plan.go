package engine

// portion is how many prompt tokens are dealt out at a time.
const portion = 16

// plan deals out the next step. Who writes gets a token, and guesses if nobody else is there. Who reads shares
// what is left of the step: keys in turn and within a key requests in turn, portion by portion, so that a
// short prompt is read at once beside a long one. While somebody writes, reading
// gets less: an answer never waits longer than that takes.
func (s *scheduler) plan() {
	s.part = s.part[:0]
	writers := 0
	for _, q := range s.running {
		q.step, q.guess, q.reads = 0, 0, false
		switch {
		case q.paused():
		case q.writes():
			q.step = 1
			writers++
		default:
			q.reads = true
		}
	}
	if writers == 1 && len(s.running) == 1 && len(s.queue.waiting) == 0 {
		s.speculate(s.running[0])
	}
	left := s.chunk - writers
	if writers > 0 {
		left = min(left, s.shared)
	}
	s.deal(max(0, left))
	for _, q := range s.running {
		if q.step > 0 {
			s.part = append(s.part, q)
			if q.began.IsZero() {
				q.began = s.now()
				q.res.Timings.Wait = q.began.Sub(q.asked)
			}
		}
	}
}

// deal gives those who read their shares of so many tokens.
func (s *scheduler) deal(left int) {
	for dealt := true; dealt && left > 0; {
		dealt = false
		for _, q := range s.running {
			q.tenant.dealt = false
		}
		for _, q := range s.running {
			if q.tenant.dealt || !q.reads {
				continue
			}
			for _, other := range s.running {
				if other.tenant == q.tenant && other.reads && other.step < q.step {
					q = other
				}
			}
			n := min(portion, left, len(q.ids)-q.read-q.step)
			q.step += n
			q.reads = q.read+q.step < len(q.ids)
			left -= n
			q.tenant.dealt, dealt = true, dealt || n > 0
		}
	}
}

// speculate puts a guess behind the latest token of a sequence that has the backend to itself.
func (s *scheduler) speculate(q *sequence) {
	if q.draft == nil || q.written() == 0 { // its prompt was known but for one token
		return
	}
	room := min(q.most-q.written()-1, q.room-len(q.ids))
	q.guess = copy(q.ids[len(q.ids):cap(q.ids)], q.draft.propose(room, q.req.Stop))
}
