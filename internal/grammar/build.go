package grammar

import "ossian/internal/regular"

// Part is a piece of a grammar that is put together in Go, for formats that mix text,
// special tokens and other grammars. It writes itself behind a state and returns where
// it ends.
type Part func(d *draft, from uint32) (to uint32)

// Build makes a grammar of a part.
func Build(name string, p Part) (*Grammar, error) {
	d := &draft{}
	r := d.rule(name)
	d.final[p(d, d.rules[r].start)] = true
	return d.finish(r)
}

// Text is exactly these bytes, in ordinary tokens of any cut.
func Text(s string) Part {
	return func(d *draft, from uint32) uint32 { return d.bytes(from, s) }
}

// Special is one special token.
func Special(id uint32) Part {
	return func(d *draft, from uint32) uint32 {
		to := d.state()
		d.edge(from, edge{kind: onToken, arg: id, to: to})
		return to
	}
}

// Anything is ordinary tokens, as many as may be; at least one if some is set.
func Anything(some bool) Part {
	return func(d *draft, from uint32) uint32 { return d.term(from, d.anything(some)) }
}

// Pattern is a text of a language.
func Pattern(a *regular.DFA) Part {
	return func(d *draft, from uint32) uint32 {
		t, err := d.terminal(a, false)
		if err != nil {
			return d.state() // leads nowhere, which finish reports; one grammar has not so many kinds of texts
		}
		return d.term(from, t)
	}
}

// Seq is parts one after the other.
func Seq(parts ...Part) Part {
	return func(d *draft, from uint32) uint32 {
		for _, p := range parts {
			from = p(d, from)
		}
		return from
	}
}

// Any is one of parts.
func Any(parts ...Part) Part {
	return func(d *draft, from uint32) uint32 {
		end := d.state()
		for _, p := range parts {
			begin := d.state()
			d.skip(from, begin)
			d.skip(p(d, begin), end)
		}
		return end
	}
}

// Opt is a part or nothing.
func Opt(p Part) Part { return Any(p, Seq()) }

// Many is a part any number of times.
func Many(p Part) Part {
	return func(d *draft, from uint32) uint32 {
		loop := d.state()
		d.skip(from, loop)
		d.skip(p(d, loop), loop)
		return loop
	}
}

// Use is another grammar.
func Use(g *Grammar) Part {
	return func(d *draft, from uint32) uint32 {
		states, rules, terms := uint32(len(d.final)), uint32(len(d.rules)), uint32(len(d.terms))
		for s := range g.states {
			at := d.state()
			d.final[at] = g.states[s].final
			for _, e := range g.edgesOf(uint32(s)) {
				e.to += states
				switch e.kind {
				case onRule:
					e.arg += rules
				case onTerm:
					e.arg += terms
				}
				d.edge(at, e)
			}
		}
		for _, r := range g.rules {
			d.rules = append(d.rules, rule{name: r.name, start: r.start + states})
		}
		d.terms = append(d.terms, g.terms...)
		return d.call(from, g.start+rules)
	}
}
