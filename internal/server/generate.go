package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"ossian/internal/chat"
)

// generate runs the turns that answer one request, all at once. event is called for each
// with its number and never by two goroutines at the same time; its error ends them all.
// An end of ctx is an error, namely its cause.
func (s *Server) generate(ctx context.Context, x *exchange, n int, turn func(i int, emit func(chat.Event) error) (chat.Turn, error),
	event func(i int, e chat.Event) error) ([]chat.Turn, error) {
	turns, errs := make([]chat.Turn, n), make([]error, n)
	watch := s.watch(x)
	defer context.AfterFunc(ctx, func() { watch.left.Store(time.Now().UnixNano()) })()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			turns[i], errs[i] = turn(i, func(e chat.Event) error {
				mu.Lock()
				defer mu.Unlock()
				watch.event(e)
				return event(i, e)
			})
		})
	}
	all.Wait()
	err := errors.Join(errs...)
	watch.end(ctx, err, turns...)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return turns, err
}

// broken ends a stream with an error, if it is too late for a status. say sends what the
// API has for that.
func broken(ctx context.Context, x *exchange, out *stream, err error, say func(f *failure) error) error {
	if !out.hasBegun() || errors.Is(err, errGone) {
		return err
	}
	f := failureOf(ctx, err)
	if f.Code != nil {
		x.code = *f.Code
	}
	if err := say(f); err != nil {
		return err
	}
	return errGone // what there was to say has been said
}
