// Package par runs loops over a fixed team of workers. It is separate so that
// kernels stay single-threaded functions over a range, and so that the cost of
// starting and joining a loop (hundreds a token) is measured in one place.
//
// A Team is the calling goroutine plus Size-1 workers. Between loops a worker
// spins for some tens of microseconds, then yields, then parks on a channel: an
// idle team uses no processor time. A loop allocates nothing if its function
// does not (a closure built per call may; keep the function in a variable).
//
// Concurrency: one For at a time, from any goroutine. The function must not
// panic, must not call For, and may be called several times by one worker.
package par

import (
	"runtime"
	"sync/atomic"
)

// Team is a set of workers. Close it when done.
type Team struct {
	size int

	// The current loop; written before epoch moves, read after.
	f     func(worker, lo, hi int)
	n     int
	grain int
	quit  bool

	_       [64]byte
	epoch   atomic.Uint32
	_       [60]byte
	pending atomic.Int32 // workers that have not finished the current loop
	_       [60]byte
	workers []worker // index 0 is the caller
}

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
	t := &Team{size: n, workers: make([]worker, n)}
	for i := 1; i < n; i++ {
		t.workers[i].wake = make(chan struct{}, 1)
		go t.run(i)
	}
	return t
}

// Size is the number of workers, the caller counted: worker arguments are below it.
func (t *Team) Size() int { return t.size }

// For covers [0, n) with calls of f on disjoint ranges and returns when all are
// done. Each range starts at a multiple of grain and is at most grain long (the
// caller's own thread runs a loop of one chunk by itself). Worker w begins with the
// w-th part of the range, the same for every call of equal n and grain, so data
// stays in its cache; who has finished takes chunks of the slower ones.
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
	t.pending.Store(int32(t.size - 1))
	t.start()
	t.work(0)
	for i := 0; t.pending.Load() != 0; i++ {
		if i < spins {
			pause()
		} else {
			runtime.Gosched()
		}
	}
	t.f = nil
}

// start releases the workers and wakes those that parked.
func (t *Team) start() {
	t.epoch.Add(1)
	for i := 1; i < t.size; i++ {
		w := &t.workers[i]
		if w.asleep.Load() == 1 && w.asleep.CompareAndSwap(1, 0) {
			w.wake <- struct{}{}
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

func (t *Team) run(me int) {
	var seen uint32
	for {
		t.await(me, seen)
		seen++
		if t.quit {
			t.pending.Add(-1)
			return
		}
		t.work(me)
		t.pending.Add(-1)
	}
}

// await returns when the epoch has moved past seen.
func (t *Team) await(me int, seen uint32) {
	w := &t.workers[me]
	for i := 0; t.epoch.Load() == seen; i++ {
		switch {
		case i < spins:
			pause()
		case i < spins+yields:
			runtime.Gosched()
		default:
			w.asleep.Store(1)
			if t.epoch.Load() == seen || !w.asleep.CompareAndSwap(1, 0) {
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
	t.pending.Store(int32(t.size - 1))
	t.start()
	for t.pending.Load() != 0 {
		runtime.Gosched()
	}
}
