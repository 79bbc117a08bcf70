package hub

import (
	"context"
	"errors"
	"io"
	"time"
)

// errStalled ends a connection on which nothing came for too long.
var errStalled = &transient{err: errors.New("nothing came for too long")}

// watchdog cancels its context when it is not fed in time.
type watchdog struct {
	timer  *time.Timer
	limit  time.Duration
	cancel context.CancelCauseFunc
}

func watch(ctx context.Context, limit time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watchdog{timer: time.AfterFunc(limit, func() { cancel(errStalled) }), limit: limit, cancel: cancel}
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// reader feeds the watchdog with every byte that comes.
func (w *watchdog) reader(r io.Reader) io.Reader { return fed{r, w} }

type fed struct {
	r io.Reader
	w *watchdog
}

func (f fed) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if n > 0 {
		f.w.timer.Reset(f.w.limit)
	}
	return n, err
}
