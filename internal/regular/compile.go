package regular

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// maxNFA bounds the states of an expression before it is made deterministic.
const maxNFA = 1 << 17

// Full is the language of an expression that describes a whole text.
func Full(expr string, flags Flags, budget *Budget) (*DFA, error) {
	n, err := parse(expr, flags)
	if err != nil {
		return nil, err
	}
	return whole(expr, n, budget)
}

// Search is the language of the texts in which an expression is found, as pattern of
// JSON Schema means it.
func Search(expr string, budget *Budget) (*DFA, error) {
	n, err := parse(expr, Flags{})
	if err != nil {
		return nil, err
	}
	return whole(expr, around(n), budget)
}

// around allows any text before and behind n; what n asserts at its start keeps its place.
func around(n *node) *node {
	if n.op == opAlt {
		out := &node{op: opAlt}
		for _, s := range n.sub {
			out.sub = append(out.sub, around(s))
		}
		return out
	}
	any := &node{op: opRepeat, sub: []*node{class(Edge{Lo: 0, Hi: utf8.MaxRune})}, max: -1}
	if n.op == opCat && len(n.sub) > 0 && n.sub[0].op == opAssert && n.sub[0].assert == atStart {
		return &node{op: opCat, sub: append(slices.Clone(n.sub), any)}
	}
	return &node{op: opCat, sub: []*node{any, n, any}}
}

