package grammar

import (
	"fmt"
	"strconv"
	"strings"

	"ossian/internal/regular"
)

// Bounds of a grammar in Lark's notation.
const (
	maxLark    = 1 << 18 // bytes
	maxNesting = 200
	maxTimes   = 1 << 12
)

// larkExpr is a piece of a rule.
type larkExpr struct {
	op       larkOp
	sub      []*larkExpr
	text     string // of larkText the bytes, of larkRegex the expression, of larkName the name
	flags    regular.Flags
	min, max int // of larkRepeat; max < 0: no bound
}

type larkOp uint8

const (
	larkSeq larkOp = iota
	larkAlt
	larkRepeat
	larkText
	larkRegex
	larkName
)

// larkRule is one definition.
type larkRule struct {
	name string
	line int
	expr *larkExpr
}

// larkFile is a grammar as it was written.
type larkFile struct {
	rules  []*larkRule
	ignore []*larkExpr
}

// larkParser reads Lark's notation.
type larkParser struct {
	src   string
	at    int
	depth int
	file  larkFile
}

func parseLark(src string) (f *larkFile, err error) {
	if len(src) > maxLark {
		return nil, &Error{Reason: "it is larger than 262,144 bytes", Limit: true}
	}
	p := &larkParser{src: src}
	defer func() { // the parser's own errors only; anything else goes on
		if e := recover(); e != nil {
			own, ok := e.(*Error)
			if !ok {
				panic(e)
			}
			f, err = nil, own
		}
	}()
	for p.space(true); p.at < len(p.src); p.space(true) {
		p.statement()
	}
	return &p.file, nil
}

func (p *larkParser) fail(format string, args ...any) *Error {
	return fail(fmt.Sprintf("line %d", 1+strings.Count(p.src[:min(p.at, len(p.src))], "\n")), format, args...)
}

// space skips blanks and comments, and line breaks too if lines says so.
func (p *larkParser) space(lines bool) {
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == ' ' || c == '\t' || c == '\r' || lines && c == '\n':
			p.at++
		case strings.HasPrefix(p.src[p.at:], "//") || c == '#':
			n := strings.IndexByte(p.src[p.at:], '\n')
			if n < 0 {
				n = len(p.src) - p.at
			}
			p.at += n
		default:
			return
		}
	}
}

