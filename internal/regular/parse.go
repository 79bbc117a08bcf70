package regular

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNesting bounds groups in groups, maxRepeat a repetition's bounds.
const (
	maxNesting = 200
	maxRepeat  = 1 << 16
)

type op uint8

const (
	opEmpty  op = iota
	opClass     // one code point of ranges
	opCat       // all of sub, one after the other
	opAlt       // one of sub
	opRepeat    // sub[0], min to max times; max < 0: no bound
	opAssert    // assert holds here
	opLook      // what follows does (not, when neg) begin with sub[0]
)

type assertion uint8

const (
	atStart assertion = iota
	atEnd
	wordEdge
	noWordEdge
)

type node struct {
	op       op
	ranges   []Edge // of opClass: Lo and Hi, in order
	sub      []*node
	min, max int
	assert   assertion
	neg      bool
}

// Flags change what an expression means.
type Flags struct {
	Fold   bool // i: capital and small letters are the same
	DotAll bool // s: a dot is any code point, line breaks too
}

type parser struct {
	expr  string
	at    int
	depth int
	flags Flags
}

// parse reads an expression of ECMA-262 with the flag u, kind to escapes that need none.
func parse(expr string, flags Flags) (n *node, err error) {
	p := &parser{expr: expr, flags: flags}
	if !utf8.ValidString(expr) {
		return nil, p.fail("it is not UTF-8")
	}
	defer func() { // the parser's own errors only; anything else goes on
		if e := recover(); e != nil {
			own, ok := e.(*SyntaxError)
			if !ok {
				panic(e)
			}
			n, err = nil, own
		}
	}()
	n = p.alternatives()
	if p.at < len(expr) {
		return nil, p.fail("a closing parenthesis without an opening one")
	}
	return n, nil
}

func (p *parser) fail(reason string) *SyntaxError {
	return &SyntaxError{Expr: p.expr, At: p.at, Reason: reason}
}

func (p *parser) more() bool { return p.at < len(p.expr) }

