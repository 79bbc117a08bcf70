package engine

// pay says whether a guess is a bargain. A guess of k tokens makes a step of k+1, which costs more than a step of one and yields as many
// tokens as were guessed right, and one. It decides about speed only, never about what comes out.
// Odds are of a request; costs and debt are of the backend.
type pay struct {
	odds odds
	*ledger
}

// ledger is what is known of a backend, whoever uses it.
type ledger struct {
	costs costs
	debt  float64 // what bad bargains have cost less what good ones have saved, in steps of one token
}

const (
	margin  = 1.1  // a bargain yields so much more than it costs
	credit  = 3    // debt at which no more is risked
	savings = 8    // savings that may be risked again
	payback = 0.01 // of debt with each step of one token: in the long run guesses lose no more than this share
	first   = 4    // tokens of the largest step at first; then twice what was timed
)

// sizes are the guesses worth considering: few, so that each gets timed.
func sizes() [7]int { return [7]int{1, 2, 3, 5, 7, 11, MaxDraft} }

// length is how many tokens to guess, at most most, after a repetition of match tokens; 0 if none pays.
func (p *pay) length(match, most int) int {
	if p.debt > credit || p.costs.ones < settled {
		return 0
	}
	most = min(most, max(first, 2*p.costs.largest())-1)
	best, rate := 0, margin
	reach, yield, k := 1.0, 1.0, 0
	for _, size := range sizes() {
		if size > most {
			break
		}
		for ; k < size; k++ { // guess k+1 is right when all before it are and it is
			reach *= p.odds.of(match + k)
			yield += reach
		}
		if r := yield / p.costs.of(size+1); r > rate {
			best, rate = size, r
		}
	}
	return best
}

// settle takes in a step of n tokens that yielded some.
func (p *pay) settle(n, yielded int) {
	if n == 1 {
		p.debt = min(p.debt, max(0, p.debt-payback))
		return
	}
	p.debt = max(-savings, p.debt+p.costs.of(n)-float64(yielded))
}