func (p *larkParser) take(s string) bool {
	p.space(false)
	if strings.HasPrefix(p.src[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *larkParser) name() string {
	p.space(false)
	from := p.at
	for p.at < len(p.src) {
		c := p.src[p.at]
		if c != '_' && (c < '0' || c > '9' || p.at == from) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
		p.at++
	}
	return p.src[from:p.at]
}

func (p *larkParser) statement() {
	line := 1 + strings.Count(p.src[:p.at], "\n")
	switch {
	case p.take("%ignore"):
		p.file.ignore = append(p.file.ignore, p.alternatives())
		return
	case p.take("%import"):
		p.importName(line)
		return
	case p.take("%"):
		panic(p.fail("the directive %%%s is not supported", p.name()))
	}
	if !p.take("?") {
		p.take("!")
	}
	name := p.name()
	if name == "" {
		panic(p.fail("a rule's name is expected"))
	}
	if p.take(".") { // a priority: without effect where all readings are kept
		for p.at < len(p.src) && p.src[p.at] >= '0' && p.src[p.at] <= '9' {
			p.at++
		}
	}
	if p.take("{") {
		panic(p.fail("templates are not supported; write the rule out"))
	}
	if !p.take(":") {
		panic(p.fail("a colon is expected behind %s", name))
	}
	p.file.rules = append(p.file.rules, &larkRule{name, line, p.alternatives()})
}

func (p *larkParser) alternatives() *larkExpr {
	if p.depth++; p.depth > maxNesting {
		panic(p.fail("groups are nested deeper than 200"))
	}
	defer func() { p.depth-- }()
	alt := &larkExpr{op: larkAlt}
	p.space(true)
	p.take("|")
	for {
		p.space(true)
		alt.sub = append(alt.sub, p.sequence())
		at := p.at
		if p.space(true); !p.take("|") {
			p.at = at
			return alt
		}
	}
}

func (p *larkParser) sequence() *larkExpr {
	seq := &larkExpr{op: larkSeq}
	for {
		e := p.item()
		if e == nil {
			break
		}
		seq.sub = append(seq.sub, e)
	}
	if p.take("->") {
		p.name()
	}
	return seq
}

// item is an atom and how often it comes; nil when there is none.
func (p *larkParser) item() *larkExpr {
	e := p.atom()
	if e == nil {
		return nil
	}
	for {
		r := &larkExpr{op: larkRepeat, sub: []*larkExpr{e}}
		switch {
		case p.take("*"):
			r.max = -1
		case p.take("+"):
			r.min, r.max = 1, -1
		case p.take("?"):
			r.max = 1
		case p.take("~"):
			r.min = p.number()
			r.max = r.min
			if p.take("..") {
				r.max = p.number()
			}
			if r.max < r.min {
				panic(p.fail("a repetition whose bounds are the wrong way round"))
			}
		case strings.HasPrefix(p.src[p.at:], "{") && p.at+1 < len(p.src) && (p.src[p.at+1] >= '0' && p.src[p.at+1] <= '9' || p.src[p.at+1] == ','):
			p.at++
			if !p.take(",") {
				r.min = p.number()
				r.max = r.min
				if p.take(",") {
					r.max = -1
				} else {
					p.take("}")
					e = r
					continue
				}
			}
			if !p.take("}") {
				r.max = p.number()
				p.take("}")
			}
		default:
			return e
		}
		e = r
	}
}

func (p *larkParser) number() int {
	p.space(false)
	from := p.at
	for p.at < len(p.src) && p.src[p.at] >= '0' && p.src[p.at] <= '9' {
		p.at++
	}
	n, err := strconv.Atoi(p.src[from:p.at])
	if err != nil || n > maxTimes {
		panic(p.fail("a number from 0 to 4,096 is expected"))
	}
	return n
}

func (p *larkParser) atom() *larkExpr {
	p.space(false)
	if p.at == len(p.src) {
		return nil
	}
	switch c := p.src[p.at]; {
	case c == '(' || c == '[':
		p.at++
		e := p.alternatives()
		p.space(true)
		if c == '(' {
			if !p.take(")") {
				panic(p.fail("a closing parenthesis is missing"))
			}
			return e
		}
		if !p.take("]") {
			panic(p.fail("a closing bracket is missing"))
		}
		return &larkExpr{op: larkRepeat, sub: []*larkExpr{e}, max: 1}
	case c == '"':
		text := p.quoted()
		if p.take("..") {
			if !strings.HasPrefix(p.src[p.at:], `"`) {
				panic(p.fail("a range ends with a text"))
			}
			return &larkExpr{op: larkRegex, text: "[" + escapeRegex(text) + "-" + escapeRegex(p.quoted()) + "]"}
		}
		if strings.HasPrefix(p.src[p.at:], "i") && !isNameByte(p.src, p.at+1) {
			p.at++
			return &larkExpr{op: larkRegex, text: escapeRegex(text), flags: regular.Flags{Fold: true}}
		}
		return &larkExpr{op: larkText, text: text}
	case c == '/':
		return p.regex()
	case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		from := p.at
		name := p.name()
		at := p.at
		if p.take(":") || p.take(".") && p.src[p.at-1] == '.' && priority(p.src[p.at:]) { // the next rule has begun
			p.at = from
			return nil
		}
		p.at = at
		return &larkExpr{op: larkName, text: name}
	}
	return nil
}

// priority reports whether digits and a colon follow.
func priority(s string) bool {
	rest := strings.TrimLeft(s, "0123456789")
	return len(rest) < len(s) && strings.HasPrefix(strings.TrimLeft(rest, " "), ":")
}

func isNameByte(s string, at int) bool {
	if at >= len(s) {
		return false
	}
	c := s[at]
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quoted reads a text in quotes, with the escapes that JSON and Python share.
func (p *larkParser) quoted() string {
	from := p.at
	for p.at++; p.at < len(p.src) && p.src[p.at] != '"' && p.src[p.at] != '\n'; p.at++ {
		if p.src[p.at] == '\\' {
			p.at++
		}
	}
	if p.at >= len(p.src) || p.src[p.at] != '"' {
		panic(p.fail("a text in quotes does not end"))
	}
	p.at++
	text, err := strconv.Unquote(p.src[from:p.at])
	if err != nil {
		panic(p.fail("the text %s has an unknown escape", p.src[from:p.at]))
	}
	return text
}

func (p *larkParser) regex() *larkExpr {
	from := p.at + 1
	for p.at++; p.at < len(p.src) && p.src[p.at] != '/' && p.src[p.at] != '\n'; p.at++ {
		if p.src[p.at] == '\\' {
			p.at++
		}
	}
	if p.at >= len(p.src) || p.src[p.at] != '/' {
		panic(p.fail("an expression between slashes does not end"))
	}
	e := &larkExpr{op: larkRegex, text: p.src[from:p.at]}
	for p.at++; isNameByte(p.src, p.at); p.at++ {
		switch p.src[p.at] {
		case 'i':
			e.flags.Fold = true
		case 's':
			e.flags.DotAll = true
		case 'u':
		default:
			panic(p.fail("the flag %c of an expression is not supported", p.src[p.at]))
		}
	}
	return e
}

// importName takes a terminal from Lark's library.
func (p *larkParser) importName(line int) {
	lib := p.name()
	if lib != "common" || !p.take(".") {
		panic(p.fail("only terminals of the library common can be imported"))
	}
	names := []string{p.name()}
	alias := names[0]
	if p.take("->") {
		alias = p.name()
	}
	expr, ok := commonTerminals()[names[0]]
	if !ok {
		panic(p.fail("common.%s is not known", names[0]))
	}
	p.file.rules = append(p.file.rules, &larkRule{alias, line, &larkExpr{op: larkRegex, text: expr}})
}

func commonTerminals() map[string]string {
	const number = `([0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+]?[0-9]+)?)`
	return map[string]string{
		"DIGIT": `[0-9]`, "HEXDIGIT": `[0-9a-fA-F]`, "INT": `[0-9]+`, "SIGNED_INT": `[-+]?[0-9]+`,
		"DECIMAL": `[0-9]+\.[0-9]*|\.[0-9]+`, "FLOAT": `[0-9]+[eE][-+]?[0-9]+|([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?`,
		"NUMBER": number, "SIGNED_NUMBER": `[-+]?` + number, "ESCAPED_STRING": `"([^"\\\n]|\\.)*"`,
		"LCASE_LETTER": `[a-z]`, "UCASE_LETTER": `[A-Z]`, "LETTER": `[a-zA-Z]`, "WORD": `[a-zA-Z]+`, "CNAME": `[a-zA-Z_][a-zA-Z0-9_]*`,
		"WS_INLINE": `[ \t]+`, "WS": `[ \t\f\r\n]+`, "CR": `\r`, "LF": `\n`, "NEWLINE": `(\r?\n)+`,
	}
}

func escapeRegex(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(`\^$.|?*+()[]{}/-`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
