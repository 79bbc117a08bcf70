// Package par runs loops over a fixed team of workers. It is separate so that
// kernels stay single-threaded functions over a range, and so that the cost of
// starting and joining a loop (hundreds a token) is measured in one place.
//
// A Team is the calling goroutine plus Size-1 workers. Between loops a worker
// spins for some tens of microseconds, then yields, then parks on a channel; so does
// the caller at the end of a loop. An idle team uses no processor time. A worker that is late,
// because its core was given to somebody else, is not waited for unless
// it has begun: the others take its part. A loop allocates nothing if its function
// does not (a closure built per call may; keep the function in a variable).
//
// Concurrency: one For at a time, from any goroutine. The function must not
// panic, must not call For, and may be called several times by one worker.
package par

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Team is a set of workers. Close it when done.
type Team struct {
	size int

	// The current loop; written while the loop is closed and nobody is in it.
	f     func(worker, lo, hi int)
	n     int
	grain int
	quit  bool

	_       [64]byte
	state   atomic.Uint64 // loop number, open bit, workers inside
	_       [56]byte
	waiting atomic.Uint32 // the caller is parked until the last worker leaves
	left    chan struct{}
	ended   sync.WaitGroup
	_       [64]byte
	workers []worker // index 0 is the caller
}

// The parts of Team.state.
const (
	inside  = 1<<16 - 1
	open    = 1 << 16
	oneLoop = 1 << 32
)

// worker is one member's share of a loop and its parking place, on its own cache lines.
type worker struct {
	next   atomic.Int64 // next chunk of this worker's range
	end    int64
	asleep atomic.Uint32
	wake   chan struct{}
	_      [96]byte
}

const (
	spins  = 400 // about 20 us of short pauses
	yields = 20
)

// NewTeam makes a team of n workers, the caller counted; n <= 0 means one for
// each usable core (GOMAXPROCS).
func NewTeam(n int) *Team {
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	n = min(n, inside)
	t := &Team{size: n, workers: make([]worker, n), left: make(chan struct{}, 1)}
	for i := 1; i < n; i++ {
		t.workers[i].wake = make(chan struct{}, 1)
		t.ended.Go(func() { t.run(i) })
	}
	return t
}

// Size is the number of workers, the caller counted: worker arguments are below it.
func (t *Team) Size() int { return t.size }

// For covers [0, n) with calls of f on disjoint ranges and returns when all are
// done. Each range starts at a multiple of grain and is at most grain long. Worker w
// begins with the w-th part of the range, the same for every call of equal n and grain, so
// that data stays in its cache; who has finished takes chunks of the slower ones. A
// loop of one chunk runs on the caller.
func (t *Team) For(n, grain int, f func(worker, lo, hi int)) {
	if n <= 0 {
		return
	}
	if grain <= 0 {
		grain = 1
	}
	chunks := (n-1)/grain + 1
	if t.size == 1 || chunks == 1 {
		for lo := 0; lo < n; lo += grain {
			f(0, lo, min(lo+grain, n))
		}
		return
	}
	t.f, t.n, t.grain = f, n, grain
	for i := range t.workers {
		t.workers[i].next.Store(int64(chunks * i / t.size))
		t.workers[i].end = int64(chunks * (i + 1) / t.size)
	}
	t.start()
	t.work(0)
	t.join()
	t.f = nil
}

// start opens the next loop and wakes those that parked.
func (t *Team) start() {
	t.state.Store(t.state.Load()&^inside + oneLoop | open)
	for i := 1; i < t.size; i++ {
		w := &t.workers[i]
		if w.asleep.Load() == 1 && w.asleep.CompareAndSwap(1, 0) {
			w.wake <- struct{}{}
		}
	}
}

// join closes the loop and waits for the workers inside.
func (t *Team) join() {
	t.state.And(^uint64(open))
	for i := 0; t.state.Load()&inside != 0; i++ {
		switch {
		case i < spins:
			pause()
		case i < spins+yields:
			runtime.Gosched()
		default:
			t.waiting.Store(1)
			if t.state.Load()&inside != 0 || !t.waiting.CompareAndSwap(1, 0) {
				<-t.left
			}
		}
	}
}

// work runs chunks: first the worker's own part, then what is left of the others'.
func (t *Team) work(me int) {
	for k := range t.size {
		w := &t.workers[(me+k)%t.size]
		for {
			c := w.next.Add(1) - 1
			if c >= w.end {
				break
			}
			lo := int(c) * t.grain
			t.f(me, lo, min(lo+t.grain, t.n))
		}
	}
}

// run is a worker's life: enter a loop while it is open, work, leave.
func (t *Team) run(me int) {
	var seen uint64
	for {
		seen = t.enter(me, seen)
		if t.quit {
			return
		}
		t.work(me)
		if s := t.state.Add(^uint64(0)); s&(inside|open) == 0 && t.waiting.CompareAndSwap(1, 0) {
			t.left <- struct{}{}
		}
	}
}

// enter waits for an open loop other than number seen, enters it and gives its number.
func (t *Team) enter(me int, seen uint64) uint64 {
	w := &t.workers[me]
	fresh := func(s uint64) bool { return s&open != 0 && s/oneLoop != seen }
	for i := 0; ; i++ {
		s := t.state.Load()
		switch {
		case fresh(s):
			if t.state.CompareAndSwap(s, s+1) {
				return s / oneLoop
			}
		case i < spins:
			pause()
		case i < spins+yields:
			runtime.Gosched()
		default:
			w.asleep.Store(1)
			if !fresh(t.state.Load()) || !w.asleep.CompareAndSwap(1, 0) {
				<-w.wake // start clears asleep and sends exactly one token
			}
			i = 0
		}
	}
}

// Close ends the workers and waits for them. The team must not be used afterwards;
// a second Close does nothing.
func (t *Team) Close() {
	if t.quit {
		return
	}
	t.quit = true
	t.start() // and stay open, so that nobody misses it
	t.ended.Wait()
}
