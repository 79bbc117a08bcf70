package engine

import (
	"context"
	"time"

	"ossian/internal/kv"
	"ossian/internal/model"
	"ossian/internal/sample"
)

// scheduler decides what each step of the backend holds, and takes in what comes of it. It knows no
// goroutines: somebody calls add and step, and nobody else touches what it owns.
type scheduler struct {
	backend model.Backend
	pager   model.Pager // nil: room is given whole, and nothing is shared
	cache   *kv.Cache   // nil: nothing is kept
	vocab   int
	chunk   int // most tokens of a step
	shared  int // most prompt tokens of a step that others wait for
	slots   int // most sequences at once
	drafts  int // most tokens to guess ahead
	stride  int // positions of room at a time
	valid   sample.Mask
	now     func() time.Time

	queue   queue
	running []*sequence // in the order they were let in
	crowded bool        // one had to be put back: nobody is let in until one ends
	ledger  ledger
	spare   []*drafter
	stats   Stats
	took    recent // seconds that requests ran

	ended   []*sequence // whose callers are yet to be told
	part    []*sequence // of the step under way
	items   []model.Item
	logits  []float32
	arrived int
}

// add takes in a request.
func (s *scheduler) add(q *sequence) {
	s.arrived++
	q.order = s.arrived
	s.queue.arrive(q)
}

// idle says that there is nothing to do, and nothing to wait for.
func (s *scheduler) idle() bool { return len(s.running) == 0 && len(s.queue.waiting) == 0 }

// step does the next piece of work. It says no when there is none until a caller takes its news,
// leaves or comes.
func (s *scheduler) step(ctx context.Context, begins func([]*sequence)) bool {
	s.sweep()
	s.admit()
	s.queue.tell()
	s.extend()
	s.plan()
	if len(s.part) == 0 {
		return false
	}
	if begins != nil {
		begins(s.part)
	}
	s.run(ctx, s.part)
	return true
}

// sweep ends the sequences whose callers have left.
func (s *scheduler) sweep() {
	for _, list := range [2][]*sequence{s.running, s.queue.waiting} {
		for i := len(list) - 1; i >= 0; i-- {
			if q := list[i]; q.gone() {
				s.end(q, nil)
			}
		}
	}
}

// run steps the backend with what was planned for some sequences.
func (s *scheduler) run(ctx context.Context, part []*sequence) {
	s.items = s.items[:0]
	rows := 0
	for _, q := range part {
		if q.asks() {
			rows += 1 + q.guess
		}
	}
	logits := s.rows(rows)
	for _, q := range part {
		it := model.Item{Seq: q.seq, Tokens: q.ids[q.read : q.read+q.step+q.guess]}
		q.rows = nil
		if q.asks() {
			n := (1 + q.guess) * s.vocab
			it.Logits, q.rows = logits[:n], logits[:n]
			logits = logits[n:]
		}
		s.items = append(s.items, it)
	}
	began := s.now()
	err := s.backend.Step(ctx, s.items)
	now := s.now()
	s.stats.Steps++
	if err != nil {
		s.failed(ctx, part, err)
		return
	}
	for _, q := range part {
		s.stepped(q, len(part) == 1, now, now.Sub(began))
	}
}

// failed finds out whom an error of a step concerns: each is stepped alone. A step that was called
// off concerns nobody; it is planned again without those who left.
func (s *scheduler) failed(ctx context.Context, part []*sequence, err error) {
	switch {
	case ctx.Err() != nil:
	case len(part) == 1:
		s.end(part[0], err)
	default:
		for i := range part {
			s.run(ctx, part[i:i+1])
		}
	}
}

// rows is room for so many rows of logits. It keeps nothing of what was there.
func (s *scheduler) rows(n int) []float32 {
	if n *= s.vocab; n > len(s.logits) {
		s.logits = make([]float32, n)
	}
	return s.logits[:n]
}

// asks says whether the step gives logits: it reaches the latest token.
func (q *sequence) asks() bool { return q.read+q.step == len(q.ids) }

// stepped takes in what a step gave one sequence: more of the prompt is read, or tokens are chosen while they
// are what was guessed.
func (s *scheduler) stepped(q *sequence, alone bool, now time.Time, took time.Duration) {
	first := q.written() == 0
	wrote, guess := !first && q.writes(), q.guess
	q.read += q.step
	if first {
		s.heard(q, now)
	}
	if wrote {
		q.res.Drafts.Steps++
		q.res.Drafts.Drafted += guess
	} else {
		q.tenant.served += float64(q.step)
		s.stats.Read += q.step
	}
	if q.rows == nil {
		s.follow(q)
		return
	}
	right := 0
	for rows := q.rows; ; rows = rows[s.vocab:] {
		next := uint32(0)
		if right < guess {
			next = q.ids[:len(q.ids)+1][len(q.ids)] // choose puts its own in that place
		}
		id, done, err := s.choose(q, rows[:s.vocab])
		if err != nil || done {
			if err == nil && right < guess && id == next {
				q.res.Drafts.Accepted++
			}
			s.end(q, err)
			return
		}
		if right == guess || id != next {
			break
		}
		right++
		q.res.Drafts.Accepted++
	}
	if wrote && alone && q.draft != nil {
		q.draft.stepped(guess+1, right+1, took)
	}
	q.read += right
	if right < guess {
		if err := s.backend.Trim(q.seq, q.read); err != nil {
			s.end(q, err)
			return
		}
	}
	s.follow(q)
}

// heard reports how much of the prompt is read.
func (s *scheduler) heard(q *sequence, now time.Time) {
	if q.read > q.fresh {
		q.fresh = q.read
		q.news.put(Event{Prefill: q.read, PromptTokens: len(q.req.Prompt), Cached: q.res.Prefix.Cached})
	}
	if q.read == len(q.req.Prompt) {
		q.wrote = now
		q.res.Timings.Prefill = now.Sub(q.began)
		q.sampler.Prompt(q.req.Prompt)
	}
}

// end takes a sequence out, for its own end, an error, or because its caller has left.
func (s *scheduler) end(q *sequence, err error) {
	now := s.now()
	switch {
	case q.began.IsZero():
		q.res.Timings.Wait = now.Sub(q.asked)
	case q.wrote.IsZero():
		q.res.Timings.Prefill = now.Sub(q.began)
	default:
		q.res.Timings.Decode = now.Sub(q.wrote)
	}
	s.release(q, err)
	if q.draft != nil {
		s.spare = append(s.spare, q.draft)
		q.draft = nil
	}
	s.queue.leave(q)
	s.crowded = false
	if !q.began.IsZero() {
		s.took.add(now.Sub(q.began).Seconds())
	}
	if q.gone() {
		s.stats.Left++
	}
	s.stats.Ended++
	q.err = err
	q.news.end()
	s.ended = append(s.ended, q)
}

// settle lets the callers of those who ended go. Nothing of theirs is held any more.
func (s *scheduler) settle() {
	for _, q := range s.ended {
		close(q.freed)
	}
	clear(s.ended)
	s.ended = s.ended[:0]
}
