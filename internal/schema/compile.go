package schema

import (
	"slices"
	"strconv"
	"strings"

	"ossian/internal/regular"
)

// Bounds of a compiled schema.
const (
	maxNodes        = 20_000
	maxAlternatives = 4_096
	maxSteps        = 20_000_000
)

// Compile reads a schema. Errors are *Error.
func Compile(raw []byte) (*Schema, error) { return compile(raw, maxSteps) }

func compile(raw []byte, steps int) (*Schema, error) {
	doc, err := newDocument(raw)
	if err != nil {
		return nil, err
	}
	c := &compiler{doc: doc, budget: regular.NewBudget(steps), nodes: map[string]*Node{}, place: map[*Node]int{}, filled: map[*Node]bool{},
		patterns: map[string]*regular.DFA{}, any: regular.Any()}
	root, err := c.node([]*clause{{at: "", value: doc.root}})
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(c.queue); i++ {
		if err := c.fill(c.queue[i]); err != nil {
			return nil, err
		}
	}
	return &Schema{Root: root}, nil
}

// clause is a schema that must hold, or must not. at tells it from all others; what was
// made up here has a place below the keyword that asked for it.
type clause struct {
	at    string
	value any
	neg   bool
}

func (c *clause) key() string {
	if c.neg {
		return c.at + "\x01"
	}
	return c.at
}

type compiler struct {
	doc      *document
	budget   *regular.Budget
	nodes    map[string]*Node // by the clauses that hold there
	queue    []job
	place    map[*Node]int  // in queue
	filled   map[*Node]bool // true when done, false while under way
	patterns map[string]*regular.DFA
	any      *regular.DFA
	number   [2]*regular.DFA // any number, any integer
}

// job is a node that waits to be filled.
type job struct {
	n   *Node
	set []*clause
}

// node is the place where all of set hold. It is filled later.
func (c *compiler) node(set []*clause) (*Node, error) {
	set = slices.Clone(set)
	slices.SortStableFunc(set, func(a, b *clause) int { return strings.Compare(a.key(), b.key()) })
	set = slices.CompactFunc(set, func(a, b *clause) bool { return a.key() == b.key() })
	keys := make([]string, len(set))
	cost := 4
	for i, cl := range set {
		keys[i] = cl.key()
		cost += 1 + len(keys[i])/16
	}
	if err := c.budget.Spend(cost); err != nil {
		return nil, wrap("", "", err)
	}
	key := strconv.Itoa(len(keys)) + strings.Join(keys, "\x00") // no clause and the clause at "" differ
	n, ok := c.nodes[key]
	if !ok {
		if len(c.nodes) >= maxNodes {
			return nil, &Error{Reason: "it has more than 20,000 different places", Limit: true}
		}
		n = &Node{}
		if len(set) > 0 {
			n.At = set[0].at
		}
		c.nodes[key] = n
		c.place[n] = len(c.queue)
		c.queue = append(c.queue, job{n, set})
	}
	return n, nil
}

// fill works out what a node allows, if that has not been done.
func (c *compiler) fill(j job) error {
	if _, begun := c.filled[j.n]; begun {
		return nil
	}
	c.filled[j.n] = false
	leaves, err := c.leaves(state{pending: pend(nil, j.set...), seen: map[string]bool{}})
	if err != nil {
		return err
	}
	for _, l := range leaves {
		j.n.add(l)
	}
	c.filled[j.n] = true
	return nil
}

// settled fills a node at once and reports whether it is complete: one that is under
// way, because it contains itself, is not.
func (c *compiler) settled(n *Node) (bool, error) {
	if done, begun := c.filled[n]; begun {
		return done, nil
	}
	return true, c.fill(c.queue[c.place[n]])
}

// waiting is a clause that has not been looked at, and the clauses it came from.
type waiting struct {
	*clause
	from *waiting
}

func pend(from *waiting, set ...*clause) []waiting {
	out := make([]waiting, len(set))
	for i, cl := range set {
		out[i] = waiting{cl, from}
	}
	return out
}

