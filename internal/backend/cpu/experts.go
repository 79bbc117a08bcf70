package cpu

import "ossian/internal/kernel"

// experts adds the mixture of experts to the residual stream. Each token visits
// ActiveExperts experts; the visits are laid out as slots ordered by expert, so that each
// expert's weights are read once for all its tokens.
func (b *Backend) experts(n int) {
	p, c, w := &b.pass, b.cfg, &b.work
	l := &b.layers[p.layer]
	slots := n * c.ActiveExperts
	b.use(&w.norm, n, false, &l.gateUp[0])
	b.normalise(n, l.MLPNorm)
	b.jobs.add(&l.router, w.logits, &w.norm, 0, n, l.RouterBias)
	b.flush()
	b.route(n, l.router.outputs())

	for e := range l.gateUp {
		m, lo, hi := &l.gateUp[e], int(w.first[e]), int(w.first[e+1])
		switch y := w.gateUp[lo*2*c.Intermediate:]; {
		case lo == hi:
		case m.isPacked:
			b.jobs.addIndexed(m, y, &w.norm, w.token[lo:hi], l.GateUpBias[e])
		default:
			b.gather(lo, hi)
			b.jobs.add(m, y, &w.gather, lo, hi, l.GateUpBias[e])
		}
	}
	b.flush()
	b.use(&w.act, slots, false, &l.down[0])
	b.team.For(slots, grainFor(32*c.Intermediate), p.activate)
	for e := range l.down {
		if lo, hi := int(w.first[e]), int(w.first[e+1]); lo < hi {
			b.jobs.add(&l.down[e], w.down[lo*c.Hidden:], &w.act, lo, hi, l.DownBias[e])
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
		s := first[e]
		first[e]++
		w.slot[i], w.token[s] = s, int32(i/k)
	}
	copy(first[1:], first[:experts]) // each moved on to its successor's start
	first[0] = 0
}

// gather brings the inputs of some slots together, for experts in rows.
func (b *Backend) gather(lo, hi int) {
	w, h := &b.work, b.cfg.Hidden
	for s := lo; s < hi; s++ {
		t := int(w.token[s])
		copy(w.gather.x[s*h:(s+1)*h], w.norm.x[t*h:(t+1)*h])
	}
}
