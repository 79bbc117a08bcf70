package grammar

import (
	"ossian/internal/regular"
)

// Grammar is a compiled grammar.
type Grammar struct {
	states []node
	edges  []edge // of all states, in order
	rules  []rule
	terms  []*terminal
	start  uint32 // rule
}

// node is a state of a rule: its edges up to from, which is where the next one's begin.
type node struct {
	from  uint32
	final bool // the rule may end here
	last  bool // and does: there is no edge
}

// edge leads to a state of the same rule.
type edge struct {
	kind   edgeKind
	lo, hi byte   // of onByte
	arg    uint32 // of onToken the id, of onRule and onTerm the index
	to     uint32
}

type edgeKind uint8

const (
	onNothing edgeKind = iota
	onByte
	onToken // a special token
	onRule
	onTerm
)

type rule struct {
	name     string
	start    uint32
	nullable bool
}

func (g *Grammar) edgesOf(s uint32) []edge {
	end := uint32(len(g.edges))
	if int(s)+1 < len(g.states) {
		end = g.states[s+1].from
	}
	return g.edges[g.states[s].from:end]
}

// maxGrammar bounds the states of a grammar, maxTerms its terminals.
const (
	maxGrammar = 1 << 19
	maxTerms   = 1 << 14
	maxDFA     = 1 << 19
)

// draft is a grammar being written.
type draft struct {
	edges [][]edge
	final []bool
	rules []rule
	terms []*terminal
	index map[*regular.DFA][2]uint32 // number of a terminal plus one, raw and text
}

func (d *draft) state() uint32 {
	d.edges = append(d.edges, nil)
	d.final = append(d.final, false)
	return uint32(len(d.final) - 1)
}

func (d *draft) edge(from uint32, e edge) { d.edges[from] = append(d.edges[from], e) }

func (d *draft) skip(from, to uint32) {
	if from != to {
		d.edge(from, edge{kind: onNothing, to: to})
	}
}

// bytes leads from a state over a text and returns where it ends.
func (d *draft) bytes(from uint32, text string) uint32 {
	for i := range len(text) {
		next := d.state()
		d.edge(from, edge{kind: onByte, lo: text[i], hi: text[i], to: next})
		from = next
	}
	return from
}

// rule makes a rule with its start, without an end.
func (d *draft) rule(name string) uint32 {
	d.rules = append(d.rules, rule{name: name, start: d.state()})
	return uint32(len(d.rules) - 1)
}

func (d *draft) call(from, r uint32) uint32 {
	to := d.state()
	d.edge(from, edge{kind: onRule, arg: r, to: to})
	return to
}

func (d *draft) term(from, t uint32) uint32 {
	to := d.state()
	d.edge(from, edge{kind: onTerm, arg: t, to: to})
	return to
}

// terminal numbers an automaton over code points; text says that it is read as a JSON string.
func (d *draft) terminal(a *regular.DFA, text bool) (uint32, error) {
	k := 0
	if text {
		k = 1
	}
	ix := d.index[a]
	if ix[k] != 0 {
		return ix[k] - 1, nil
	}
	if a.States() > maxDFA || len(d.terms) >= maxTerms {
		return 0, &Error{Reason: "it has more than 16,384 kinds of texts", Limit: true}
	}
	d.terms = append(d.terms, newTerminal(a, text))
	ix[k] = uint32(len(d.terms))
	if d.index == nil {
		d.index = map[*regular.DFA][2]uint32{}
	}
	d.index[a] = ix
	return ix[k] - 1, nil
}

// anything numbers the terminal of any bytes; some says of at least one.
func (d *draft) anything(some bool) uint32 {
	for i, t := range d.terms {
		if t.anything && t.some == some {
			return uint32(i)
		}
	}
	d.terms = append(d.terms, &terminal{anything: true, some: some})
	return uint32(len(d.terms) - 1)
}
