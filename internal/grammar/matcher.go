package grammar

import (
	"encoding/binary"

	"ossian/internal/sample"
	"ossian/internal/token"
)

// Bounds of a matcher's caches, in configurations of some 1.2 KB and masks of 25 KB.
const (
	maxConfigs = 1 << 13
	maxMasks   = 1 << 8
)

// Matcher follows one sequence through a grammar. It is an engine.MaskSource.
type Matcher struct {
	v     *Vocabulary
	m     *machine
	stops []uint32
	at    uint32

	masks  []sample.Mask // of configurations; nil: not made
	byKind map[string]sample.Mask
	spare  []sample.Mask
	none   sample.Mask // the stops only
	path   []uint32    // of the walk under way
	key    []byte

	ends   *ends   // nil until asked for
	lefts  []int32 // of configurations, plus one
	stacks []int32
}

// NewMatcher begins a sequence. The stop ids are allowed where the grammar may end.
func (v *Vocabulary) NewMatcher(g *Grammar, stops ...uint32) *Matcher {
	m := &Matcher{v: v, m: newMachine(g), stops: stops, byKind: map[string]sample.Mask{}}
	m.path = make([]uint32, max(v.all.Depth, v.awkward.Depth)+1)
	m.none = blank(v.size)
	m.allowStops(m.none)
	m.at = m.m.begin()
	return m
}

// Mask is the set of tokens that may come next. It is valid until the next Accept and
// must not be changed.
func (m *Matcher) Mask() sample.Mask {
	if int(m.at) < len(m.masks) && m.masks[m.at] != nil {
		return m.masks[m.at]
	}
	mask := m.none
	if m.at != nowhere {
		mask = m.mask(m.at)
	}
	for int(m.at) >= len(m.masks) {
		m.masks = append(m.masks, nil)
	}
	m.masks[m.at] = mask
	return mask
}

// Accept follows a token. After one that was not allowed nothing but a stop is.
func (m *Matcher) Accept(id uint32) {
	m.at = m.follow(m.at, id)
	if len(m.m.configs) > maxConfigs || len(m.byKind) > maxMasks {
		m.forget()
	}
}

// follow leads over a token.
func (m *Matcher) follow(at, id uint32) uint32 {
	if m.v.tokens.IsSpecial(id) {
		return m.m.stepToken(at, id)
	}
	b, ok := m.v.tokens.Bytes(id)
	if !ok {
		return nowhere
	}
	for _, c := range b {
		at = m.m.step(at, c)
	}
	return at
}

// AcceptBytes follows text, whatever its tokens; false when it does not belong here.
func (m *Matcher) AcceptBytes(text string) bool {
	for i := range len(text) {
		m.at = m.m.step(m.at, text[i])
	}
	return m.at != nowhere
}

// Done reports whether the grammar may end here.
func (m *Matcher) Done() bool { return m.m.configs[m.at].accepts }

// Lost reports whether a token was accepted that was not allowed.
func (m *Matcher) Lost() bool { return m.at == nowhere }

// Forced appends the text that must come next, as far as there is no choice.
func (m *Matcher) Forced(dst []byte) []byte {
	at := m.at
	for n := 0; n < 1024; n++ {
		c := &m.m.configs[at]
		if c.accepts || len(c.special) > 0 {
			break
		}
		only, to := -1, uint32(nowhere)
		for b := range 256 {
			if next := m.m.step(at, byte(b)); next != nowhere {
				if only >= 0 {
					return dst
				}
				only, to = b, next
			}
		}
		if only < 0 {
			break
		}
		dst = append(dst, byte(only))
		at = to
	}
	return dst
}

func (m *Matcher) allowStops(mask sample.Mask) {
	for _, id := range m.stops {
		if int(id) < m.v.size {
			allow(mask, id)
		}
	}
}

