package regular

import (
	"slices"
	"sort"
	"unicode/utf8"
)

// maxStates bounds one automaton; maxWords the states of lists and lengths, whose edges are few.
const (
	maxStates = 1 << 14
	maxWords  = 1 << 18
)

// DFA is a deterministic automaton over code points. From every state acceptance can
// be reached; an automaton without states accepts nothing. State 0 is the start.
type DFA struct {
	off    []uint32 // the edges of state s are edges[off[s]:off[s+1]]
	edges  []Edge
	accept []bool
}

// Edge leads from a state to another on every code point from Lo to Hi. Edges of a
// state are in order and do not overlap.
type Edge struct {
	Lo, Hi rune
	To     uint32
}

// States is how many states there are. The language is empty when there are none.
func (d *DFA) States() int { return len(d.accept) }

// Empty reports whether nothing is accepted.
func (d *DFA) Empty() bool { return len(d.accept) == 0 }

// Accepts reports whether what led to s is accepted.
func (d *DFA) Accepts(s uint32) bool { return d.accept[s] }

// Edges are the ways out of s.
func (d *DFA) Edges(s uint32) []Edge { return d.edges[d.off[s]:d.off[s+1]] }

// Next follows a code point from s; false when no way leads on.
func (d *DFA) Next(s uint32, r rune) (uint32, bool) {
	e := d.Edges(s)
	for lo, hi := 0, len(e); lo < hi; {
		mid := (lo + hi) / 2
		switch {
		case r < e[mid].Lo:
			hi = mid
		case r > e[mid].Hi:
			lo = mid + 1
		default:
			return e[mid].To, true
		}
	}
	return 0, false
}

// Across looks at all code points from lo to hi: any says that one leads on, and
// same that all do, to the state to.
func (d *DFA) Across(s uint32, lo, hi rune) (to uint32, same, any bool) {
	e := d.Edges(s)
	i := sort.Search(len(e), func(i int) bool { return e[i].Hi >= lo })
	if i == len(e) || e[i].Lo > hi {
		return 0, false, false
	}
	to, at := e[i].To, lo
	for ; i < len(e) && e[i].Lo <= at && e[i].To == to; i++ {
		if e[i].Hi >= hi {
			return to, true, true
		}
		at = e[i].Hi + 1
	}
	return to, false, true
}

// Match reports whether text is in the language.
func (d *DFA) Match(text string) bool {
	if d.Empty() {
		return false
	}
	s := uint32(0)
	for i, r := range text {
		if r == utf8.RuneError && text[i] != 0xEF {
			return false // not UTF-8
		}
		next, ok := d.Next(s, r)
		if !ok {
			return false
		}
		s = next
	}
	return d.accept[s]
}

// builder collects states, dead ends included.
type builder struct {
	edges  [][]Edge
	accept []bool
}

func (b *builder) add(accept bool) uint32 {
	b.edges = append(b.edges, nil)
	b.accept = append(b.accept, accept)
	return uint32(len(b.accept) - 1)
}

// edge appends an edge behind all of its state's, joined with the last where they touch.
func (b *builder) edge(from uint32, e Edge) {
	if n := len(b.edges[from]); n > 0 {
		if last := &b.edges[from][n-1]; last.To == e.To && (last.Hi+1 == e.Lo || last.Hi+1 == surrogates && e.Lo == afterThem) {
			last.Hi = e.Hi
			return
		}
	}
	b.edges[from] = append(b.edges[from], e)
}

// finish leaves out what cannot reach acceptance and numbers the rest in order. State 0 starts.
func (b *builder) finish() *DFA {
	n := len(b.accept)
	into := make([][]uint32, n)
	for s, edges := range b.edges {
		for _, e := range edges {
			if l := into[e.To]; len(l) == 0 || l[len(l)-1] != uint32(s) {
				into[e.To] = append(l, uint32(s))
			}
		}
	}
	live := make([]bool, n)
	var work []uint32
	for s, a := range b.accept {
		if a {
			live[s], work = true, append(work, uint32(s))
		}
	}
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		for _, p := range into[s] {
			if !live[p] {
				live[p], work = true, append(work, p)
			}
		}
	}
	d := &DFA{}
	if n == 0 || !live[0] {
		return d
	}
	number := make([]uint32, n)
	next := uint32(0)
	for s := range live {
		if live[s] {
			number[s] = next
			next++
		}
	}
	for s, edges := range b.edges {
		if !live[s] {
			continue
		}
		d.off = append(d.off, uint32(len(d.edges)))
		d.accept = append(d.accept, b.accept[s])
		for _, e := range edges {
			if live[e.To] {
				d.edges = append(d.edges, Edge{e.Lo, e.Hi, number[e.To]})
			}
		}
	}
	d.off = append(d.off, uint32(len(d.edges)))
	return d
}

// Length accepts every text of min to max code points; max < 0 is no bound.
func Length(min, max int, budget *Budget) (*DFA, error) {
	n := max
	if max < 0 {
		n = min
	}
	if n >= maxWords {
		return nil, &LimitError{"a length of more than 262,143 characters cannot be counted"}
	}
	if err := budget.Spend(n); err != nil {
		return nil, err
	}
	var b builder
	for i := 0; i <= n; i++ {
		b.add(i >= min)
		if i > 0 {
			b.edge(uint32(i-1), Edge{0, utf8.MaxRune, uint32(i)})
		}
	}
	if max < 0 {
		b.edge(uint32(n), Edge{0, utf8.MaxRune, uint32(n)})
	}
	return b.finish(), nil
}

// Any accepts every text.
func Any() *DFA {
	var b builder
	b.edge(b.add(true), Edge{0, utf8.MaxRune, 0})
	return b.finish()
}

// Words accepts the words of a list.
func Words(list []string, budget *Budget) (*DFA, error) {
	list = slices.Clone(list)
	slices.Sort(list)
	var b builder
	b.add(false)
	for _, w := range list {
		if err := budget.Spend(len(w) + 1); err != nil {
			return nil, err
		}
		s := uint32(0)
		for _, r := range w {
			e := b.edges[s]
			if n := len(e); n > 0 && e[n-1].Lo <= r && r <= e[n-1].Hi { // sorted by bytes is sorted by code points
				s = e[n-1].To
				continue
			}
			to := b.add(false)
			b.edges[s] = append(b.edges[s], Edge{r, r, to})
			s = to
		}
		b.accept[s] = true
		if len(b.accept) > maxWords {
			return nil, &LimitError{"a list of words is too long"}
		}
	}
	return b.finish(), nil
}
