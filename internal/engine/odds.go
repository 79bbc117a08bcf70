package engine

// odds learns, within a request, how often the token after a repetition is the one that followed the
// last time, by the repetition's length. Every token that ends a repetition teaches it, guessed ahead or not.
type odds struct {
	hits, tries [rungs]float64
}

// rungs are ranges of lengths with a share of their own: 6-7, 8-11, 12-15, 16-23, 24-31, 32 and more.
const rungs = 6

func rung(n int) int {
	switch {
	case n < 8:
		return 0
	case n < 16:
		return n/4 - 1
	case n < 32:
		return n/8 + 1
	}
	return 5
}

// reset goes back to what is believed of any text: the longer a repetition, the surer it goes on.
func (o *odds) reset() {
	const belief = 4 // as good as so many observations
	for i, p := range [rungs]float64{0.5, 0.65, 0.75, 0.8, 0.85, 0.9} {
		o.hits[i], o.tries[i] = belief*p, belief
	}
}

// note takes in what came after a repetition of n tokens. Observations fade: the last 30 weigh most.
func (o *odds) note(n int, hit bool) {
	const keep = 1 - 1.0/30
	i := rung(n)
	o.hits[i], o.tries[i] = o.hits[i]*keep, o.tries[i]*keep+1
	if hit {
		o.hits[i]++
	}
}

// of is the share for a repetition of n tokens.
func (o *odds) of(n int) float64 { i := rung(n); return o.hits[i] / o.tries[i] }
