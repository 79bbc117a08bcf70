package grammar

import (
	"encoding/binary"
	"slices"
)

// item is one of the places where a machine may be: a state of a rule or within a
// terminal, and the stack below it.
type item struct {
	state uint64
	stack uint32
}

// frame is where a rule or terminal goes on when what it called has ended.
type frame struct {
	ret   uint32 // a state
	stack uint32 // of the caller
}

// config is a set of items: all that what has been read may mean.
type config struct {
	items   []item
	accepts bool     // the grammar may end here
	special []uint32 // tokens with edges
}

// Numbers of configurations with a meaning. bottom is the stack below the first rule.
const (
	unknown = 0
	nowhere = 1
	bottom  = 0
)

// machine numbers the configurations and stacks of a grammar as they are met.
type machine struct {
	g       *Grammar
	configs []config
	next    []*[256]uint32 // of each configuration: where a byte leads
	free    []uint8        // of each: how many characters may follow, whatever they are
	tokens  map[[2]uint32]uint32
	stacks  [][]frame
	depth   []uint32 // of each stack
	byItems map[string]uint32
	byStack map[string]uint32

	// Of the closure under way.
	work  []item
	out   []item
	met   items
	ends  bool
	calls []call
	mark  []uint32 // of a rule or terminal: the closure that called it
	slot  []uint32 // and its place in calls
	stamp uint32
	key   []byte
}

// call is a rule or terminal that was called at this place in the input, from any number of
// frames. Until the closure is done its stack is known by the place in calls.
type call struct {
	frames []frame
	stack  uint32
	done   bool
}

// unsettled marks the number of a call instead of a stack's.
const unsettled = 1 << 31

func newMachine(g *Grammar) *machine {
	m := &machine{g: g}
	m.mark = make([]uint32, len(g.rules)+len(g.terms))
	m.slot = make([]uint32, len(m.mark))
	m.forget()
	return m
}

// forget empties all caches.
func (m *machine) forget() {
	m.configs = make([]config, 2, 64)
	m.next = make([]*[256]uint32, 2, 64)
	m.free = make([]uint8, 2, 64)
	m.next[nowhere] = &[256]uint32{}
	for i := range m.next[nowhere] {
		m.next[nowhere][i] = nowhere
	}
	m.stacks, m.depth = make([][]frame, 1, 64), make([]uint32, 1, 64)
	m.tokens = map[[2]uint32]uint32{}
	m.byItems, m.byStack = map[string]uint32{}, map[string]uint32{}
}

// begin is the configuration before anything is read.
func (m *machine) begin() uint32 {
	m.open()
	m.add(item{uint64(m.g.rules[m.g.start].start), bottom})
	return m.close()
}

// step follows a byte.
func (m *machine) step(at uint32, b byte) uint32 {
	if to := m.next[at][b]; to != unknown {
		return to
	}
	m.open()
	for _, it := range m.configs[at].items {
		if it.state&inTerm != 0 {
			t := m.g.terms[it.state>>termAt&termMask]
			if to, ok := t.read(it.state, b); ok {
				m.add(item{to, it.stack})
			}
			continue
		}
		for _, e := range m.g.edgesOf(uint32(it.state)) {
			if e.kind == onByte && e.lo <= b && b <= e.hi {
				m.add(item{uint64(e.to), it.stack})
			}
		}
	}
	to := m.close()
	m.next[at][b] = to
	return to
}

// stepToken follows a special token.
func (m *machine) stepToken(at, id uint32) uint32 {
	if to, ok := m.tokens[[2]uint32{at, id}]; ok {
		return to
	}
	m.open()
	for _, it := range m.configs[at].items {
		if it.state&inTerm != 0 {
			continue
		}
		for _, e := range m.g.edgesOf(uint32(it.state)) {
			if e.kind == onToken && e.arg == id {
				m.add(item{uint64(e.to), it.stack})
			}
		}
	}
	to := m.close()
	m.tokens[[2]uint32{at, id}] = to
	return to
}

// open begins a closure.
func (m *machine) open() {
	m.stamp++
	m.work, m.out, m.calls, m.ends = m.work[:0], m.out[:0], m.calls[:0], false
	m.met.clear()
}

// add meets an item, once.
func (m *machine) add(it item) {
	if m.met.add(it) {
		m.work = append(m.work, it)
	}
}

// close follows what is reached without reading and numbers what there is.
func (m *machine) close() uint32 {
	for len(m.work) > 0 {
		it := m.work[len(m.work)-1]
		m.work = m.work[:len(m.work)-1]
		if it.state&inTerm != 0 {
			final, more := m.g.terms[it.state>>termAt&termMask].final(it.state)
			if more {
				m.out = append(m.out, it)
			}
			if final {
				m.pop(it.stack)
			}
			continue
		}
		s := uint32(it.state)
		reads := false
		for _, e := range m.g.edgesOf(s) {
			switch e.kind {
			case onNothing:
				m.add(item{uint64(e.to), it.stack})
			case onRule:
				m.call(e.arg, uint64(m.g.rules[e.arg].start), frame{e.to, it.stack})
			case onTerm:
				m.call(uint32(len(m.g.rules))+e.arg, m.g.terms[e.arg].enter(e.arg), frame{e.to, it.stack})
			default:
				reads = true
			}
			if e.kind >= onRule && m.g.empty(e) {
				m.add(item{uint64(e.to), it.stack})
			}
		}
		if reads {
			m.out = append(m.out, it)
		}
		if m.g.states[s].final {
			m.pop(it.stack)
		}
	}
	if len(m.out) == 0 && !m.ends {
		return nowhere
	}
	for i := range m.out {
		if n := m.out[i].stack; n&unsettled != 0 {
			m.out[i].stack = m.settle(n &^ unsettled)
		}
	}
	return m.number(m.out, m.ends)
}