// choice is alternatives, each a list of clauses. If one is set, exactly one holds.
type choice struct {
	at, keyword string
	alts        [][]*clause
	from        *waiting
	one         bool
}

// state is a conjunction on its way to be worked out.
type state struct {
	pending []waiting
	seen    map[string]bool
	base    []*clause // schemas without logic
	choices []choice
}

// leaves works a conjunction out into alternatives without logic in them.
func (c *compiler) leaves(s state) ([]*Node, error) {
	for len(s.pending) > 0 {
		w := s.pending[0]
		s.pending = s.pending[1:]
		if err := c.budget.Spend(32 + len(w.at)/4); err != nil {
			return nil, wrap(w.at, "", err)
		}
		hops := 0
		for up := w.from; up != nil; up = up.from {
			if hops++; up.neg == w.neg && up.at == w.at {
				return nil, fail(w.at, "$ref", "it leads back to itself before any value is read")
			}
		}
		if err := c.budget.Spend(2 * hops); err != nil {
			return nil, wrap(w.at, "", err)
		}
		if s.seen[w.key()] {
			continue
		}
		s.seen[w.key()] = true
		possible, err := c.open(&s, w)
		if err != nil || !possible {
			return nil, err
		}
	}
	if len(s.choices) == 0 {
		if len(s.base) == 0 {
			s.base = []*clause{{value: newObject()}} // true
		}
		n, err := c.leaf(s.base)
		if err != nil || n == nil {
			return nil, err
		}
		return []*Node{n}, nil
	}
	ch := s.choices[0]
	rest := s.choices[1:]
	branch := func(extra ...*clause) ([]*Node, error) {
		if err := c.budget.Spend(32 + 8*len(s.seen) + 2*len(s.base)); err != nil {
			return nil, wrap(ch.at, ch.keyword, err)
		}
		sub := state{base: slices.Clip(s.base), choices: slices.Clip(rest), seen: make(map[string]bool, len(s.seen))}
		for k := range s.seen {
			sub.seen[k] = true
		}
		sub.pending = pend(ch.from, extra...)
		return c.leaves(sub)
	}
	var all [][]*Node
	total := 0
	for _, alt := range ch.alts {
		l, err := branch(alt...)
		if err != nil {
			return nil, err
		}
		if total += len(l); total > maxAlternatives {
			return nil, &Error{At: ch.at, Keyword: ch.keyword, Reason: "it has more than 4,096 alternatives, counted with those it combines with", Limit: true}
		}
		all = append(all, l)
	}
	if ch.one {
		if err := c.exactlyOne(ch, all, branch); err != nil {
			return nil, err
		}
	}
	return slices.Concat(all...), nil
}

// exactlyOne makes the alternatives of oneOf exclude each other, where they do not yet.
func (c *compiler) exactlyOne(ch choice, all [][]*Node, branch func(...*clause) ([]*Node, error)) error {
	overlap := make([][]int, len(all))
	for i := range all {
		for j := range all {
			if i == j {
				continue
			}
			apart, err := c.apart(all[i], all[j], 3)
			if err != nil {
				return err
			}
			if !apart {
				overlap[i] = append(overlap[i], j)
			}
		}
	}
	for i, others := range overlap {
		if len(others) == 0 {
			continue
		}
		set := slices.Clone(ch.alts[i])
		for _, j := range others {
			cl := ch.alts[j][0]
			set = append(set, &clause{cl.at, cl.value, true})
		}
		l, err := branch(set...)
		if err != nil {
			if e, ok := err.(*Error); ok && !e.Limit {
				return fail(ch.at, ch.keyword, "alternatives %d and %d can hold at once, and one cannot be excluded from the other (%s); "+
					"use anyOf, or give each a required property with a const of its own", i, others[0], e.Reason)
			}
			return err
		}
		all[i] = l
	}
	return nil
}
