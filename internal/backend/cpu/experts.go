package cpu

import "ossian/internal/kernel"

// experts adds the mixture of experts to the residual stream. Each token visits
// ActiveExperts experts; the visits are laid out as slots ordered by expert, so that each
// expert's weights are read once for all its tokens.
func (b *Backend) experts(n int) {
	p, c, w := &b.pass, b.cfg, &b.work
	l := &b.layers[p.layer]
	b.normalise(n, l.MLPNorm)
	b.jobs.add(&l.router, w.logits, l.router.Rows, w.norm, c.Hidden, n, l.RouterBias)
	b.flush()
	b.route(n, l.router.Rows)

	for e := range l.gateUp {
		if lo, hi := int(w.first[e]), int(w.first[e+1]); lo < hi {
			b.jobs.add(&l.gateUp[e], w.gateUp[lo*2*c.Intermediate:], 2*c.Intermediate, w.gather[lo*c.Hidden:], c.Hidden, hi-lo, l.GateUpBias[e])
		}
	}
	b.flush()
	b.team.For(n*c.ActiveExperts, grainFor(32*c.Intermediate), p.activate)
	for e := range l.down {
		if lo, hi := int(w.first[e]), int(w.first[e+1]); lo < hi {
			b.jobs.add(&l.down[e], w.down[lo*c.Hidden:], c.Hidden, w.act[lo*c.Intermediate:], c.Intermediate, hi-lo, l.DownBias[e])
		}
	}
	b.flush()
	b.team.For(n, grainFor(4*(c.ActiveExperts+1)*c.Hidden), p.combine)
}

// route chooses the experts of every token and counts the visits into slots: slots
// first[e]..first[e+1]-1 are expert e's, in the order of the tokens.
func (b *Backend) route(n, experts int) {
	c, w := b.cfg, &b.work
	k := c.ActiveExperts
	first := w.first[:experts+1]
	clear(first)
	for i := range n {
		chosen := w.expert[i*k : (i+1)*k]
		kernel.RouterTopK(chosen, w.weight[i*k:(i+1)*k], w.logits[i*experts:(i+1)*experts])
		for _, e := range chosen {
			first[e+1]++
		}
	}
	for e := range experts {
		first[e+1] += first[e]
	}
	for i, e := range w.expert[:n*k] {
		s := int(first[e])
		first[e]++
		w.slot[i] = int32(s)
		t := i / k
		copy(w.gather[s*c.Hidden:(s+1)*c.Hidden], w.norm[t*c.Hidden:(t+1)*c.Hidden])
	}
	copy(first[1:], first[:experts]) // each moved on to its successor's start
	first[0] = 0
}
