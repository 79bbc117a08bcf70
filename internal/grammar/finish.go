package grammar

// finish checks a draft and makes a grammar of it: what can never be completed is left
// out, so that every state leads to an end.
func (d *draft) finish(start uint32) (*Grammar, error) {
	if len(d.final) > maxGrammar {
		return nil, &Error{Reason: "it has more than 524,288 states; make bounds, lists and alternatives smaller", Limit: true}
	}
	g := &Grammar{terms: d.terms, start: start}
	owner := d.owners()
	live, makes := d.live(owner)
	if !makes[start] {
		return nil, fail("", "nothing satisfies it: %s can never be completed", d.rules[start].name)
	}
	number := make([]uint32, len(d.final))
	next := uint32(0)
	for s := range d.final {
		if live[s] {
			number[s] = next
			next++
		}
	}
	for s, edges := range d.edges {
		if !live[s] {
			continue
		}
		n := node{from: uint32(len(g.edges)), final: d.final[s]}
		for _, e := range edges {
			if live[e.to] && d.possible(e, makes) {
				e.to = number[e.to]
				g.edges = append(g.edges, e)
			}
		}
		n.last = n.final && int(n.from) == len(g.edges)
		g.states = append(g.states, n)
	}
	g.rules = make([]rule, len(d.rules))
	for i, r := range d.rules {
		g.rules[i] = rule{name: r.name, start: number[r.start]} // of no use, and not called, when dead
	}
	g.findNullable(makes)
	return g, g.checkLeft(makes)
}

// possible reports whether an edge can be gone at all.
func (d *draft) possible(e edge, makes []bool) bool {
	switch e.kind {
	case onRule:
		return makes[e.arg]
	case onTerm:
		t := d.terms[e.arg]
		return t.anything || !t.dfa.Empty()
	}
	return true
}

// owners says to which rule each state belongs; -1 for none.
func (d *draft) owners() []int32 {
	owner := make([]int32, len(d.final))
	for i := range owner {
		owner[i] = -1
	}
	var work []uint32
	for r := range d.rules {
		work = append(work[:0], d.rules[r].start)
		for len(work) > 0 {
			s := work[len(work)-1]
			work = work[:len(work)-1]
			if owner[s] >= 0 {
				continue
			}
			owner[s] = int32(r)
			for _, e := range d.edges[s] {
				work = append(work, e.to)
			}
		}
	}
	return owner
}

// live finds the states from which their rule's end is reached, and the rules that can
// be completed: an edge that calls one counts once that is known.
func (d *draft) live(owner []int32) (live, makes []bool) {
	type from struct {
		state uint32
		e     edge
	}
	n := len(d.final)
	live, makes = make([]bool, n), make([]bool, len(d.rules))
	into := make([][]from, n)
	callers := make([][]from, len(d.rules))
	var work []uint32
	for s, edges := range d.edges {
		if owner[s] < 0 {
			continue
		}
		for _, e := range edges {
			into[e.to] = append(into[e.to], from{uint32(s), e})
			if e.kind == onRule {
				callers[e.arg] = append(callers[e.arg], from{uint32(s), e})
			}
		}
		if d.final[s] {
			work = append(work, uint32(s))
		}
	}
	mark := func(s uint32) {
		if !live[s] {
			live[s] = true
			work = append(work, s)
		}
	}
	first := work
	work = nil
	for _, s := range first {
		mark(s)
	}
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		for _, f := range into[s] {
			if d.possible(f.e, makes) {
				mark(f.state)
			}
		}
		if r := owner[s]; d.rules[r].start == s && !makes[r] {
			makes[r] = true
			for _, f := range callers[r] {
				if live[f.e.to] {
					mark(f.state)
				}
			}
		}
	}
	return live, makes
}

// findNullable finds the rules that may be empty.
func (g *Grammar) findNullable(makes []bool) {
	for again := true; again; {
		again = false
		for r := range g.rules {
			if makes[r] && !g.rules[r].nullable && g.reachesEnd(g.rules[r].start) {
				g.rules[r].nullable, again = true, true
			}
		}
	}
}

func (g *Grammar) reachesEnd(start uint32) bool {
	seen := map[uint32]bool{}
	work := []uint32{start}
	for len(work) > 0 {
		s := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		if g.states[s].final {
			return true
		}
		for _, e := range g.edgesOf(s) {
			if g.empty(e) {
				work = append(work, e.to)
			}
		}
	}
	return false
}

// empty reports whether an edge can be gone without reading.
func (g *Grammar) empty(e edge) bool {
	switch e.kind {
	case onNothing:
		return true
	case onRule:
		return g.rules[e.arg].nullable
	case onTerm:
		return g.terms[e.arg].nullable()
	}
	return false
}

// checkLeft refuses rules that call themselves before anything is read.
func (g *Grammar) checkLeft(makes []bool) error {
	const fresh, open, done = 0, 1, 2
	mark := make([]uint8, len(g.rules))
	var visit func(r uint32, depth int) error
	visit = func(r uint32, depth int) error {
		if mark[r] == done {
			return nil
		}
		if mark[r] == open {
			return fail("rule "+g.rules[r].name, "it calls itself before anything is read; write the repetition with * or +")
		}
		if depth > 10_000 {
			return &Error{Where: "rule " + g.rules[r].name, Reason: "rules begin with rules, more than 10,000 deep", Limit: true}
		}
		mark[r] = open
		seen := map[uint32]bool{}
		work := []uint32{g.rules[r].start}
		for len(work) > 0 {
			s := work[len(work)-1]
			work = work[:len(work)-1]
			if seen[s] {
				continue
			}
			seen[s] = true
			for _, e := range g.edgesOf(s) {
				if e.kind == onRule {
					if err := visit(e.arg, depth+1); err != nil {
						return err
					}
				}
				if g.empty(e) {
					work = append(work, e.to)
				}
			}
		}
		mark[r] = done
		return nil
	}
	for r := range g.rules {
		if makes[r] {
			if err := visit(uint32(r), 0); err != nil {
				return err
			}
		}
	}
	return nil
}
