package token

import "unicode/utf8"

const replacement = "\uFFFD"

// Decode is the text of ids. Bytes that are not UTF-8 become U+FFFD, one for each
// longest start of a character (as in WHATWG and Rust); so does each id that is no token.
func (t *Tokenizer) Decode(ids []uint32) string {
	d := Decoder{t: t}
	var text []byte
	for _, id := range ids {
		text = append(text, d.Push(id)...)
	}
	return string(append(text, d.Flush()...))
}

// Decoder decodes ids as they come. What Push and Flush return, put together, is what
// Decode returns for all the ids, however they are spread over time: a character whose
// bytes are not all there yet is held back.
type Decoder struct {
	t    *Tokenizer
	held [utf8.UTFMax - 1]byte // the start of a character
	n    int
}

// NewDecoder makes a decoder for one stream.
func (t *Tokenizer) NewDecoder() *Decoder { return &Decoder{t: t} }

// Push takes the next id and returns the text that is now certain. An id that is no
// token is one U+FFFD, after whatever was held back.
func (d *Decoder) Push(id uint32) string {
	b, ok := d.t.Bytes(id)
	if !ok {
		return d.Flush() + replacement
	}
	if d.n == 0 && utf8.Valid(b) {
		return d.t.vocab.spelling(id)
	}
	var room [160]byte
	in := append(append(room[:0], d.held[:d.n]...), b...)
	d.n = 0
	var outRoom [256]byte
	out := outRoom[:0]
	for len(in) > 0 {
		n, what := character(in)
		switch what {
		case valid:
			out = append(out, in[:n]...)
		case partial:
			d.n = copy(d.held[:], in)
			return string(out)
		default:
			out = append(out, replacement...)
		}
		in = in[n:]
	}
	return string(out)
}

// Flush ends the stream: a character that was never completed is one U+FFFD.
// The decoder may then be used for another.
func (d *Decoder) Flush() string {
	if d.n == 0 {
		return ""
	}
	d.n = 0
	return replacement
}

// What character found.
const (
	valid   = iota // a character
	partial        // the start of one, and nothing after it
	invalid        // bytes that no continuation makes a character
)

// character looks at the first character of b, which is not empty: how many bytes
// belong together, and what they are.
func character(b []byte) (n, what int) {
	if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
		return n, valid
	}
	for n = min(len(b), utf8.UTFMax-1); n > 0; n-- {
		if utf8.FullRune(b[:n]) {
			continue // nothing could be added to make these bytes a character
		}
		if n == len(b) {
			return n, partial
		}
		return n, invalid
	}
	return 1, invalid
}
