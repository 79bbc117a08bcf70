package grammar

// A place within a terminal is packed into the number of a state: the top bit, the
// terminal, the automaton's state, and what has been read of a character.
//
//	1 | terminal 14 | state 19 | phase 4 | data 26
type phase uint64

const (
	between  phase = iota // characters
	opening               // before the quote of a string, or the first of any bytes
	closed                // after its last quote
	bytesDue              // data bytes of a character are due, all lead to the state
	inRune                // data: bytes due (2), what has been read of the code point
	escaped               // after a backslash
	hexDue                // data hexadecimal digits are due, all lead to the state
	inHex                 // data: digits due (3), what has been read of the value
	inPair                // data: stage (3), high surrogate (10), bits of the low one (6)
)

const (
	inTerm    = 1 << 63
	dataBits  = 26
	phaseAt   = dataBits
	stateAt   = phaseAt + 4
	termAt    = stateAt + 19
	stateMask = 1<<19 - 1
	termMask  = 1<<14 - 1
)

func pack(term uint64, q uint32, p phase, data uint32) uint64 {
	return inTerm | term<<termAt | uint64(q)<<stateAt | uint64(p)<<phaseAt | uint64(data)
}

// enter is the place where a terminal begins.
func (t *terminal) enter(term uint32) uint64 {
	if t.text || t.some {
		return pack(uint64(term), 0, opening, 0)
	}
	return pack(uint64(term), 0, between, 0)
}

// final reports whether a terminal may end at a place, more whether it may go on.
func (t *terminal) final(s uint64) (final, more bool) {
	if t.anything {
		return phase(s>>phaseAt&15) == between, true
	}
	q, p := uint32(s>>stateAt&stateMask), phase(s>>phaseAt&15)
	switch {
	case p == closed:
		return true, false
	case t.text || p != between:
		return false, true
	}
	return t.dfa.Accepts(q), len(t.dfa.Edges(q)) > 0
}

// read follows a byte; false when it cannot stand here.
func (t *terminal) read(s uint64, b byte) (uint64, bool) {
	if t.anything {
		return s&^(15<<phaseAt) | uint64(between)<<phaseAt, true
	}
	q, data := uint32(s>>stateAt&stateMask), uint32(s&(1<<dataBits-1))
	r := reader{t, s >> termAt & termMask}
	switch phase(s >> phaseAt & 15) {
	case between:
		return r.character(q, b)
	case opening:
		return pack(r.term, q, between, 0), b == '"'
	case bytesDue:
		if b&0xC0 != 0x80 {
			return 0, false
		}
		if data == 1 {
			return pack(r.term, q, between, 0), true
		}
		return pack(r.term, q, bytesDue, data-1), true
	case inRune:
		due, read := data>>24, data&(1<<24-1)
		if b&0xC0 != 0x80 || due == 2 && read == 0 && b < 0xA0 || due == 3 && read == 0 && b < 0x90 {
			return 0, false // no continuation, or longer than the shortest form
		}
		return r.partly(q, due-1, read<<6|uint32(b&0x3F))
	case escaped:
		return r.escape(q, b)
	case hexDue:
		if _, ok := hexDigit(b); !ok {
			return 0, false
		}
		if data == 1 {
			return pack(r.term, q, between, 0), true
		}
		return pack(r.term, q, hexDue, data-1), true
	case inHex:
		d, ok := hexDigit(b)
		if !ok {
			return 0, false
		}
		return r.hex(q, data>>16-1, data<<4&0xFFFF|d)
	case inPair:
		return r.pair(q, data, b)
	}
	return 0, false
}

// reader makes places of one terminal.
type reader struct {
	*terminal
	term uint64
}

// next is the place behind a whole character.
func (r reader) next(q uint32, c rune) (uint64, bool) {
	to, ok := r.dfa.Next(q, c)
	return pack(r.term, to, between, 0), ok
}

// character reads the first byte of one.
func (r reader) character(q uint32, b byte) (uint64, bool) {
	if r.text {
		switch {
		case b == '"':
			return pack(r.term, 0, closed, 0), r.dfa.Accepts(q)
		case b == '\\':
			return pack(r.term, q, escaped, 0), r.escapable(q)
		case b < ' ':
			return 0, false
		}
	}
	switch {
	case b < 0x80:
		return r.next(q, rune(b))
	case b >= 0xC2 && b < 0xE0:
		return r.partly(q, 1, uint32(b&0x1F))
	case b >= 0xE0 && b < 0xF0:
		return r.partly(q, 2, uint32(b&0x0F))
	case b >= 0xF0 && b < 0xF5:
		return r.partly(q, 3, uint32(b&0x07))
	}
	return 0, false
}

// partly is the place within a character of which due bytes are to come.
func (r reader) partly(q, due, read uint32) (uint64, bool) {
	if due == 0 {
		return r.next(q, rune(read))
	}
	lo, hi, strict := runeRange(due, read)
	if due == 1 && read >= 0x360 && read < 0x380 || hi > 0x10FFFF { // a surrogate, or beyond Unicode
		return 0, false
	}
	to, same, any := r.dfa.Across(q, rune(lo), rune(hi))
	switch {
	case !any:
		return 0, false
	case same && !strict:
		return pack(r.term, to, bytesDue, due), true
	}
	return pack(r.term, q, inRune, due<<24|read), true
}