// call begins a rule or terminal, if it was not called here before, and notes where it goes on.
func (m *machine) call(callee uint32, start uint64, f frame) {
	if m.mark[callee] != m.stamp {
		m.mark[callee] = m.stamp
		m.slot[callee] = uint32(len(m.calls))
		if len(m.calls) < cap(m.calls) {
			m.calls = m.calls[:len(m.calls)+1]
			c := &m.calls[len(m.calls)-1]
			*c = call{frames: c.frames[:0]}
		} else {
			m.calls = append(m.calls, call{})
		}
		m.add(item{start, unsettled | m.slot[callee]})
	}
	c := &m.calls[m.slot[callee]]
	c.frames = append(c.frames, f)
}

// pop goes on where the ended rule was called. What was called right here has read
// nothing; that was seen to when it was called.
func (m *machine) pop(stack uint32) {
	if stack&unsettled != 0 {
		return
	}
	if stack == bottom {
		m.ends = true
		return
	}
	for _, f := range m.stacks[stack] {
		m.add(item{uint64(f.ret), f.stack})
	}
}

// settle numbers the stack of a call. Rules do not call themselves before something is
// read, so this ends.
func (m *machine) settle(slot uint32) uint32 {
	if m.calls[slot].done {
		return m.calls[slot].stack
	}
	var frames []frame
	var room [8]frame
	frames = room[:0]
	for _, f := range m.calls[slot].frames {
		if f.stack&unsettled != 0 {
			f.stack = m.settle(f.stack &^ unsettled)
		}
		if m.g.states[f.ret].last && f.stack != bottom {
			frames = append(frames, m.stacks[f.stack]...) // the caller ends with it
			continue
		}
		frames = append(frames, f)
	}
	slices.SortFunc(frames, func(a, b frame) int {
		if a.ret != b.ret {
			return int(a.ret) - int(b.ret)
		}
		return int(a.stack) - int(b.stack)
	})
	frames = slices.Compact(frames)
	key := m.key[:0]
	for _, f := range frames {
		key = binary.LittleEndian.AppendUint32(key, f.ret)
		key = binary.LittleEndian.AppendUint32(key, f.stack)
	}
	m.key = key
	n, ok := m.byStack[string(key)]
	if !ok {
		n = uint32(len(m.stacks))
		depth := uint32(0)
		for _, f := range frames {
			depth = max(depth, m.depth[f.stack])
		}
		m.stacks = append(m.stacks, slices.Clone(frames))
		m.depth = append(m.depth, depth+1)
		m.byStack[string(key)] = n
	}
	m.calls[slot].stack, m.calls[slot].done = n, true
	return n
}

// number finds the configuration of a set of items, or makes it. It sorts them.
func (m *machine) number(set []item, accepts bool) uint32 {
	slices.SortFunc(set, func(a, b item) int {
		switch {
		case a.state < b.state || a.state == b.state && a.stack < b.stack:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	set = slices.Compact(set)
	key := m.key[:0]
	for _, it := range set {
		key = binary.LittleEndian.AppendUint64(key, it.state)
		key = binary.LittleEndian.AppendUint32(key, it.stack)
	}
	if accepts {
		key = append(key, 1)
	}
	m.key = key
	n, ok := m.byItems[string(key)]
	if !ok {
		n = uint32(len(m.configs))
		c := config{items: slices.Clone(set), accepts: accepts}
		for _, it := range set {
			if it.state&inTerm != 0 {
				continue
			}
			for _, e := range m.g.edgesOf(uint32(it.state)) {
				if e.kind == onToken && !slices.Contains(c.special, e.arg) {
					c.special = append(c.special, e.arg)
				}
			}
		}
		m.configs = append(m.configs, c)
		m.next = append(m.next, &[256]uint32{})
		m.free = append(m.free, m.g.freedom(set))
		m.byItems[string(key)] = n
	}
	return n
}

// carry copies a configuration of another machine of the same grammar into this one.
func (m *machine) carry(from *machine, at uint32) uint32 {
	moved := map[uint32]uint32{bottom: bottom}
	var stack func(n uint32) uint32
	stack = func(n uint32) uint32 {
		if to, ok := moved[n]; ok {
			return to
		}
		frames := make([]frame, len(from.stacks[n]))
		for i, f := range from.stacks[n] {
			frames[i] = frame{f.ret, stack(f.stack)}
		}
		m.calls = append(m.calls[:0], call{frames: frames})
		to := m.settle(0)
		moved[n] = to
		return to
	}
	old := from.configs[at]
	set := make([]item, len(old.items))
	for i, it := range old.items {
		set[i] = item{it.state, stack(it.stack)}
	}
	return m.number(set, old.accepts)
}
