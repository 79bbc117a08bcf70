package hub

import (
	"context"
	"net/http"
	"os"
	"time"

	"ossian/internal/disk"
)

// Options are what a Hub works with. Zero values stand for the defaults.
type Options struct {
	Settings
	Client   *http.Client // from internal/egress
	Chunk    int64        // bytes read, hashed and written down together; 16 MiB
	Parallel int          // chunks read at a time; 8
	Stall    time.Duration
	// Wait pauses before another try; tests do not wait.
	Wait func(ctx context.Context, d time.Duration) error
	Now  func() time.Time
	// Free is the room on the disk of a folder, where that is known.
	Free func(dir string) (bytes int64, known bool)
	// Sync makes what was written last; tests that cut no power leave it out.
	Sync func(f *os.File) error
	// Note is told, in a sentence, what a person should know although the work goes on.
	Note func(text string)
	// Progress is told how far a stage ("fetching", "checking") is, from several goroutines.
	Progress func(stage string, done, total int64)
}

// Hub fetches models into the cache and looks after them there.
type Hub struct {
	Options
	client *http.Client
}

// New makes a hub. It opens nothing yet.
func New(opt Options) *Hub {
	if opt.Chunk <= 0 {
		opt.Chunk = 16 << 20
	}
	if opt.Parallel <= 0 {
		opt.Parallel = 8
	}
	if opt.Stall <= 0 {
		opt.Stall = 30 * time.Second
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Wait == nil {
		opt.Wait = pause
	}
	if opt.Free == nil {
		opt.Free = disk.Free
	}
	if opt.Sync == nil {
		opt.Sync = (*os.File).Sync
	}
	if opt.Note == nil {
		opt.Note = func(string) {}
	}
	if opt.Progress == nil {
		opt.Progress = func(string, int64, int64) {}
	}
	h := &Hub{Options: opt}
	if opt.Client != nil {
		c := *opt.Client
		// Redirects are followed here, where it is known who may see the token.
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		h.client = &c
	}
	return h
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