// runeRange is the code points that the start of a character may become. It is strict when not
// every continuation byte may follow.
func runeRange(due, read uint32) (lo, hi uint32, strict bool) {
	lo = read << (6 * due)
	hi = lo | (1<<(6*due) - 1)
	switch {
	case due == 2 && read == 0:
		return 0x800, hi, true
	case due == 2 && read == 0xD:
		return lo, surrogates - 1, true
	case due == 3 && read == 0:
		return 0x10000, hi, true
	case due == 3 && read == 4:
		return lo, 0x10FFFF, true
	}
	return lo, hi, false
}

// escape reads what follows a backslash.
func (r reader) escape(q uint32, b byte) (uint64, bool) {
	switch b {
	case '"', '\\', '/':
		return r.next(q, rune(b))
	case 'b':
		return r.next(q, '\b')
	case 'f':
		return r.next(q, '\f')
	case 'n':
		return r.next(q, '\n')
	case 'r':
		return r.next(q, '\r')
	case 't':
		return r.next(q, '\t')
	case 'u':
		return r.hex(q, 4, 0)
	}
	return 0, false
}

const (
	surrogates    = 0xD800
	lowSurrogates = 0xDC00
	afterThem     = 0xE000
)

// escapable reports whether anything that an escape can stand for leads on.
func (r reader) escapable(q uint32) bool {
	for c := range rune(0x80) {
		if c == '/' || spelled(uint32(c)) {
			if _, ok := r.dfa.Next(q, c); ok {
				return true
			}
		}
	}
	_, _, any := r.dfa.Across(q, 0x80, 0x10FFFF)
	return any
}

// hex is the place within \u of which due digits are to come.
func (r reader) hex(q, due, value uint32) (uint64, bool) {
	if due == 0 {
		switch {
		case value >= lowSurrogates && value < afterThem || !spelled(value):
			return 0, false
		case value >= surrogates && value < lowSurrogates:
			return r.half(q, 0, value-surrogates, 0)
		}
		return r.next(q, rune(value))
	}
	lo := value << (4 * due)
	hi := lo | (1<<(4*due) - 1)
	if lo >= 0x80 && (hi < surrogates || lo >= afterThem) {
		to, same, any := r.dfa.Across(q, rune(lo), rune(hi))
		if any && same {
			return pack(r.term, to, hexDue, due), true
		}
		return pack(r.term, q, inHex, due<<16|value), any
	}
	ok := false
	for c := lo; c <= hi && c < 0x80 && !ok; c++ {
		if spelled(c) {
			_, ok = r.dfa.Next(q, rune(c))
		}
	}
	for _, part := range [][2]uint32{{max(lo, 0x80), min(hi, surrogates-1)}, {max(lo, afterThem), hi},
		{pairFrom(max(lo, surrogates)), pairFrom(min(hi, lowSurrogates-1)) + 0x3FF}} {
		if part[0] <= part[1] {
			_, _, any := r.dfa.Across(q, rune(part[0]), rune(part[1]))
			ok = ok || any
		}
	}
	return pack(r.term, q, inHex, due<<16|value), ok
}

// spelled reports whether a code point may be written as \u and digits: not if it is a letter, a
// digit or a mark of ASCII that no writer of JSON escapes.
func spelled(c uint32) bool {
	return c < ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == '\''
}

// pairFrom is the first code point that a high surrogate begins.
func pairFrom(high uint32) uint32 { return uint32(0x10000 + (int(high)-surrogates)<<10) }

// half is the place behind a high surrogate: a backslash, a u, and four digits follow.
func (r reader) half(q, stage, high, low uint32) (uint64, bool) {
	data := stage<<16 | high<<6 | low
	_, lo, hi := pairRange(data)
	_, _, any := r.dfa.Across(q, rune(lo), rune(hi))
	return pack(r.term, q, inPair, data), any
}

// pairRange is the code points that a pair may still become.
func pairRange(data uint32) (stage, lo, hi uint32) {
	stage, high, low := data>>16, data>>6&0x3FF, data&0x3F
	lo = 0x10000 + high<<10
	hi = lo + 0x3FF
	switch stage {
	case 4:
		lo |= low << 8
		hi = lo + 0xFF
	case 5:
		lo |= low << 4
		hi = lo + 0xF
	}
	return stage, lo, hi
}

func (r reader) pair(q, data uint32, b byte) (uint64, bool) {
	stage, high, low := data>>16, data>>6&0x3FF, data&0x3F
	if stage == 0 || stage == 1 {
		want := [2]byte{'\\', 'u'}[stage]
		if b != want {
			return 0, false
		}
		return r.half(q, stage+1, high, 0)
	}
	d, ok := hexDigit(b)
	switch {
	case !ok:
		return 0, false
	case stage == 2:
		if d != 0xD {
			return 0, false
		}
		return r.half(q, 3, high, 0)
	case stage == 3:
		if d < 0xC {
			return 0, false
		}
		return r.half(q, 4, high, d-0xC)
	case stage == 4:
		return r.half(q, 5, high, low<<4|d)
	}
	return r.next(q, rune(0x10000+high<<10+low<<4+d))
}

func hexDigit(b byte) (uint32, bool) {
	switch {
	case b >= '0' && b <= '9':
		return uint32(b - '0'), true
	case b >= 'a' && b <= 'f':
		return uint32(b - 'a' + 10), true
	case b >= 'A' && b <= 'F':
		return uint32(b - 'A' + 10), true
	}
	return 0, false
}
