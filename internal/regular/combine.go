package regular

import "unicode/utf8"

// dead stands for the state that nothing leads out of.
const dead = ^uint32(0)

// Intersect accepts what both accept.
func Intersect(a, b *DFA, budget *Budget) (*DFA, error) {
	return combine(a, b, budget, func(x, y bool) bool { return x && y })
}

// Union accepts what either accepts.
func Union(a, b *DFA, budget *Budget) (*DFA, error) {
	return combine(a, b, budget, func(x, y bool) bool { return x || y })
}

// Minus accepts what a accepts and b does not.
func Minus(a, b *DFA, budget *Budget) (*DFA, error) {
	return combine(a, b, budget, func(x, y bool) bool { return x && !y })
}

// combine walks both at once. A pair is dropped as soon as neither half can make
// keep true any more.
func combine(a, b *DFA, budget *Budget, keep func(x, y bool) bool) (*DFA, error) {
	type pair struct{ a, b uint32 }
	onlyA, onlyB := keep(true, false), keep(false, true)
	var out builder
	number := map[pair]uint32{}
	var work []pair
	visit := func(p pair) uint32 {
		n, ok := number[p]
		if !ok {
			x := p.a != dead && a.accept[p.a]
			y := p.b != dead && b.accept[p.b]
			n = out.add(keep(x, y))
			number[p] = n
			work = append(work, p)
		}
		return n
	}
	start := pair{dead, dead}
	if !a.Empty() {
		start.a = 0
	}
	if !b.Empty() {
		start.b = 0
	}
	visit(start)
	for i := 0; i < len(work); i++ {
		p := work[i]
		var ea, eb []Edge
		if p.a != dead {
			ea = a.Edges(p.a)
		}
		if p.b != dead {
			eb = b.Edges(p.b)
		}
		if err := budget.Spend(4 + len(ea) + len(eb)); err != nil {
			return nil, err
		}
		for at := rune(0); at <= utf8.MaxRune && (len(ea) > 0 || len(eb) > 0); {
			ta, enda := peek(ea, at)
			tb, endb := peek(eb, at)
			end := min(enda, endb)
			to := pair{ta, tb}
			if ta != dead && tb != dead || ta != dead && onlyA || tb != dead && onlyB {
				out.edge(uint32(i), Edge{at, end, visit(to)})
			}
			at = end + 1
			for len(ea) > 0 && ea[0].Hi < at {
				ea = ea[1:]
			}
			for len(eb) > 0 && eb[0].Hi < at {
				eb = eb[1:]
			}
		}
		if len(work) > maxStates*8 {
			return nil, &LimitError{"patterns, formats and bounds that must hold together need too many states"}
		}
	}
	return out.finish(), nil
}

// peek is where the code point at leads, and up to where that is so.
func peek(e []Edge, at rune) (to uint32, end rune) {
	switch {
	case len(e) == 0:
		return dead, utf8.MaxRune
	case at < e[0].Lo:
		return dead, e[0].Lo - 1
	}
	return e[0].To, e[0].Hi
}
