package engine

import (
	"slices"
	"time"
)

// MaxDraft is the most tokens a step may guess ahead.
const MaxDraft = 15

// drafter guesses what comes next from what stood before: where the latest tokens are a repetition, it
// proposes what followed the last time, if that pays. It serves one request, then another.
type drafter struct {
	most  int // tokens to guess
	seen  lookup
	pay   pay
	next  int // the token in seen that would come if the repetition went on
	match int // tokens of the repetition; 0: there is none
	guess [MaxDraft]uint32
}

// begin starts a request that comes to at most n tokens with its prompt.
func (d *drafter) begin(req *Request, n int) {
	d.seen.reset(n)
	for _, id := range req.Prompt {
		d.seen.add(id)
	}
	d.next, d.match = d.seen.match()
	d.pay.odds.reset()
}

// note takes in a chosen token.
func (d *drafter) note(id uint32) {
	if d.match > 0 {
		d.pay.odds.note(d.match, id == d.seen.ids[d.next])
	}
	d.seen.add(id)
	d.next, d.match = d.seen.match()
}

// propose gives the tokens that may come next, at most room of them and none that ends the sequence.
// They are valid until the next call.
func (d *drafter) propose(room int, stop []uint32) []uint32 {
	if d.match == 0 {
		return nil
	}
	g := d.guess[:max(0, min(d.most, room))]
	d.seen.follow(g, d.next)
	for i, id := range g {
		if slices.Contains(stop, id) {
			g = g[:i]
			break
		}
	}
	return g[:d.pay.length(d.match, len(g))]
}

// stepped takes in what a step of n tokens took and yielded.
func (d *drafter) stepped(n, yielded int, took time.Duration) {
	d.pay.costs.note(n, took)
	d.pay.settle(n, yielded)
}
