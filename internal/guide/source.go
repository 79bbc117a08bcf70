package guide

import (
	"bytes"

	"ossian/internal/grammar"
	"ossian/internal/sample"
)

// Limits of a turn, in tokens; 0 is none.
type Limits struct {
	Tokens    int // all of them: the request's MaxTokens
	Reasoning int // before the last message: analysis and preambles with their headers
}

// reserve is how many tokens are kept for closing reasoning and opening what follows, share
// which part of the whole it is left (at most 1,024 tokens), and margin how far a body is led
// to its end before it must be: a token can open more than it takes.
const (
	reserve = 12
	share   = 4
	margin  = 16
)

// Source masks one turn. It is an engine.MaskSource.
type Source struct {
	p       *Plan
	m       *grammar.Matcher
	tokens  int // accepted
	limits  Limits
	thought int // of them, before the last message's body

	header   []byte // what has been written of it, special tokens left out
	in       place
	answered bool     // reasoning is over: only the ending may follow
	forced   []uint32 // tokens that must come next
	closed   bool     // a body was led to its end
	one      sample.Mask
	text     []byte
}

type place uint8

const (
	inHeader  place = iota
	inAuthor        // behind <|start|>
	inThought       // analysis or a preamble
	inBody          // the answer, or a call's arguments
)

// Source begins a turn behind <|start|>assistant.
func (p *Plan) Source(l Limits) *Source {
	s := &Source{p: p, m: p.f.v.NewMatcher(p.turn), limits: l, one: make(sample.Mask, (p.f.v.Size()+63)/64)}
	if l.Tokens > 0 {
		most := l.Tokens - reserve - max(min(l.Tokens/share, 1024), min(p.least, l.Tokens/2))
		if s.limits.Reasoning == 0 || s.limits.Reasoning > most {
			s.limits.Reasoning = most
		}
		if most <= 0 {
			s.answerNow()
		}
	}
	return s
}

// Closed reports whether what the model was writing had to be led to its end because the
// tokens ran out.
func (s *Source) Closed() bool { return s.closed }

// ReasoningCut reports whether reasoning was ended because it had used its share.
func (s *Source) ReasoningCut() bool { return s.answered }

// Mask is the set of tokens that may come next. It is valid until the next Accept.
func (s *Source) Mask() sample.Mask {
	if len(s.forced) == 0 {
		s.force()
	}
	if len(s.forced) == 0 {
		return s.m.Mask()
	}
	clear(s.one)
	id := s.forced[0]
	s.one[id/64] |= 1 << (id % 64)
	return s.one
}

// force decides whether something must come next, and what.
func (s *Source) force() {
	switch {
	case s.in == inThought && s.limits.Reasoning > 0 && s.thought >= s.limits.Reasoning:
		s.forced = append(s.forced, s.p.f.end, s.p.f.start)
		s.forced = s.p.f.tok.Encode(s.forced, author)
	case s.in == inBody && s.limits.Tokens > 0:
		left := s.limits.Tokens - s.tokens
		if need := s.m.Left(); need > 1 && need < 1<<20 && left <= need+margin {
			text, special, ok := s.m.Closing(s.text[:0])
			s.text = text
			if len(text) > 0 || ok {
				s.closed = true
				s.forced = s.p.f.tok.Encode(s.forced, string(text))
				if ok {
					s.forced = append(s.forced, special)
				}
			}
		}
	}
}

// Accept tells which token was chosen.
func (s *Source) Accept(id uint32) {
	s.tokens++
	if s.in != inBody {
		s.thought++
	}
	if len(s.forced) > 0 && s.forced[0] == id {
		s.forced = s.forced[1:]
	} else {
		s.forced = s.forced[:0]
	}
	s.m.Accept(id)
	f := s.p.f
	switch {
	case id == f.message:
		s.in = inBody
		if !bytes.Contains(s.header, []byte("to=")) && !bytes.HasPrefix(s.header, []byte("final")) {
			s.in = inThought
		}
	case id == f.start:
		s.in, s.header = inAuthor, s.header[:0]
	case (s.in == inHeader || s.in == inAuthor) && !f.tok.IsSpecial(id):
		b, _ := f.tok.Bytes(id)
		s.header = append(s.header, b...)
		if s.in == inAuthor && string(s.header) == author {
			s.in, s.header = inHeader, s.header[:0]
			if s.limits.Reasoning > 0 && s.thought >= s.limits.Reasoning {
				s.answerNow()
			}
		}
	}
}

// author is who speaks; nobody else does in a turn.
const author = "assistant"

// answerNow goes on with a grammar that has no more thoughts.
func (s *Source) answerNow() {
	s.answered = true
	s.m = s.p.f.v.NewMatcher(s.p.rest)
}
