package engine

import (
	"time"

	"ossian/internal/model"
)

// costs learns what a step of some tokens takes, in steps of one token. It begins with the bytes that
// a step reads, and is corrected by the time that steps took. It belongs to the backend, not to a request.
type costs struct {
	bytes [MaxDraft + 2]float64 // by tokens: bytes read, in those of one token
	took  [MaxDraft + 2]recent  // by tokens: time taken, in that of one token
	seen  [MaxDraft + 2]float64 // by tokens: how many steps of late took rests on
	one   recent                // seconds of steps of one token
	ones  int                   // how many there were
}

// settled is how many steps of one token must be seen before larger ones are tried.
const settled = 4

// newCosts counts bytes for a model whose dense weights have 8 bits and a scale of 16 to every 32: a step reads
// them once, and of the experts those that any token visits, as if routing were independent, the worst case.
func newCosts(cfg *model.Config) (c costs) {
	s := cfg.Sizes()
	dense := float64(s.PerToken(0)) * 17 / 32
	for n := range c.bytes {
		c.bytes[n] = dense
		for i, l := range s.Layers {
			e := float64(cfg.Layer[i].Experts)
			missed := 1.0
			for range n {
				missed *= 1 - float64(cfg.ActiveExperts)/e
			}
			c.bytes[n] += e * (1 - missed) * float64(l.Expert)
		}
	}
	for one, n := c.bytes[1], 0; n < len(c.bytes); n++ {
		if c.bytes[n] = max(c.bytes[n]/one, 1+float64(n-1)/64); !(c.bytes[n] >= 1) { // no tokens, or a model without size
			c.bytes[n] = float64(n)
		}
	}
	c.took[1].add(1)
	return c
}

// note takes in how long a step of n tokens took. A clock that stands still teaches nothing.
func (c *costs) note(n int, d time.Duration) {
	t := d.Seconds()
	if n == 1 {
		c.ones++
		c.one.add(t)
		for i := range c.seen { // what is not tried any more is forgotten, and may be tried again
			c.seen[i] *= 1 - 1.0/1024
		}
		return
	}
	if one := c.one.median(); t > 0 && one > 0 {
		c.took[n].add(min(t/one, 2*float64(n)))
		c.seen[n] = min(c.seen[n]+1, 8)
	}
}

// of is the cost of a step of n tokens: what such steps took, and as far as that is little known what
// lies between the sizes that were timed; beyond the largest of these, what bytes say, stretched to
// agree with it.
func (c *costs) of(n int) float64 {
	const trust = 0.5 // in the guess, as good as so many steps
	lo, hi := 1, 0
	for i := 2; i < len(c.seen); i++ {
		if i < n && c.timed(i) {
			lo = i
		} else if i > n && hi == 0 && c.timed(i) {
			hi = i
		}
	}
	guess, low := c.bytes[n], c.took[lo].median()
	if hi > 0 {
		guess = low + (c.took[hi].median()-low)*float64(n-lo)/float64(hi-lo)
	} else if lo > 1 {
		guess = max(low, 1+(low-1)*(c.bytes[n]-1)/(c.bytes[lo]-1))
	}
	return (c.seen[n]*c.took[n].median() + trust*guess) / (c.seen[n] + trust)
}

func (c *costs) timed(n int) bool { return c.seen[n] > 0.5 }

// largest is the largest step that has been timed.
func (c *costs) largest() int {
	for n := len(c.seen) - 1; n > 1; n-- {
		if c.timed(n) {
			return n
		}
	}
	return 1
}