// forget empties the caches but for where the sequence stands.
func (m *Matcher) forget() {
	fresh := newMachine(m.m.g)
	m.at = carryOver(fresh, m.m, m.at)
	m.m = fresh
	for _, mask := range m.byKind {
		m.spare = append(m.spare, mask)
	}
	clear(m.byKind)
	m.masks, m.lefts, m.stacks = m.masks[:0], m.lefts[:0], m.stacks[:0]
}

func carryOver(to, from *machine, at uint32) uint32 {
	if at == nowhere {
		return nowhere
	}
	return to.carry(from, at)
}

// mask makes the mask of a configuration, or finds it under what it depends on: items
// that are alike to any token have one mask.
func (m *Matcher) mask(at uint32) sample.Mask {
	c := &m.m.configs[at]
	key := m.key[:0]
	for _, it := range c.items {
		key = binary.LittleEndian.AppendUint64(key, m.m.g.alike(it.state))
		key = binary.LittleEndian.AppendUint32(key, it.stack)
	}
	if c.accepts {
		key = append(key, 1)
	}
	m.key = key
	if mask, ok := m.byKind[string(key)]; ok {
		return mask
	}
	mask := m.blank()
	m.byKind[string(key)] = mask
	m.make(mask, at)
	return mask
}

func (m *Matcher) blank() sample.Mask {
	if n := len(m.spare); n > 0 {
		mask := m.spare[n-1]
		m.spare = m.spare[:n-1]
		clear(mask)
		return mask
	}
	return blank(m.v.size)
}

func (m *Matcher) make(mask sample.Mask, at uint32) {
	items := m.m.configs[at].items
	for _, id := range m.m.configs[at].special {
		if int(id) < m.v.size {
			allow(mask, id)
		}
	}
	if m.m.configs[at].accepts {
		m.allowStops(mask)
	}
	var narrow, wider, wordy []item
	for _, it := range items {
		any, free := m.m.g.width(it.state)
		switch {
		case any:
			join(mask, m.v.ordinary)
			return
		case free > 0:
			wider = append(wider, it)
		case m.m.g.wordsFrom(it.state) > 0:
			wordy = append(wordy, it)
		default:
			narrow = append(narrow, it)
		}
	}
	if len(wider)+len(wordy) > 0 && len(narrow) > 0 {
		at = m.m.number(narrow, false)
	}
	if len(narrow) > 0 {
		m.walkAll(mask, at)
	}
	for _, it := range wider {
		_, free := m.m.g.width(it.state)
		join(mask, m.v.plain[min(int(free), len(m.v.plain)-1)])
		m.walk(mask, m.v.awkward, 0, uint32(len(m.v.awkward.Nodes)), m.m.number([]item{it}, false))
	}
	for _, it := range wordy {
		join(mask, m.v.words[min(int(m.m.g.wordsFrom(it.state)), len(m.v.words)-1)])
		m.walk(mask, m.v.mixed, 0, uint32(len(m.v.mixed.Nodes)), m.m.number([]item{it}, false))
	}
}

// walkAll allows the tokens that lead somewhere. Where any characters may follow, the
// plain tokens below a node are allowed without looking at them. The mask allows no plain
// tokens before.
func (m *Matcher) walkAll(mask sample.Mask, at uint32) {
	v, nodes := m.v, m.v.all.Nodes
	path := m.path
	path[0] = at
	most := m.mostly(mask, at)
	for i := uint32(0); int(i) < len(nodes); {
		n := &nodes[i]
		from := path[n.Depth-1]
		to := m.m.next[from][n.Byte]
		if to == unknown {
			to = m.m.step(from, n.Byte)
		}
		if to == nowhere {
			i = n.End
			continue
		}
		free := m.m.free[to]
		if free == 0 || n.End == i+1 {
			path[n.Depth] = to
			if n.ID != token.NoToken {
				allow(mask, n.ID)
			}
			i++
			continue
		}
		if n.ID != token.NoToken {
			allow(mask, n.ID)
		}
		order, long := v.order[v.first[i]:v.first[n.End]], v.long[v.first[i]:v.first[n.End]]
		if free == wide {
			if !most || n.Depth > 1 {
				for _, id := range order {
					allow(mask, id)
				}
			}
		} else {
			for k, id := range order {
				if int(long[k])-int(v.chars[i]) <= int(free) {
					allow(mask, id)
				}
			}
		}
		if t := v.twin[i]; t != none {
			path[n.Depth] = to
			m.walk(mask, v.awkward, t+1, v.awkward.Nodes[t].End, to)
		}
		i = n.End
	}
}