// whole compiles a tree. Looking ahead is understood at the start of the text, where
// it is a second language that must hold as well, or must not.
func whole(expr string, n *node, budget *Budget) (*DFA, error) {
	if n.op == opAlt && slices.ContainsFunc(n.sub, leads) {
		out := &DFA{}
		for _, s := range n.sub {
			d, err := whole(expr, s, budget)
			if err == nil {
				out, err = Union(out, d, budget)
			}
			if err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	var looks []*node
	if n.op == opCat {
		rest := make([]*node, 0, len(n.sub))
		at := 0
		for ; at < len(n.sub) && (n.sub[at].op == opLook || n.sub[at].op == opAssert && n.sub[at].assert == atStart); at++ {
			if n.sub[at].op == opLook {
				looks = append(looks, n.sub[at])
			} else {
				rest = append(rest, n.sub[at])
			}
		}
		n = &node{op: opCat, sub: append(rest, n.sub[at:]...)}
	}
	d, err := determine(expr, n, budget)
	for _, l := range looks {
		if err != nil {
			return nil, err
		}
		any := &node{op: opRepeat, sub: []*node{class(Edge{Lo: 0, Hi: utf8.MaxRune})}, max: -1}
		var other *DFA
		if other, err = determine(expr, &node{op: opCat, sub: []*node{l.sub[0], any}}, budget); err != nil {
			return nil, err
		}
		if l.neg {
			d, err = Minus(d, other, budget)
		} else {
			d, err = Intersect(d, other, budget)
		}
	}
	return d, err
}

// leads reports whether a sequence begins by looking ahead.
func leads(n *node) bool {
	for n.op == opCat && len(n.sub) > 0 {
		i := 0
		for i < len(n.sub)-1 && n.sub[i].op == opAssert {
			i++
		}
		n = n.sub[i]
	}
	return n.op == opLook
}

// instr is a state of the nondeterministic automaton.
type instr struct {
	op     op // opClass, opAlt (to next and other), opAssert, opEmpty (to next); opCat is the end
	ranges []Edge
	assert assertion
	next   uint32
	other  uint32
}

// machine is one being made deterministic.
type machine struct {
	expr   string
	budget *Budget
	code   []instr
	words  bool // it has word edges

	mark  []uint32 // of a state: the closure that met it last
	stamp uint32
	stack []uint32
}

// emit writes n in front of next, which has been written, and returns where it starts.
func (m *machine) emit(n *node, next uint32) (uint32, error) {
	if err := m.budget.Spend(1); err != nil {
		return 0, err
	}
	if len(m.code) > maxNFA {
		return 0, &LimitError{"a regular expression is too large"}
	}
	var err error
	switch n.op {
	case opCat:
		for i := len(n.sub) - 1; i >= 0; i-- {
			if next, err = m.emit(n.sub[i], next); err != nil {
				return 0, err
			}
		}
		return next, nil
	case opAlt:
		at, err := m.emit(n.sub[len(n.sub)-1], next)
		for i := len(n.sub) - 2; i >= 0 && err == nil; i-- {
			var first uint32
			first, err = m.emit(n.sub[i], next)
			at = m.put(instr{op: opAlt, next: first, other: at})
		}
		return at, err
	case opRepeat:
		return m.repeat(n, next)
	case opLook:
		return 0, &SyntaxError{Expr: m.expr, Reason: "looking ahead is supported at the start of the text only"}
	case opAssert:
		m.words = m.words || n.assert == wordEdge || n.assert == noWordEdge
		return m.put(instr{op: opAssert, assert: n.assert, next: next}), nil
	case opClass:
		return m.put(instr{op: opClass, ranges: n.ranges, next: next}), nil
	}
	return next, nil
}

func (m *machine) put(i instr) uint32 {
	m.code = append(m.code, i)
	return uint32(len(m.code) - 1)
}

func (m *machine) repeat(n *node, next uint32) (uint32, error) {
	body, at, end := n.sub[0], next, next
	if n.max < 0 {
		loop := m.put(instr{op: opAlt, other: next})
		first, err := m.emit(body, loop)
		if err != nil {
			return 0, err
		}
		m.code[loop].next = first
		at = loop
	}
	for i := n.min; i < n.max; i++ {
		first, err := m.emit(body, at)
		if err != nil {
			return 0, err
		}
		at = m.put(instr{op: opAlt, next: first, other: end})
	}
	for i := 0; i < n.min; i++ {
		var err error
		if at, err = m.emit(body, at); err != nil {
			return 0, err
		}
	}
	return at, nil
}

// kind is what stands beside a place, as far as assertions care.
type kind uint8

const (
	nothing kind = iota // the text's start or end
	letter              // a code point that \w holds
	other
)

// closure adds to the states of set all that are reached without reading, when before
// and after stand beside the place, and returns those that read or end.
func (m *machine) closure(set []uint32, before, after kind) []uint32 {
	m.stamp++
	var out []uint32
	m.stack = append(m.stack[:0], set...)
	for len(m.stack) > 0 {
		s := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.mark[s] == m.stamp {
			continue
		}
		m.mark[s] = m.stamp
		m.budget.left-- // seen at the next Spend
		switch i := &m.code[s]; i.op {
		case opAlt:
			m.stack = append(m.stack, i.other, i.next)
		case opAssert:
			edge := (before == letter) != (after == letter)
			if i.assert == atStart && before == nothing || i.assert == atEnd && after == nothing ||
				i.assert == wordEdge && edge || i.assert == noWordEdge && !edge {
				m.stack = append(m.stack, i.next)
			}
		default:
			out = append(out, s)
		}
	}
	return out
}

// state is a set of states before closure, and what was read last.
type state struct {
	set    []uint32
	before kind
}

// determine makes an automaton of a tree that describes a whole text.
func determine(expr string, n *node, budget *Budget) (*DFA, error) {
	m := &machine{expr: expr, budget: budget}
	end := m.put(instr{op: opCat})
	start, err := m.emit(n, end)
	if err != nil {
		return nil, err
	}
	m.mark = make([]uint32, len(m.code))
	var out builder
	number := map[string]uint32{}
	var work []state
	visit := func(s state) (uint32, error) {
		key := make([]byte, 0, 1+4*len(s.set))
		key = append(key, byte(s.before))
		for _, x := range s.set {
			key = binary.LittleEndian.AppendUint32(key, x)
		}
		id, ok := number[string(key)]
		if !ok {
			if len(work) >= maxStates {
				return 0, &LimitError{"a regular expression needs more than 16,384 states"}
			}
			if err := budget.Spend(4 * len(s.set)); err != nil {
				return 0, err
			}
			last := m.closure(s.set, s.before, nothing)
			id = out.add(slices.Contains(last, end))
			number[string(key)] = id
			work = append(work, s)
		}
		return id, nil
	}
	if _, err := visit(state{[]uint32{start}, nothing}); err != nil {
		return nil, err
	}
	for i := 0; i < len(work); i++ {
		if err := m.leave(uint32(i), work[i], &out, visit); err != nil {
			return nil, err
		}
	}
	return out.finish(), nil
}

// leave writes the edges of a state.
func (m *machine) leave(id uint32, s state, out *builder, visit func(state) (uint32, error)) error {
	type step struct {
		lo, hi rune
		to     uint32
	}
	var steps []step
	collect := func(after kind, within []Edge) {
		for _, x := range m.closure(s.set, s.before, after) {
			for _, r := range m.code[x].ranges {
				for _, w := range within {
					if lo, hi := max(r.Lo, w.Lo), min(r.Hi, w.Hi); lo <= hi {
						steps = append(steps, step{lo, hi, m.code[x].next})
					}
				}
			}
		}
	}
	word := []Edge{{Lo: '0', Hi: '9'}, {Lo: 'A', Hi: 'Z'}, {Lo: '_', Hi: '_'}, {Lo: 'a', Hi: 'z'}}
	if m.words {
		collect(letter, word)
		collect(other, invert(word))
	} else {
		collect(other, []Edge{{Lo: 0, Hi: utf8.MaxRune}})
	}
	cuts := make([]rune, 0, 2*len(steps))
	for _, t := range steps {
		cuts = append(cuts, t.lo, t.hi+1)
	}
	cuts = append(cuts, surrogates, afterThem)
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	slices.SortFunc(steps, func(a, b step) int { return int(a.lo - b.lo) })
	var open []step
	var set []uint32
	for i := 0; i+1 < len(cuts); i++ {
		lo, hi := cuts[i], cuts[i+1]-1
		for len(steps) > 0 && steps[0].lo <= lo {
			open, steps = append(open, steps[0]), steps[1:]
		}
		open = slices.DeleteFunc(open, func(t step) bool { return t.hi < lo })
		if err := m.budget.Spend(1 + len(open)); err != nil {
			return err
		}
		if len(open) == 0 {
			continue
		}
		set = set[:0]
		for _, t := range open {
			set = append(set, t.to)
		}
		slices.Sort(set)
		next := state{set: slices.Clone(slices.Compact(set)), before: other}
		if m.words && isWord(lo) {
			next.before = letter
		}
		if lo >= surrogates && hi < afterThem {
			continue
		}
		to, err := visit(next)
		if err != nil {
			return err
		}
		out.edge(id, Edge{lo, hi, to})
	}
	return nil
}

// No text has the code points from surrogates on, up to afterThem: what only they lead
// to is not live. An edge may cross them.
const surrogates, afterThem = 0xD800, 0xE000

func isWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r == '_' || r >= 'a' && r <= 'z'
}
