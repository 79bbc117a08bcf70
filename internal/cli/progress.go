package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells how far a long job is: on a terminal in one line that is rewritten
// and finally removed, elsewhere by plain lines at every quarter. A short job is not
// worth a word.
type progress struct {
	w        io.Writer // nil: silent
	terminal bool
	what     string // "loading gpt-oss-20b"
	unit     func(int64) string
	tail     func(done, total int64) string // what else is to be said; may be nil
	now      func() time.Time
	start    time.Time

	mu      sync.Mutex
	shown   time.Time
	quarter int64
	wrote   bool
}

const progressPatience = time.Second

func (s *system) progress(what string, quiet bool) *progress {
	p := &progress{w: s.stderr, terminal: s.errTerminal, what: what, unit: size, now: s.now, start: s.now()}
	if quiet {
		p.w = nil
	}
	return p
}

// reading is the progress of a prompt, for a person at a terminal only: elsewhere it
// would be noise between the lines of an answer.
func (s *system) reading(quiet bool) *progress {
	p := s.progress("reading the prompt", quiet || !s.errTerminal)
	p.unit = func(n int64) string { return fmt.Sprintf("%d tokens", n) }
	return p
}

// update may be called from several goroutines.
func (p *progress) update(done, total int64) {
	if p.w == nil || total <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.start) < progressPatience {
		return
	}
	line := fmt.Sprintf("%s: %s of %s (%d%%)", p.what, p.unit(done), p.unit(total), done*100/total)
	if p.tail != nil {
		line += p.tail(done, total)
	}
	if p.terminal {
		if now.Sub(p.shown) < 100*time.Millisecond && done < total {
			return
		}
		p.shown, p.wrote = now, true
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	if q := 1 + done*4/total; q > p.quarter {
		p.quarter = q
		fmt.Fprintln(p.w, line)
	}
}

// done removes the line. It may be called more than once.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrote && p.terminal {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
		p.wrote = false
	}
}
