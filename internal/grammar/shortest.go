package grammar

import (
	"container/heap"
	"math"
)

// far is more bytes than any end is away.
const far = math.MaxInt32

// ends says how many bytes are at least needed to the end of what one is in: of a rule,
// by state, and of a terminal, by the automaton's state.
type ends struct {
	states []int32
	texts  [][]int32 // of each terminal; nil for any bytes
}

// measure finds them: Dijkstra's algorithm from the ends backwards, in which an edge that calls
// a rule is as long as the rule's shortest text.
func (g *Grammar) measure() *ends {
	e := &ends{states: make([]int32, len(g.states)), texts: make([][]int32, len(g.terms))}
	for i, t := range g.terms {
		if !t.anything {
			e.texts[i] = t.measure()
		}
	}
	type from struct {
		state uint32
		edge  edge
	}
	into := make([][]from, len(g.states))
	callers := make([][]from, len(g.rules))
	begins := make(map[uint32][]uint32, len(g.rules))
	for r := range g.rules {
		begins[g.rules[r].start] = append(begins[g.rules[r].start], uint32(r))
	}
	q := &queue{}
	for s := range g.states {
		e.states[s] = far
		if g.states[s].final {
			q.add(0, uint32(s))
		}
		for _, ed := range g.edgesOf(uint32(s)) {
			into[ed.to] = append(into[ed.to], from{uint32(s), ed})
			if ed.kind == onRule {
				callers[ed.arg] = append(callers[ed.arg], from{uint32(s), ed})
			}
		}
	}
	made := make([]int32, len(g.rules))
	for r := range made {
		made[r] = far
	}
	relax := func(f from) {
		if rest := e.states[f.edge.to]; rest < far {
			if n := e.length(g, f.edge, made); n < far {
				q.add(n+rest, f.state)
			}
		}
	}
	for q.Len() > 0 {
		d := heap.Pop(q).(distance)
		if e.states[d.state] < far {
			continue
		}
		e.states[d.state] = d.n
		for _, f := range into[d.state] {
			relax(f)
		}
		for _, r := range begins[d.state] {
			made[r] = d.n
			for _, f := range callers[r] {
				relax(f)
			}
		}
	}
	return e
}

// length is how many bytes going an edge takes at least.
func (e *ends) length(g *Grammar, ed edge, made []int32) int32 {
	switch ed.kind {
	case onNothing:
		return 0
	case onRule:
		return made[ed.arg]
	case onTerm:
		t := g.terms[ed.arg]
		switch {
		case t.anything && t.some:
			return 1
		case t.anything:
			return 0
		case t.dfa.Empty():
			return far
		case t.text:
			return 1 + e.texts[ed.arg][0]
		}
		return e.texts[ed.arg][0]
	}
	return 1
}

// measure counts the bytes to acceptance from every state, with the closing quote of a string.
func (t *terminal) measure() []int32 {
	n := t.dfa.States()
	out := make([]int32, n)
	type from struct {
		state uint32
		bytes int32
	}
	into := make([][]from, n)
	q := &queue{}
	for s := range out {
		out[s] = far
		if t.dfa.Accepts(uint32(s)) {
			if t.text {
				q.add(1, uint32(s))
			} else {
				q.add(0, uint32(s))
			}
		}
		for _, e := range t.dfa.Edges(uint32(s)) {
			into[e.To] = append(into[e.To], from{uint32(s), t.cheapest(e.Lo, e.Hi)})
		}
	}
	for q.Len() > 0 {
		d := heap.Pop(q).(distance)
		if out[d.state] < far {
			continue
		}
		out[d.state] = d.n
		for _, f := range into[d.state] {
			q.add(d.n+f.bytes, f.state)
		}
	}
	return out
}

// cheapest is how many bytes the shortest spelling of a code point of a range has.
func (t *terminal) cheapest(lo, hi rune) int32 {
	best := int32(6)
	for c := lo; c <= hi && c < 0x80; c++ {
		n := int32(1)
		switch {
		case !t.text:
		case c == '"' || c == '\\' || c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t':
			n = 2
		case c < ' ':
			n = 6
		}
		if best = min(best, n); n == 1 {
			return 1
		}
	}
	switch {
	case hi >= 0x80 && lo < 0x800:
		best = min(best, 2)
	case hi >= 0x800 && lo < 0x10000:
		best = min(best, 3)
	case hi >= 0x10000:
		best = min(best, 4)
	}
	return best
}

// place is how many bytes are needed from a place within a terminal.
func (e *ends) place(g *Grammar, s uint64) int32 {
	term := s >> termAt & termMask
	t := g.terms[term]
	q, data := uint32(s>>stateAt&stateMask), uint32(s&(1<<dataBits-1))
	p := phase(s >> phaseAt & 15)
	switch {
	case t.anything && p == opening:
		return 1
	case t.anything || p == closed:
		return 0
	case p == between:
		return e.texts[term][q]
	case p == opening:
		return 1 + e.texts[term][q]
	case p == bytesDue || p == hexDue:
		return int32(data) + e.texts[term][q]
	}
	r := reader{t, term}
	texts := e.texts[term]
	switch p {
	case inRune:
		due := data >> 24
		lo, hi, _ := runeRange(due, data&(1<<24-1))
		return r.nearest(texts, q, lo, hi, int32(due))
	case inHex:
		return r.nearestHex(texts, q, data>>16, data&0xFFFF)
	case inPair:
		stage, lo, hi := pairRange(data)
		return r.nearest(texts, q, lo, hi, 6-int32(stage))
	}
	best := r.nearestHex(texts, q, 4, 0) + 1 // behind a backslash
	for _, b := range []byte(`"\\/bfnrt`) {
		if to, ok := r.escape(q, b); ok {
			best = min(best, 1+texts[uint32(to>>stateAt&stateMask)])
		}
	}
	return best
}

// nearest is how many bytes are needed when n more make a code point from lo to hi.
func (r reader) nearest(texts []int32, q, lo, hi uint32, n int32) int32 {
	best := int32(far)
	for _, e := range r.dfa.Edges(q) {
		if uint32(e.Lo) <= hi && uint32(e.Hi) >= lo {
			best = min(best, n+texts[e.To])
		}
	}
	return best
}

// nearestHex is the same within \u, of which due digits are to come.
func (r reader) nearestHex(texts []int32, q, due, value uint32) int32 {
	lo := value << (4 * due)
	hi := lo | (1<<(4*due) - 1)
	best := int32(far)
	for c := lo; c <= hi && c < 0x80; c++ {
		if spelled(c) {
			best = min(best, r.nearest(texts, q, c, c, int32(due)))
		}
	}
	if from, to := max(lo, 0x80), min(hi, surrogates-1); from <= to {
		best = min(best, r.nearest(texts, q, from, to, int32(due)))
	}
	if from := max(lo, afterThem); from <= hi {
		best = min(best, r.nearest(texts, q, from, hi, int32(due)))
	}
	if from, to := max(lo, surrogates), min(hi, lowSurrogates-1); from <= to {
		best = min(best, r.nearest(texts, q, pairFrom(from), pairFrom(to)+0x3FF, int32(due)+6))
	}
	return best
}

// distance is a state and how far it is, for the queue.
type distance struct {
	n     int32
	state uint32
}

type queue []distance

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].n < q[j].n }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(distance)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

func (q *queue) add(n int32, s uint32) { heap.Push(q, distance{n, s}) }
