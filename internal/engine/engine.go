package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ossian/internal/model"
	"ossian/internal/sample"
)

// DefaultChunk is how many prompt tokens go into a step. A step cannot be
// interrupted by every backend, so this bounds how long a cancellation takes.
const DefaultChunk = 128

// Options of an engine; the zero value suits tests.
type Options struct {
	Context int                  // positions a sequence may take; 0: the model's maximum
	Chunk   int                  // prompt tokens a step; 0: DefaultChunk
	Valid   func(id uint32) bool // which ids may ever be chosen; nil: all of them
	Draft   int                  // most tokens to guess ahead where text repeats, up to MaxDraft; 0: none
	Now     func() time.Time     // clock of the timings; nil: time.Now
}

// Engine runs requests on a backend.
type Engine struct {
	backend model.Backend
	context int
	limit   int // the model's own
	vocab   int
	chunk   int
	valid   sample.Mask
	now     func() time.Time
	turn    chan struct{} // holds a token while no request runs

	// Of the request that runs.
	draft  drafter
	logits []float32 // rows of the last step
}

// New makes an engine over b, which must not be used by others meanwhile.
func New(b model.Backend, opt Options) *Engine {
	cfg := b.Config()
	e := &Engine{
		backend: b, limit: cfg.MaxContext, vocab: cfg.Vocab,
		context: opt.Context, chunk: opt.Chunk, now: opt.Now,
		turn: make(chan struct{}, 1),
	}
	if e.context <= 0 || e.context > e.limit {
		e.context = e.limit
	}
	if e.chunk <= 0 {
		e.chunk = DefaultChunk
	}
	if e.now == nil {
		e.now = time.Now
	}
	if opt.Valid != nil {
		e.valid = sample.NewMask(e.vocab)
		for id := range uint32(e.vocab) {
			if !opt.Valid(id) {
				e.valid.Forbid(id)
			}
		}
	}
	e.draft.limit = max(0, min(opt.Draft, MaxDraft, e.chunk-1, model.Rewind))
	e.draft.pay.costs = newCosts(cfg)
	e.turn <- struct{}{}
	return e
}

// Context is how many positions a sequence may take, prompt and answer together.
func (e *Engine) Context() int { return e.context }

// Vocab is the length of a row of logits.
func (e *Engine) Vocab() int { return e.vocab }

// Fit returns how many tokens may be generated after a prompt of that length when
// asked for max (0: as many as fit), or a *ContextError.
func (e *Engine) Fit(prompt, max int) (int, error) {
	room := e.context - prompt
	if room < 1 || max > room {
		return 0, &ContextError{Prompt: prompt, Asked: max, Max: e.context, Model: e.limit}
	}
	if max == 0 {
		return room, nil
	}
	return max, nil
}

func (e *Engine) check(req *Request) error {
	if len(req.Prompt) == 0 {
		return &RequestError{"the prompt is empty"}
	}
	if req.MaxTokens < 0 {
		return &RequestError{fmt.Sprintf("%d tokens asked for", req.MaxTokens)}
	}
	for i, id := range req.Prompt {
		if int64(id) >= int64(e.vocab) {
			return &RequestError{fmt.Sprintf("prompt token %d has id %d, but the model's ids end at %d", i, id, e.vocab-1)}
		}
	}
	return nil
}

// Generate continues the request's prompt, calling yield for every piece of news.
// An error of yield ends the run and is returned as it is, ErrEnough excepted.
func (e *Engine) Generate(ctx context.Context, req Request, yield func(Event) error) (Result, error) {
	res := Result{PromptTokens: len(req.Prompt)}
	start := e.now()
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
	select {
	case <-e.turn:
		defer func() { e.turn <- struct{}{} }()
	case <-ctx.Done():
		res.Finish = FinishCancelled
		return res, nil
	}
	seq, err := e.backend.NewSeq(len(req.Prompt) + most)
	if err != nil {
		return res, fmt.Errorf("taking room for %d tokens of context: %w", len(req.Prompt)+most, err)
	}
	defer e.backend.FreeSeq(seq)

	r := run{e: e, req: &req, seq: seq, sampler: sampler, most: most, yield: yield, res: &res, start: start}
	res.Tokens = make([]uint32, 0, most)
	res.Timings.Wait = e.now().Sub(start)
	err = r.all(ctx)
	if err != nil && ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		res.Finish, err = FinishCancelled, nil
	}
	return res, err
}

// run is one request under way.
type run struct {
	e       *Engine
	req     *Request
	seq     model.Seq
	sampler *sample.Sampler
	most    int
	yield   func(Event) error
	res     *Result
	start   time.Time

	item [1]model.Item
	next [MaxDraft + 1]uint32
	took time.Duration // by the last step
}

func (r *run) all(ctx context.Context) error {
	began := r.e.now()
	r.e.draft.begin(r.req, len(r.req.Prompt)+r.most)
	err := r.prefill(ctx)
	read := r.e.now()
	r.res.Timings.Prefill = read.Sub(began)
	if err != nil {
		return r.ended(err)
	}
	r.sampler.Prompt(r.req.Prompt)
	err = r.decode(ctx)
	r.res.Timings.Decode = r.e.now().Sub(read)
	return r.ended(err)
}

// ended takes the consumer's own stop for what it is.
func (r *run) ended(err error) error {
	if errors.Is(err, ErrEnough) {
		r.res.Finish = FinishStop
		return nil
	}
	return err
}

func (r *run) step(ctx context.Context, ids []uint32, logits []float32) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.item[0] = model.Item{Seq: r.seq, Tokens: ids, Logits: logits}
	return r.e.backend.Step(ctx, r.item[:])
}

// rows is room for so many rows of logits. It keeps nothing of what was there.
func (e *Engine) rows(n int) []float32 {
	if n *= e.vocab; n > len(e.logits) {
		e.logits = make([]float32, n)
	}
	return e.logits[:n]
}

func (r *run) prefill(ctx context.Context) error {
	prompt := r.req.Prompt
	for at := 0; at < len(prompt); {
		end := min(at+r.e.chunk, len(prompt))
		var logits []float32
		if end == len(prompt) {
			logits = r.e.rows(1)
		}
		if err := r.step(ctx, prompt[at:end], logits); err != nil {
			return err
		}
		at = end
		if err := r.yield(Event{Prefill: at, PromptTokens: len(prompt)}); err != nil {
			return err
		}
	}
	return nil
}