// mostly allows all plain tokens when more than half of them begin with a character behind which
// anything may come, as in a name that is none of a list, and takes back the others.
func (m *Matcher) mostly(mask sample.Mask, at uint32) bool {
	v, nodes := m.v, m.v.all.Nodes
	open := func(i uint32) bool {
		to := m.m.step(at, nodes[i].Byte)
		return m.m.free[to] == wide
	}
	n := 0
	for i := uint32(0); int(i) < len(nodes); i = nodes[i].End {
		if open(i) {
			n += int(v.first[nodes[i].End] - v.first[i])
		}
	}
	if 2*n <= len(v.order) {
		return false
	}
	join(mask, v.plain[len(v.plain)-1])
	for i := uint32(0); int(i) < len(nodes); i = nodes[i].End {
		if !open(i) {
			for _, id := range v.order[v.first[i]:v.first[nodes[i].End]] {
				mask[id/64] &^= 1 << (id % 64)
			}
		}
	}
	return true
}

// walk does the same token by token with a part of a tree, whose parent led to at.
func (m *Matcher) walk(mask sample.Mask, t *token.Trie, i, end, at uint32) {
	nodes := t.Nodes
	path := m.path
	if i < end {
		path[nodes[i].Depth-1] = at
	}
	for i < end {
		n := &nodes[i]
		from := path[n.Depth-1]
		to := m.m.next[from][n.Byte]
		if to == unknown {
			to = m.m.step(from, n.Byte)
		}
		if to == nowhere {
			i = n.End
			continue
		}
		path[n.Depth] = to
		if n.ID != token.NoToken {
			allow(mask, n.ID)
		}
		i++
	}
}

func join(mask, other sample.Mask) {
	for i, w := range other {
		mask[i] |= w
	}
}

// alike is a place that is the same to any token.
func (g *Grammar) alike(s uint64) uint64 {
	if s&inTerm == 0 || phase(s>>phaseAt&15) != between {
		return s
	}
	t := g.terms[s>>termAt&termMask]
	if t.alike == nil {
		return s
	}
	return s&^(stateMask<<stateAt) | uint64(t.alike[s>>stateAt&stateMask])<<stateAt
}

// width says how many characters may follow, whatever they are, or that any bytes may.
func (g *Grammar) width(s uint64) (any bool, free uint8) {
	if s&inTerm == 0 {
		return false, 0
	}
	t := g.terms[s>>termAt&termMask]
	if t.anything {
		return true, 0
	}
	if t.free == nil || phase(s>>phaseAt&15) != between {
		return false, 0
	}
	return false, t.free[s>>stateAt&stateMask]
}

// wordsFrom says how many letters and digits may follow, whatever they are.
func (g *Grammar) wordsFrom(s uint64) uint8 {
	if s&inTerm == 0 || phase(s>>phaseAt&15) != between {
		return 0
	}
	if t := g.terms[s>>termAt&termMask]; t.words != nil {
		return t.words[s>>stateAt&stateMask]
	}
	return 0
}

// freedom is how many characters may follow from a set of items, whatever they are, and
// nothing else but what is not plain: 0 unless that is all there is to say.
func (g *Grammar) freedom(set []item) uint8 {
	best := uint8(0)
	for _, it := range set {
		any, free := g.width(it.state)
		if any {
			free = wide
		}
		best = max(best, free)
	}
	if best == wide || len(set) == 1 {
		return best
	}
	return 0
}
