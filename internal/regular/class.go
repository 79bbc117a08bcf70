package regular

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

func class(r Edge) *node { return &node{op: opClass, ranges: []Edge{r}} }

// bracket reads [...], whose opening bracket has been read.
func (p *parser) bracket() *node {
	neg := p.take("^")
	var set []Edge
	for !p.take("]") {
		lo, one := p.member(&set)
		if !p.take("-") {
			if one {
				set = append(set, Edge{Lo: lo, Hi: lo})
			}
			continue
		}
		if p.more() && p.expr[p.at] == ']' {
			if one {
				set = append(set, Edge{Lo: lo, Hi: lo})
			}
			set = append(set, Edge{Lo: '-', Hi: '-'})
			continue
		}
		hi, other := p.member(&set)
		switch {
		case one && other && hi < lo:
			panic(p.fail("a range whose ends are the wrong way round"))
		case one && other:
			set = append(set, Edge{Lo: lo, Hi: hi})
			continue
		case one:
			set = append(set, Edge{Lo: lo, Hi: lo})
		case other:
			set = append(set, Edge{Lo: hi, Hi: hi})
		}
		set = append(set, Edge{Lo: '-', Hi: '-'}) // a set is no end of a range: the dash is itself
	}
	n := p.fold(set)
	if neg {
		n.ranges = invert(n.ranges)
	}
	return n
}

// member reads one code point, or adds a set such as \d to set.
func (p *parser) member(set *[]Edge) (r rune, one bool) {
	if !p.more() {
		panic(p.fail("a bracket is not closed"))
	}
	if !p.take("\\") {
		return p.rune(), true
	}
	if p.take("b") {
		return '\b', true
	}
	if p.take("-") {
		return '-', true
	}
	if more := p.set(); more != nil {
		*set = append(*set, more...)
		return 0, false
	}
	return p.escaped(), true
}

// fold is a class of ranges, with the other case of its letters when the flag says so.
func (p *parser) fold(set []Edge) *node {
	if p.flags.Fold {
		for _, e := range slices.Clone(set) {
			for r := e.Lo; r <= min(e.Hi, e.Lo+0x3000); r++ {
				for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
					set = append(set, Edge{Lo: other, Hi: other})
				}
			}
		}
	}
	return &node{op: opClass, ranges: normal(set)}
}

// normal sorts ranges and joins those that meet.
func normal(set []Edge) []Edge {
	slices.SortFunc(set, func(a, b Edge) int { return int(a.Lo - b.Lo) })
	var out []Edge
	for _, e := range set {
		if n := len(out); n > 0 && e.Lo <= out[n-1].Hi+1 {
			out[n-1].Hi = max(out[n-1].Hi, e.Hi)
			continue
		}
		out = append(out, Edge{Lo: e.Lo, Hi: e.Hi})
	}
	return out
}

// invert is all code points that are not in set.
func invert(set []Edge) []Edge {
	var out []Edge
	at := rune(0)
	for _, e := range normal(slices.Clone(set)) {
		if e.Lo > at {
			out = append(out, Edge{Lo: at, Hi: e.Lo - 1})
		}
		at = e.Hi + 1
	}
	if at <= utf8.MaxRune {
		out = append(out, Edge{Lo: at, Hi: utf8.MaxRune})
	}
	return out
}

func ofTable(t *unicode.RangeTable) []Edge {
	var out []Edge
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = append(out, Edge{Lo: lo, Hi: hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			out = append(out, Edge{Lo: r, Hi: r})
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return normal(out)
}
