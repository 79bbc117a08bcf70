package engine

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"ossian/internal/kv"
	"ossian/internal/model"
	"ossian/internal/sample"
)

// sequence is a request under way. The scheduler owns it; the caller of Generate has the news,
// and may leave.
type sequence struct {
	ctx     context.Context // of the caller
	req     Request
	most    int      // tokens to generate
	ids     []uint32 // the prompt and what was chosen behind it; the last is yet to be stepped
	sampler *sample.Sampler
	draft   *drafter // nil: no guesses
	tenant  *tenant
	order   int // of arrival
	turn    int // among the waiting of its key
	place   int // in the queue, as told; from 1

	news  news
	state atomic.Int32  // waits, runs or left
	left  atomic.Bool   // the caller has, or has been told to
	freed chan struct{} // closed when nothing is held any more

	// While it runs.
	seq   model.Seq
	holds bool // seq
	path  kv.Path
	room  int  // positions it may take at present
	read  int  // of ids: positions the backend holds
	fresh int  // prompt tokens reported as read
	step  int  // tokens of ids in the step under way
	guess int  // and of guesses behind them
	reads bool // scratch of deal: it wants more
	rows  []float32

	res   Result
	err   error
	asked time.Time // when Generate was called
	began time.Time // the first step
	wrote time.Time // the end of the prompt's last step
}

// A sequence waits until the scheduler lets it in or its caller leaves, whoever is first. From then on
// what it comes to is the scheduler's to say.
const (
	waits int32 = iota
	runs
	left
)

// begins says whether q, which has waited, may still be let in.
func (q *sequence) begins() bool {
	return q.state.CompareAndSwap(waits, runs) || q.state.Load() == runs
}

// gone says that nobody waits for what q comes to.
func (q *sequence) gone() bool { return q.left.Load() || q.ctx.Err() != nil }

// length is how many positions it may come to.
func (q *sequence) length() int { return len(q.req.Prompt) + q.most }

// written is how many tokens were generated.
func (q *sequence) written() int { return len(q.ids) - len(q.req.Prompt) }

// writes says that the next step gives the next token whatever else it does: only the latest token is
// unread. Else it reads, its prompt or again what it had been made to drop.
func (q *sequence) writes() bool { return q.read == len(q.ids)-1 }

// paused says that the caller is behind: what a step may yield would find no place.
func (q *sequence) paused() bool { return q.news.room() <= MaxDraft }

// choose samples the next token from a row, and puts its news out; done says that it was the last. A mask that
// panics ends its own sequence: the others are not its business.
func (s *scheduler) choose(q *sequence, row []float32) (id uint32, done bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("choosing token %d: %v", q.written(), r)
		}
	}()
	var mask sample.Mask
	if q.req.Mask != nil {
		mask = q.req.Mask.Mask()
	}
	tok, err := q.sampler.Sample(row, s.valid, mask)
	if err != nil {
		return 0, false, err
	}
	if q.req.Mask != nil {
		q.req.Mask.Accept(tok.ID)
	}
	n := q.written()
	if n == 0 {
		q.res.Timings.FirstToken = s.now().Sub(q.asked)
	}
	q.ids = append(q.ids, tok.ID)
	if q.draft != nil {
		q.draft.note(tok.ID)
	}
	q.tenant.served += output
	s.stats.Generated++
	stop := slices.Contains(q.req.Stop, tok.ID)
	switch {
	case stop:
		q.res.Finish, q.res.StopID, q.res.HasStop = FinishStop, tok.ID, true
	case n+1 < q.most:
		q.news.put(Event{IsToken: true, Token: tok, Index: n})
		return tok.ID, false, nil
	case q.req.MaxTokens == 0:
		q.res.Finish = FinishContext
	default:
		q.res.Finish = FinishLength
	}
	q.news.last(Event{IsToken: true, Token: tok, Index: n, Stop: stop})
	return tok.ID, true, nil
}
