package engine

import (
	"context"
	"errors"
	"time"

	"ossian/internal/sample"
)

// Generate continues the request's prompt, calling yield for every piece of news.
// An error of yield ends the run and is returned as it is, ErrEnough excepted.
// When it returns, nothing of the request is held or computed any more.
func (e *Engine) Generate(ctx context.Context, req Request, yield func(Event) error) (Result, error) {
	res := Result{PromptTokens: len(req.Prompt)}
	asked := e.now()
	if err := e.check(&req); err != nil {
		return res, err
	}
	most, err := e.Fit(len(req.Prompt), req.MaxTokens)
	if err != nil {
		return res, err
	}
	sampler, err := sample.New(req.Sampling, e.vocab)
	if err != nil {
		return res, err
	}
	q := newSequence(req, most, sampler, asked)
	q.ctx = ctx
	if err := e.submit(q); err != nil {
		return res, err
	}
	heard, err := e.hear(ctx, q, yield)
	if q.state.Load() == left { // before anything was computed
		res.Finish, res.Timings.Wait = FinishCancelled, e.now().Sub(asked)
		return res, err
	}
	res = q.res
	res.Tokens = q.ids[len(req.Prompt):][:heard:heard]
	if heard < q.written() || errors.Is(err, ErrEnough) { // the engine was ahead of the consumer, who ended it
		res.Finish, res.StopID, res.HasStop = "", 0, false
	}
	switch res.CompletionTokens = heard; {
	case errors.Is(err, ErrEnough):
		res.Finish, err = FinishStop, nil
	case ctx.Err() != nil && res.Finish == "" && (err == nil || errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))):
		res.Finish, err = FinishCancelled, nil
	}
	return res, err
}

func newSequence(req Request, most int, sampler *sample.Sampler, asked time.Time) *sequence {
	q := &sequence{
		req: req, most: most, sampler: sampler, asked: asked,
		ids:   append(make([]uint32, 0, len(req.Prompt)+most), req.Prompt...),
		freed: make(chan struct{}),
		res:   Result{PromptTokens: len(req.Prompt)},
	}
	q.news.wake = make(chan struct{}, 1)
	return q
}

// hear passes the news of a sequence to yield until it has ended, and counts the tokens. What was computed
// before a cancellation is passed on too.
func (e *Engine) hear(ctx context.Context, q *sequence, yield func(Event) error) (heard int, err error) {
	defer func() {
		e.leave(q)
		if q.state.Load() == runs {
			<-q.freed
		}
	}()
	done := ctx.Done()
	for {
		ev, kind := q.news.next()
		switch {
		case kind == over:
			<-q.freed
			return heard, q.err
		case kind == nothing:
			select {
			case <-q.news.wake:
			case <-done:
				e.leave(q)
				if q.state.Load() == left {
					return 0, nil
				}
				done = nil
			}
			continue
		case ev.IsToken:
			heard++
		}
		err := yield(ev)
		if kind == fromRing && q.news.taken() {
			e.wake()
		}
		if err != nil {
			return heard, err
		}
	}
}

// submit hands a sequence to the scheduler, which it starts if none runs.
func (e *Engine) submit(q *sequence) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiting >= e.queue {
		retry := max(time.Second, e.took*time.Duration(e.waiting+1)/time.Duration(e.s.slots))
		return &BusyError{Waiting: e.waiting, RetryAfter: retry}
	}
	e.waiting++
	e.inbox = append(e.inbox, q)
	if !e.alive {
		e.alive = true
		go e.loop()
	} else {
		e.wake()
	}
	return nil
}

func (e *Engine) wake() {
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

// leave says that nobody waits for a sequence any more. A step that is mostly for such ones is called off.
func (e *Engine) leave(q *sequence) {
	q.state.CompareAndSwap(waits, left)
	q.left.Store(true)
	e.mu.Lock()
	e.callOff()
	e.mu.Unlock()
	e.wake()
}

// callOff ends the step under way if most of it is for callers who have left. Callers hold the lock.
func (e *Engine) callOff() {
	all, lost := 0, 0
	for _, r := range e.under {
		all += r.step + r.guess
		if r.gone() {
			lost += r.step + r.guess
		}
	}
	if lost*2 > all {
		e.abort()
	}
}

// loop is the scheduler's goroutine. It ends when there is nothing to do.
func (e *Engine) loop() {
	ctx, cancel := context.WithCancel(context.Background())
	for {
		if ctx.Err() != nil {
			ctx, cancel = context.WithCancel(context.Background())
		}
		e.mu.Lock()
		for _, q := range e.inbox {
			e.s.add(q)
		}
		clear(e.inbox)
		e.inbox = e.inbox[:0]
		e.abort = cancel
		e.mu.Unlock()
		worked := e.s.step(ctx, e.begins)
		e.mu.Lock()
		clear(e.under)
		e.under = e.under[:0]
		e.report()
		e.s.settle()
		if e.s.idle() && len(e.inbox) == 0 { // from here on the backend is not touched: it may be closed
			e.alive = false
			e.mu.Unlock()
			cancel()
			return
		}
		e.mu.Unlock()
		if !worked && !e.s.idle() {
			<-e.kick
		}
	}
}

// begins notes which sequences a step is for.
func (e *Engine) begins(part []*sequence) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.under = append(e.under, part...)
	e.report()
	e.callOff()
}

// report publishes the figures. Callers hold the lock.
func (e *Engine) report() {
	e.waiting = len(e.inbox) + len(e.s.queue.waiting)
	e.stats = e.s.stats
	e.stats.Waiting, e.stats.Running = e.waiting, len(e.s.running)
	if e.s.pager != nil {
		e.stats.KVBytes = e.memory - e.s.pager.Free()
	}
	e.took = time.Duration(e.s.took.median() * float64(time.Second))
}
