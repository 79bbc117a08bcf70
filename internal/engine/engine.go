package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"ossian/internal/kv"
	"ossian/internal/model"
	"ossian/internal/sample"
)

const (
	// DefaultChunk is how many prompt tokens go into a step. A step cannot be
	// interrupted by every backend, so this bounds how long a cancellation takes.
	DefaultChunk = 128
	// DefaultRunning is how many requests run at once.
	DefaultRunning = 32
	// DefaultQueue is how many wait.
	DefaultQueue = 256
)

// Options of an engine; the zero value suits tests.
type Options struct {
	Context int                  // positions a sequence may take; 0: the model's maximum
	Chunk   int                  // most tokens of a step; 0: DefaultChunk
	Shared  int                  // most prompt tokens of a step that answers wait for; 0: a quarter of Chunk
	Running int                  // most requests at once; 0: DefaultRunning
	Queue   int                  // most requests that wait; 0: DefaultQueue
	Memory  int64                // most bytes of keys and values, running and kept; 0: what one sequence of Context comes to
	NoCache bool                 // keep nothing, and give each sequence all its room at once
	Valid   func(id uint32) bool // which ids may ever be chosen; nil: all of them
	Draft   int                  // most tokens to guess ahead where text repeats, up to MaxDraft; 0: none
	Now     func() time.Time     // clock of the timings; nil: time.Now
}

// Engine runs requests on a backend.
type Engine struct {
	context int
	limit   int // the model's own
	vocab   int
	queue   int
	memory  int64 // for keys and values
	now     func() time.Time
	kick    chan struct{} // the scheduler may have something to do

	mu      sync.Mutex
	inbox   []*sequence
	waiting int // in inbox and queue
	alive   bool
	under   []*sequence // the step under way
	abort   context.CancelFunc
	stats   Stats
	took    time.Duration // by a request, of late

	s scheduler // of the goroutine that loop runs on, while alive
}

// New makes an engine over b, which must not be used by others meanwhile.
func New(b model.Backend, opt Options) *Engine {
	cfg := b.Config()
	or := func(n, otherwise int) int {
		if n <= 0 {
			return otherwise
		}
		return n
	}
	e := &Engine{
		limit: cfg.MaxContext, vocab: cfg.Vocab, context: min(or(opt.Context, cfg.MaxContext), cfg.MaxContext),
		queue: or(opt.Queue, DefaultQueue), now: opt.Now, kick: make(chan struct{}, 1),
	}
	if e.now == nil {
		e.now = time.Now
	}
	chunk := or(opt.Chunk, DefaultChunk)
	e.s = scheduler{
		backend: b, vocab: e.vocab, now: e.now, chunk: chunk, shared: min(chunk, or(opt.Shared, max(1, chunk/4))),
		slots: or(opt.Running, DefaultRunning), stride: stride, drafts: max(0, min(opt.Draft, MaxDraft, chunk-1, model.Rewind)),
		queue:  queue{tenants: map[string]*tenant{}},
		ledger: ledger{costs: newCosts(cfg)},
	}
	if p, ok := b.(model.Pager); ok && !opt.NoCache {
		e.s.pager, e.s.cache = p, kv.New(p)
		e.bound(p, opt.Memory)
	}
	if opt.Valid != nil {
		e.s.valid = sample.NewMask(e.vocab)
		for id := range uint32(e.vocab) {
			if !opt.Valid(id) {
				e.s.valid.Forbid(id)
			}
		}
	}
	return e
}

// bound sets the memory for keys and values, and shortens the context to what one sequence has room for.
func (e *Engine) bound(p model.Pager, bytes int64) {
	if bytes <= 0 {
		bytes = p.Bytes(e.context)
	}
	p.Bound(bytes)
	free := p.Free()
	e.memory = free
	lo, hi := 0, e.context // what fits, what may not
	for lo < hi {
		if mid := (lo + hi + 1) / 2; p.Bytes(mid) <= free {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	e.context = max(1, lo)
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
