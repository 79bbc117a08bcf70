package cli

import (
	"context"
	"fmt"
	"io"
	"time"
)

// maxInput bounds what is read from standard input at once: far more text than any
// context holds.
const maxInput = 16 << 20

// readAll reads standard input to its end, or until ctx is cancelled. When nobody
// ends it for a while, a note says what is being waited for.
func (s *system) readAll(ctx context.Context, quiet bool) ([]byte, error) {
	if s.stdin == nil {
		return nil, nil
	}
	type outcome struct {
		data []byte
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(s.stdin, maxInput+1))
		done <- outcome{data, err}
	}()
	patience := time.NewTimer(2 * time.Second)
	defer patience.Stop()
	for {
		select {
		case o := <-done:
			if o.err != nil {
				return nil, fmt.Errorf("reading standard input: %w", o.err)
			}
			if len(o.data) > maxInput {
				return nil, fmt.Errorf("standard input is longer than %s; give less", size(maxInput))
			}
			return o.data, nil
		case <-patience.C:
			if !quiet {
				fmt.Fprintln(s.stderr, "ossian: reading standard input until its end (to give none, add < /dev/null)")
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
