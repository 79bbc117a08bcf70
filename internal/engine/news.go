package engine

import (
	"sync"

	"ossian/internal/sample"
)

// ahead is how many events a sequence may be ahead of its caller before it pauses: a few of the largest steps.
const ahead = 3 * (MaxDraft + 1)

// news is what a sequence has to tell, between the scheduler, which puts, and the caller of Generate, which
// takes. It is bounded: a caller who is slow, or stuck, makes its own sequence wait and no other.
type news struct {
	mu      sync.Mutex
	ring    [ahead]Event
	top     [ahead][]sample.TokenProb // room for what the tokens of ring carry
	first   int
	count   int
	waiting Event // place in the queue, until it is taken
	waits   bool
	ended   bool
	wake    chan struct{} // of the caller
}

func (n *news) room() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return ahead - n.count
}

// put adds an event; there must be room.
func (n *news) put(e Event) { n.add(e, false) }

// last adds the event after which there are none.
func (n *news) last(e Event) { n.add(e, true) }

func (n *news) add(e Event, last bool) {
	n.mu.Lock()
	at := (n.first + n.count) % ahead
	if e.Token.Top != nil { // the sampler uses it again
		n.top[at] = append(n.top[at][:0], e.Token.Top...)
		e.Token.Top = n.top[at]
	}
	n.ring[at] = e
	n.count++
	n.waits, n.ended = false, last
	n.mu.Unlock()
	n.call()
}

// queued tells the place in the queue; only the latest is kept.
func (n *news) queued(e Event) {
	n.mu.Lock()
	n.waiting, n.waits = e, true
	n.mu.Unlock()
	n.call()
}

// end says that nothing more will come.
func (n *news) end() {
	n.mu.Lock()
	n.ended = true
	n.mu.Unlock()
	n.call()
}

func (n *news) call() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// next gives the oldest event, which lasts until taken is called if it is not about the queue.
func (n *news) next() (e Event, kind kind) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.count > 0:
		return n.ring[n.first], fromRing
	case n.ended:
		return e, over
	case n.waits:
		n.waits = false
		return n.waiting, place
	}
	return e, nothing
}

// kind says what next gave.
type kind int

const (
	nothing kind = iota
	fromRing
	place // in the queue
	over
)

// taken drops the oldest event, and says whether the sequence may go on for it.
func (n *news) taken() (resumes bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.first = (n.first + 1) % ahead
	n.count--
	return ahead-n.count == MaxDraft+1
}