// take consumes s if it comes next.
func (p *parser) take(s string) bool {
	if strings.HasPrefix(p.expr[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) rune() rune {
	if !p.more() {
		panic(p.fail("it ends too early"))
	}
	r, n := utf8.DecodeRuneInString(p.expr[p.at:])
	p.at += n
	return r
}

func (p *parser) alternatives() *node {
	if p.depth++; p.depth > maxNesting {
		panic(p.fail("groups are nested deeper than 200"))
	}
	defer func() { p.depth-- }()
	alt := []*node{p.sequence()}
	for p.take("|") {
		alt = append(alt, p.sequence())
	}
	if len(alt) == 1 {
		return alt[0]
	}
	return &node{op: opAlt, sub: alt}
}

func (p *parser) sequence() *node {
	cat := &node{op: opCat}
	for p.more() && p.expr[p.at] != '|' && p.expr[p.at] != ')' {
		cat.sub = append(cat.sub, p.repeated())
	}
	return cat
}

func (p *parser) repeated() *node {
	n := p.atom()
	for first := true; ; first = false {
		lo, hi, ok := p.quantifier()
		if !ok {
			return n
		}
		if !first {
			panic(p.fail("a quantifier follows a quantifier"))
		}
		if n.op == opAssert || n.op == opLook {
			panic(p.fail("an assertion cannot be repeated"))
		}
		p.take("?") // lazy: the same language
		n = &node{op: opRepeat, sub: []*node{n}, min: lo, max: hi}
	}
}

// quantifier reads one, if there is one. A brace that begins none is a character.
func (p *parser) quantifier() (lo, hi int, ok bool) {
	switch {
	case p.take("*"):
		return 0, -1, true
	case p.take("+"):
		return 1, -1, true
	case p.take("?"):
		return 0, 1, true
	}
	if !p.more() || p.expr[p.at] != '{' {
		return 0, 0, false
	}
	body, _, closed := strings.Cut(p.expr[p.at+1:], "}")
	first, second, comma := strings.Cut(body, ",")
	if !closed || !digits(first) || comma && second != "" && !digits(second) {
		return 0, 0, false
	}
	lo, errLo := strconv.Atoi(first)
	hi = lo
	var errHi error
	if comma && second == "" {
		hi = -1
	} else if comma {
		hi, errHi = strconv.Atoi(second)
	}
	if errLo != nil || errHi != nil || lo > maxRepeat || hi > maxRepeat {
		panic(p.fail("a repetition of more than 65,536 times cannot be counted"))
	}
	if hi >= 0 && hi < lo {
		panic(p.fail("a repetition whose bounds are the wrong way round"))
	}
	p.at += len(body) + 2
	return lo, hi, true
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func (p *parser) atom() *node {
	switch r := p.rune(); r {
	case '.':
		if p.flags.DotAll {
			return class(Edge{Lo: 0, Hi: utf8.MaxRune})
		}
		return &node{op: opClass, ranges: invert([]Edge{{Lo: '\n', Hi: '\n'}, {Lo: '\r', Hi: '\r'}, {Lo: 0x2028, Hi: 0x2029}})}
	case '^':
		return &node{op: opAssert, assert: atStart}
	case '$':
		return &node{op: opAssert, assert: atEnd}
	case '(':
		return p.group()
	case '[':
		return p.bracket()
	case '\\':
		return p.escape()
	case '*', '+', '?':
		p.at--
		panic(p.fail("a quantifier with nothing before it"))
	case ')':
		p.at--
		panic(p.fail("a closing parenthesis without an opening one"))
	default:
		return p.char(r)
	}
}

func (p *parser) char(r rune) *node { return p.fold([]Edge{{Lo: r, Hi: r}}) }

func (p *parser) group() *node {
	look, neg := false, false
	switch {
	case p.take("?:"):
	case p.take("?="):
		look = true
	case p.take("?!"):
		look, neg = true, true
	case p.take("?<="), p.take("?<!"):
		panic(p.fail("looking behind is not supported; write what may stand there instead"))
	case p.take("?<"), p.take("?P<"):
		_, rest, ok := strings.Cut(p.expr[p.at:], ">")
		if !ok {
			panic(p.fail("a group's name does not end"))
		}
		p.at = len(p.expr) - len(rest)
	case p.take("?"):
		panic(p.fail("a kind of group that is not supported"))
	}
	n := p.alternatives()
	if !p.take(")") {
		panic(p.fail("a group is not closed"))
	}
	if look {
		return &node{op: opLook, sub: []*node{n}, neg: neg}
	}
	return n
}

// escape reads what follows a backslash outside of brackets.
func (p *parser) escape() *node {
	switch {
	case p.take("b"):
		return &node{op: opAssert, assert: wordEdge}
	case p.take("B"):
		return &node{op: opAssert, assert: noWordEdge}
	case p.take("A"):
		return &node{op: opAssert, assert: atStart}
	case p.take("z"), p.take("Z"):
		return &node{op: opAssert, assert: atEnd}
	case p.more() && p.expr[p.at] >= '1' && p.expr[p.at] <= '9', p.take("k<"):
		panic(p.fail("referring back to a group is not supported; no automaton can do it"))
	}
	if set := p.set(); set != nil {
		return &node{op: opClass, ranges: set}
	}
	return p.char(p.escaped())
}

// set reads the letter of a set such as \d; nil when it is none.
func (p *parser) set() []Edge {
	word := []Edge{{Lo: '0', Hi: '9'}, {Lo: 'A', Hi: 'Z'}, {Lo: '_', Hi: '_'}, {Lo: 'a', Hi: 'z'}}
	space := []Edge{{Lo: '\t', Hi: '\r'}, {Lo: ' ', Hi: ' '}, {Lo: 0xA0, Hi: 0xA0}, {Lo: 0x1680, Hi: 0x1680},
		{Lo: 0x2000, Hi: 0x200A}, {Lo: 0x2028, Hi: 0x2029}, {Lo: 0x202F, Hi: 0x202F}, {Lo: 0x205F, Hi: 0x205F},
		{Lo: 0x3000, Hi: 0x3000}, {Lo: 0xFEFF, Hi: 0xFEFF}}
	digit := word[:1]
	switch {
	case p.take("d"):
		return digit
	case p.take("D"):
		return invert(digit)
	case p.take("w"):
		return word
	case p.take("W"):
		return invert(word)
	case p.take("s"):
		return space
	case p.take("S"):
		return invert(space)
	case p.take("p"):
		return p.property()
	case p.take("P"):
		return invert(p.property())
	}
	return nil
}

// property reads {Letter}, {L}, {Script=Greek} and the like.
func (p *parser) property() []Edge {
	body, _, ok := strings.Cut(p.expr[p.at:], "}")
	if !ok || !strings.HasPrefix(body, "{") {
		panic(p.fail("\\p wants a property in braces, such as \\p{L}"))
	}
	name := body[1:]
	if key, value, ok := strings.Cut(name, "="); ok {
		switch key {
		case "Script", "sc", "General_Category", "gc":
			name = value
		default:
			name = ""
		}
	}
	table := unicode.Categories[name]
	if long := unicode.CategoryAliases[name]; table == nil && long != "" {
		table = unicode.Categories[long]
	}
	if table == nil {
		table = unicode.Scripts[name]
	}
	if table == nil {
		table = unicode.Properties[name]
	}
	if name == "Any" {
		p.at += len(body) + 1
		return []Edge{{Lo: 0, Hi: utf8.MaxRune}}
	}
	if name == "Alphabetic" {
		panic(p.fail("the property Alphabetic is not supported; use \\p{L}"))
	}
	if table == nil {
		panic(p.fail("an unknown property of Unicode"))
	}
	p.at += len(body) + 1
	return ofTable(table)
}

// escaped reads the code point that an escape stands for.
func (p *parser) escaped() rune {
	switch r := p.rune(); r {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'v':
		return '\v'
	case '0':
		if p.more() && p.expr[p.at] >= '0' && p.expr[p.at] <= '9' {
			panic(p.fail("an octal escape; write \\x.."))
		}
		return 0
	case 'c':
		c := p.rune()
		if c < 'A' || c > 'Z' && c < 'a' || c > 'z' {
			panic(p.fail("\\c wants a letter"))
		}
		return c % 32
	case 'x':
		return p.hex(2)
	case 'u':
		if p.take("{") {
			body, _, _ := strings.Cut(p.expr[p.at:], "}")
			v, err := strconv.ParseUint(body, 16, 32)
			if err != nil || v > utf8.MaxRune {
				panic(p.fail("\\u{...} is no code point"))
			}
			p.at += len(body) + 1
			return rune(v)
		}
		r := p.hex(4)
		if r >= 0xD800 && r < 0xDC00 && p.take("\\u") {
			if low := p.hex(4); low >= 0xDC00 && low < 0xE000 {
				return (r-0xD800)<<10 + low - 0xDC00 + 0x10000
			}
			panic(p.fail("half of a surrogate pair"))
		}
		return r
	default:
		if r < utf8.RuneSelf && (r >= '1' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			p.at--
			panic(p.fail("an unknown escape"))
		}
		return r
	}
}

func (p *parser) hex(n int) rune {
	if p.at+n > len(p.expr) {
		panic(p.fail("it ends within an escape"))
	}
	v, err := strconv.ParseUint(p.expr[p.at:p.at+n], 16, 32)
	if err != nil {
		panic(p.fail("hexadecimal digits are missing in an escape"))
	}
	p.at += n
	return rune(v)
}
