package token

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"unicode"
	"unicode/utf8"
)

// classesDigest is of one byte for each code point. The same bytes came out of the
// reference tokenizer (Rust tiktoken 0.14.0), asked about every code point.
const classesDigest = "fac94d912b08a5c2e5324380670e5c94762fbe55947d44c6b2a115781c45a853"

func TestClasses(t *testing.T) {
	c := newClasses()
	if len(c) != utf8.MaxRune+1 {
		t.Fatalf("%d code points", len(c))
	}
	b := make([]byte, len(c))
	for i, k := range c {
		b[i] = byte(k)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(b)); sum != classesDigest {
		t.Errorf("class.bin unpacks to sha256 %s, want %s", sum, classesDigest)
	}
	for r := range rune(utf8.MaxRune + 1) {
		if unicode.Is(unicode.Cn, r) || unicode.IsSpace(r) { // perhaps assigned since
			continue
		}
		want := symbol
		switch {
		case unicode.Is(unicode.N, r):
			want = number
		case unicode.IsUpper(r), unicode.IsTitle(r):
			want = upper
		case unicode.IsLower(r):
			want = lower
		case unicode.IsLetter(r):
			want = caseless
		case unicode.IsMark(r):
			want = mark
		}
		if c[r] != want {
			t.Fatalf("%U is of class %d, want %d", r, c[r], want)
		}
	}
	for r := range rune(utf8.MaxRune + 1) {
		if got := c[r] == space || c[r] == newline; got != unicode.IsSpace(r) {
			t.Errorf("%U is white space: %v", r, got)
		}
	}
}
