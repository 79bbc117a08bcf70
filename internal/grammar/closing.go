package grammar

// Left is how many bytes are needed at least to end the grammar from here; special
// tokens count as one. It is large when there is no way.
func (m *Matcher) Left() int { return int(m.left(m.at)) }

func (m *Matcher) left(at uint32) int32 {
	if m.ends == nil {
		m.ends = m.m.g.measure()
	}
	if at == nowhere {
		return far
	}
	for int(at) >= len(m.lefts) {
		m.lefts = append(m.lefts, 0)
	}
	if m.lefts[at] != 0 {
		return m.lefts[at] - 1
	}
	best := int32(far - 1)
	c := &m.m.configs[at]
	if c.accepts {
		best = 0
	}
	for _, it := range c.items {
		n := int32(0)
		if it.state&inTerm != 0 {
			n = m.ends.place(m.m.g, it.state)
		} else {
			n = m.ends.states[it.state]
		}
		best = min(best, n+m.below(it.stack))
	}
	m.lefts[at] = best + 1
	return best
}

// below is how many bytes a stack needs. Stacks are numbered after those they stand on.
func (m *Matcher) below(stack uint32) int32 {
	for n := uint32(len(m.stacks)); n < uint32(len(m.m.stacks)); n++ {
		best := int32(far / 2)
		if n == bottom {
			best = 0
		}
		for _, f := range m.m.stacks[n] {
			best = min(best, m.ends.states[f.ret]+m.stacks[f.stack])
		}
		m.stacks = append(m.stacks, best)
	}
	return m.stacks[stack]
}

// Closing appends the shortest text that ends the grammar from here, up to a special token
// that is needed, which is returned; ok says that there is one.
func (m *Matcher) Closing(dst []byte) (text []byte, special uint32, ok bool) {
	at := m.at
	for left := m.left(at); left > 0 && left < far/2; {
		best, to := -1, at
		for b := range 256 {
			if next := m.m.step(at, byte(b)); next != nowhere {
				if n := m.left(next); n < left {
					best, to, left = b, next, n
				}
			}
		}
		if best < 0 {
			for _, id := range m.m.configs[at].special {
				if n := m.left(m.m.stepToken(at, id)); n < left {
					left, special, ok = n, id, true
				}
			}
			return dst, special, ok
		}
		dst = append(dst, byte(best))
		at = to
	}
	return dst, 0, false
}
