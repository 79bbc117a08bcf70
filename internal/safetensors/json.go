package safetensors

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks JSON text without building a tree, so that a hostile header costs no
// more memory than what the caller decides to keep, and duplicate keys are seen.
type scanner struct {
	text string // valid UTF-8
	pos  int
}

// maxNesting bounds values that are skipped unread.
const maxNesting = 32

func (s *scanner) fail(why string) error {
	return fmt.Errorf("%s at byte %d of the JSON text", why, s.pos)
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek is the next byte after white space, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) expect(c byte) error {
	if s.peek() != c {
		return s.fail(fmt.Sprintf("expected %q", c))
	}
	s.pos++
	return nil
}

// object calls member with each key; member must consume the value.
func (s *scanner) object(member func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		key, err := s.str()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		if s.peek() == ',' {
			s.pos++
			continue
		}
		return s.expect('}')
	}
}

// array calls element before each value; element must consume it.
func (s *scanner) array(element func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if s.peek() == ',' {
			s.pos++
			continue
		}
		return s.expect(']')
	}
}

// str reads a string; without escapes it shares the text's memory.
func (s *scanner) str() (string, error) {
	if err := s.expect('"'); err != nil {
		return "", err
	}
	start := s.pos
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return s.text[start : s.pos-1], nil
		case c == '\\':
			return s.escaped(start)
		case c < 0x20:
			return "", s.fail("control character in a string")
		}
	}
	return "", s.fail("unfinished string")
}

// escaped goes on where str met the first backslash.
func (s *scanner) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(s.text[start:s.pos])
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch {
		case c == '"':
			return b.String(), nil
		case c < 0x20:
			return "", s.fail("control character in a string")
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if s.pos == len(s.text) {
			break
		}
		c = s.text[s.pos]
		s.pos++
		if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[i])
			continue
		}
		if c != 'u' {
			return "", s.fail("unknown escape")
		}
		r, err := s.hex4()
		if err != nil {
			return "", err
		}
		if utf16.IsSurrogate(r) {
			if !strings.HasPrefix(s.text[s.pos:], `\u`) {
				return "", s.fail("lone surrogate")
			}
			s.pos += 2
			low, err := s.hex4()
			if err != nil {
				return "", err
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return "", s.fail("lone surrogate")
			}
		}
		b.WriteRune(r)
	}
	return "", s.fail("unfinished string")
}

func (s *scanner) hex4() (rune, error) {
	if len(s.text)-s.pos < 4 {
		return 0, s.fail("unfinished escape")
	}
	v, err := strconv.ParseUint(s.text[s.pos:s.pos+4], 16, 16)
	if err != nil {
		return 0, s.fail("bad escape")
	}
	s.pos += 4
	return rune(v), nil
}

// integer reads a non-negative number below 2^63 without sign, fraction or exponent.
func (s *scanner) integer() (int64, error) {
	s.space()
	start := s.pos
	var v int64
	for ; s.pos < len(s.text); s.pos++ {
		c := s.text[s.pos]
		if c < '0' || c > '9' {
			break
		}
		if v > (1<<63-1-int64(c-'0'))/10 {
			return 0, s.fail("number too large")
		}
		v = v*10 + int64(c-'0')
	}
	if s.pos == start || s.text[start] == '0' && s.pos > start+1 ||
		s.pos < len(s.text) && strings.IndexByte(".eE", s.text[s.pos]) >= 0 {
		return 0, s.fail("expected a whole, non-negative number")
	}
	return v, nil
}

// skip passes over any value.
func (s *scanner) skip(depth int) error {
	if depth > maxNesting {
		return s.fail("nested too deeply")
	}
	switch c := s.peek(); {
	case c == '{':
		return s.object(func(string) error { return s.skip(depth + 1) })
	case c == '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case c == '"':
		_, err := s.str()
		return err
	}
	start := s.pos
	for s.pos < len(s.text) && strings.IndexByte(",]} \t\r\n", s.text[s.pos]) < 0 {
		s.pos++
	}
	word := s.text[start:s.pos]
	switch word {
	case "true", "false", "null":
		return nil
	}
	if word == "" || strings.Trim(word, "+-.eE0123456789") != "" {
		return s.fail("expected a value")
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil {
		return s.fail("bad number")
	}
	return nil
}

func (s *scanner) end() error {
	if s.peek() != 0 || s.pos != len(s.text) {
		return s.fail("text after the value")
	}
	return nil
}
