package harmony

import "unicode/utf8"

// assembler turns bytes that arrive in arbitrary pieces into valid UTF-8. What is
// not valid becomes one U+FFFD per maximal subpart, as in the Unicode standard and
// in Rust's from_utf8_lossy; an incomplete code point waits for its rest.
type assembler struct{ pending []byte }

// push returns what has become complete.
func (a *assembler) push(dst []byte, b []byte) []byte {
	a.pending = append(a.pending, b...)
	p := a.pending
	for len(p) > 0 {
		n, ok, more := scan(p)
		if more {
			break
		}
		if ok {
			dst = append(dst, p[:n]...)
		} else {
			dst = append(dst, "\uFFFD"...)
		}
		p = p[n:]
	}
	a.pending = append(a.pending[:0], p...)
	return dst
}

// flush ends the text: an incomplete code point becomes one U+FFFD.
func (a *assembler) flush(dst []byte) []byte {
	if len(a.pending) > 0 {
		a.pending = a.pending[:0]
		dst = append(dst, "\uFFFD"...)
	}
	return dst
}

// scan looks at the first code point of p: its length and whether it is valid, or
// whether more bytes must come. Of an invalid one n is the maximal subpart.
func scan(p []byte) (n int, ok, more bool) {
	if p[0] < utf8.RuneSelf {
		return 1, true, false
	}
	if r, n := utf8.DecodeRune(p); r != utf8.RuneError || n > 1 {
		return n, true, false
	}
	if !utf8.FullRune(p) {
		return 0, false, true
	}
	// The longest prefix that could still have become a code point, at least one byte.
	for n = min(3, len(p)); n > 1; n-- {
		if !utf8.FullRune(p[:n]) {
			return n, false, false
		}
	}
	return 1, false, false
}
