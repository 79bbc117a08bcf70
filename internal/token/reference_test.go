package token

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file is the specification the slow way: a backtracking matcher that reads the
// splitting rule itself, merging by looking at all pairs, and UTF-8 by the table.

// matcher matches at s[i] and tries then at each end, best first, until one says yes.
type matcher func(s string, i int, then func(end int) bool) bool

// splitReference cuts s by the regular expression.
func splitReference(rule matcher, s string) (pieces []string) {
	for i := 0; i < len(s); {
		end := -1
		rule(s, i, func(e int) bool { end = e; return true })
		if end <= i {
			panic(fmt.Sprintf("the rule leaves %q out", s[i:]))
		}
		pieces = append(pieces, s[i:end])
		i = end
	}
	return pieces
}

// compile reads the part of regular expressions that the rule uses.
func compile(pattern string) matcher {
	c := compiler{rest: pattern}
	m := c.alternatives()
	if c.rest != "" {
		panic("unread: " + c.rest)
	}
	return m
}

type compiler struct {
	rest string
	fold bool
}

func (c *compiler) eat(s string) bool {
	rest, ok := strings.CutPrefix(c.rest, s)
	c.rest = rest
	return ok
}

func (c *compiler) char() rune {
	r, n := utf8.DecodeRuneInString(c.rest)
	c.rest = c.rest[n:]
	return r
}

func (c *compiler) alternatives() matcher {
	all := []matcher{c.sequence()}
	for c.eat("|") {
		all = append(all, c.sequence())
	}
	return func(s string, i int, then func(int) bool) bool {
		return slices.ContainsFunc(all, func(m matcher) bool { return m(s, i, then) })
	}
}

func (c *compiler) sequence() matcher {
	m := func(s string, i int, then func(int) bool) bool { return then(i) }
	for c.rest != "" && c.rest[0] != '|' && c.rest[0] != ')' {
		before, next := m, c.repeated()
		m = func(s string, i int, then func(int) bool) bool {
			return before(s, i, func(e int) bool { return next(s, e, then) })
		}
	}
	return m
}

func (c *compiler) repeated() matcher {
	one := c.atom()
	lo, hi := 1, 1
	switch {
	case c.eat("?"):
		lo = 0
	case c.eat("*"):
		lo, hi = 0, 1<<30
	case c.eat("+"):
		hi = 1 << 30
	case c.eat("{"):
		var bounds string
		bounds, c.rest, _ = strings.Cut(c.rest, "}")
		a, b, _ := strings.Cut(bounds, ",")
		lo, _ = strconv.Atoi(a)
		hi, _ = strconv.Atoi(b)
	}
	var more func(s string, i, n int, then func(int) bool) bool
	more = func(s string, i, n int, then func(int) bool) bool {
		if n < hi && one(s, i, func(e int) bool { return (e > i || n < lo) && more(s, e, n+1, then) }) {
			return true
		}
		return n >= lo && then(i)
	}
	return func(s string, i int, then func(int) bool) bool { return more(s, i, 0, then) }
}

func (c *compiler) atom() matcher {
	switch {
	case c.eat("(?!"):
		m := c.alternatives()
		c.eat(")")
		return func(s string, i int, then func(int) bool) bool {
			return !m(s, i, func(int) bool { return true }) && then(i)
		}
	case c.eat("(?i:"):
		c.fold = true
		m := c.alternatives()
		c.fold = false
		c.eat(")")
		return m
	case c.eat("["):
		not := c.eat("^")
		var in []func(rune) bool
		for !c.eat("]") {
			in = append(in, c.set())
		}
		return single(func(r rune) bool { return slices.ContainsFunc(in, func(f func(rune) bool) bool { return f(r) }) != not })
	}
	return single(c.set())
}

func single(in func(rune) bool) matcher {
	return func(s string, i int, then func(int) bool) bool {
		r, n := utf8.DecodeRuneInString(s[i:])
		return n > 0 && in(r) && then(i+n)
	}
}

// set is one character or escape.
func (c *compiler) set() func(rune) bool {
	r := c.char()
	if r == '\\' {
		switch r = c.char(); r {
		case 's':
			return unicode.IsSpace
		case 'S':
			return func(r rune) bool { return !unicode.IsSpace(r) }
		case 'r':
			r = '\r'
		case 'n':
			r = '\n'
		case 'p':
			var name string
			name, c.rest, _ = strings.Cut(c.rest[1:], "}")
			return func(r rune) bool { return category(name, r) }
		}
	}
	if !c.fold {
		return func(q rune) bool { return q == r }
	}
	return func(q rune) bool {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if f == q {
				return true
			}
		}
		return q == r
	}
}

// category asks Go's own tables, and for what these do not know yet the package's.
func category(name string, r rune) bool {
	if !unicode.Is(unicode.Cn, r) {
		return unicode.Is(unicode.Categories[name], r)
	}
	switch tables()[r] {
	case number:
		return name == "N"
	case upper:
		return name == "L" || name == "Lu"
	case lower:
		return name == "L" || name == "Ll"
	case caseless:
		return name == "L" || name == "Lo"
	case mark:
		return name == "M"
	}
	return false
}

// mergeReference does what the algorithm says, one merge after the other.
func mergeReference(t *Tokenizer, s string) (ids []uint32) {
	var parts []string
	for i := range len(s) {
		parts = append(parts, s[i:i+1])
	}
	for {
		best, at := never, 0
		for i := 0; i+1 < len(parts); i++ {
			if id, ok := t.vocab.lookup(parts[i] + parts[i+1]); ok && id < best {
				best, at = id, i
			}
		}
		if best == never {
			break
		}
		parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
	}
	for _, p := range parts {
		id, _ := t.vocab.lookup(p)
		ids = append(ids, id)
	}
	return ids
}

// lossyReference is UTF-8 by table 3-7 of the Unicode standard.
func lossyReference(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		lead := b[0]
		lo, hi, size := byte(0x80), byte(0xBF), 1
		switch {
		case lead >= 0xC2 && lead <= 0xDF:
			size = 2
		case lead >= 0xE0 && lead <= 0xEF:
			size = 3
		case lead >= 0xF0 && lead <= 0xF4:
			size = 4
		}
		switch lead {
		case 0xE0:
			lo = 0xA0
		case 0xED:
			hi = 0x9F
		case 0xF0:
			lo = 0x90
		case 0xF4:
			hi = 0x8F
		}
		n := 1
		for n < size && n < len(b) && lo <= b[n] && b[n] <= hi {
			n++
			lo, hi = 0x80, 0xBF
		}
		if n == size && (size > 1 || lead < 0x80) {
			out.Write(b[:n])
		} else {
			out.WriteString("\uFFFD")
		}
		b = b[n:]
	}
	return out.String()
}
