package token

import (
	_ "embed"
	"encoding/binary"
	"unicode/utf8"
)

// class is what the splitting rule asks about a character. Classes are disjoint;
// the rule's overlapping sets are unions of them.
type class uint8

const (
	symbol   class = iota // none of the below
	number                // N
	upper                 // Lu, Lt
	lower                 // Ll
	caseless              // Lm, Lo: in both letter sets of the rule
	mark                  // M: in both letter sets, yet no letter
	space                 // White_Space without CR and LF
	newline               // CR, LF
)

// classRuns is the class of every code point as (class, uvarint run length) pairs,
// Unicode 16 as in the reference tokenizer; gen writes it. It is data so that the ids
// do not change when Go's own tables move to another Unicode version.
//
//go:embed class.bin
var classRuns string

// classes holds the class of each code point.
type classes []class

func newClasses() classes {
	c := make(classes, 0, utf8.MaxRune+1)
	for b := []byte(classRuns); len(b) > 1; {
		n, size := binary.Uvarint(b[1:])
		for range n {
			c = append(c, class(b[0]))
		}
		b = b[1+size:]
	}
	return c
}

// at is the class and size of the character at s[i]. An invalid byte is a symbol.
func (c classes) at(s string, i int) (class, int) {
	if b := s[i]; b < utf8.RuneSelf {
		return c[b], 1
	}
	return c.wide(s[i:])
}

func (c classes) wide(s string) (class, int) {
	r, n := utf8.DecodeRuneInString(s)
	return c[r], n
}
