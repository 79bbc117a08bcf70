package server

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"ossian/internal/chat"
)

// meter counts what happens. Everything it knows is a number.
type meter struct {
	prompt, cached, generated atomic.Int64
	cancelled                 atomic.Int64

	mu       sync.Mutex
	requests map[outcome]int64
	took     *histogram // a request, seconds
	first    *histogram // to the first token
	between  *histogram // from token to token
	stopped  *histogram // from the client's leaving to the end of its work
}

type outcome struct {
	path   string
	status int
}

func newMeter() *meter {
	return &meter{
		requests: map[outcome]int64{},
		took:     newHistogram(0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
		first:    newHistogram(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120),
		stopped:  newHistogram(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
		between:  newHistogram(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2),
	}
}

// request counts one that has ended.
func (m *meter) request(r *http.Request, x *exchange, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[outcome{r.Pattern, x.status}]++
	if x.generated > 0 {
		m.took.observe(took.Seconds())
	}
}

// watch follows the turns of one request.
type watch struct {
	m     *meter
	x     *exchange
	now   func() time.Time
	began time.Time
	left  atomic.Int64 // when the client did, in nanoseconds
	last  time.Time
}

func (s *Server) watch(x *exchange) *watch {
	return &watch{m: s.meter, x: x, now: s.opt.Now, began: s.opt.Now()}
}

func (w *watch) event(e chat.Event) {
	if e.Kind == chat.Queued {
		return
	}
	if e.Kind == chat.Prompt || e.Kind == chat.Warning {
		return
	}
	now := w.now()
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	if w.last.IsZero() {
		w.x.first = now.Sub(w.began)
		w.m.first.observe(w.x.first.Seconds())
	} else {
		w.m.between.observe(now.Sub(w.last).Seconds())
	}
	w.last = now
}

func (w *watch) end(ctx context.Context, err error, turns ...chat.Turn) {
	if at := w.left.Load(); at > 0 {
		w.m.mu.Lock()
		w.m.stopped.observe(time.Since(time.Unix(0, at)).Seconds())
		w.m.mu.Unlock()
	}
	for i, t := range turns {
		if i == 0 {
			w.x.prompt, w.x.cached = t.PromptTokens, t.CachedTokens
		}
		w.x.generated += t.CompletionTokens
	}
	w.m.prompt.Add(int64(w.x.prompt))
	w.m.cached.Add(int64(w.x.cached))
	w.m.generated.Add(int64(w.x.generated))
	if ctx.Err() != nil || err != nil {
		w.m.cancelled.Add(1)
	}
}
