package chat

import (
	"strings"

	"ossian/internal/sample"
)

// stopper looks for texts that end an answer. What may be the beginning of one is
// held back, so that nothing of it is ever sent.
type stopper struct {
	stops  []string
	held   string
	pieces []piece // what held is made of
}

// piece is a delta of so many bytes and the tokens that came with it.
type piece struct {
	bytes  int
	tokens []sample.Token
}

// push takes a delta and returns what is safe to send. found is the text that ended
// the answer; nothing comes after it.
func (s *stopper) push(text string, tokens []sample.Token) (safe string, with []sample.Token, found string) {
	if len(s.stops) == 0 {
		return text, tokens, ""
	}
	s.held += text
	s.pieces = append(s.pieces, piece{len(text), tokens})
	at := len(s.held)
	for _, stop := range s.stops {
		// Of two that match, the one that begins first; of two at one place, the first given.
		if i := strings.Index(s.held, stop); i >= 0 && i < at {
			at, found = i, stop
		}
	}
	if found == "" {
		at -= s.mayBegin()
	}
	safe, with = s.release(at)
	if found != "" {
		s.held, s.pieces = "", nil
	}
	return safe, with, found
}

// mayBegin is the length of the longest end of what is held that some stop begins with.
func (s *stopper) mayBegin() int {
	longest := 0
	for _, stop := range s.stops {
		for n := min(len(stop)-1, len(s.held)); n > longest; n-- {
			if strings.HasSuffix(s.held, stop[:n]) {
				longest = n
			}
		}
	}
	return longest
}

// release gives the first n bytes with the tokens of every piece that begins in them.
func (s *stopper) release(n int) (string, []sample.Token) {
	text := s.held[:n]
	s.held = s.held[n:]
	var tokens []sample.Token
	for n > 0 {
		p := &s.pieces[0]
		tokens = append(tokens, p.tokens...)
		p.tokens = nil
		if p.bytes > n {
			p.bytes -= n
			break
		}
		n -= p.bytes
		s.pieces = s.pieces[1:]
	}
	return text, tokens
}

// rest gives what was held when the message ends.
func (s *stopper) rest() (string, []sample.Token) { return s.release(len(s.held)) }
