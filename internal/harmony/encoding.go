package harmony

import "fmt"

// Vocabulary is what this package needs of a tokenizer.
type Vocabulary interface {
	// Encode appends the ids of ordinary text; it never yields a special token.
	Encode(dst []uint32, text string) []uint32
	// Special finds a special token by its spelling, e.g. <|start|>.
	Special(name string) (uint32, bool)
	// Bytes returns the bytes of a token, of a special one its spelling.
	Bytes(id uint32) ([]byte, bool)
}

// Encoding renders and parses with one vocabulary.
type Encoding struct {
	v                                                  Vocabulary
	start, message, channel, constrain, end, call, ret uint32
	eot                                                uint32 // <|endoftext|>, valid when hasEOT
	hasEOT                                             bool
}

// New resolves the special tokens once. The error names the one that is missing.
func New(v Vocabulary) (*Encoding, error) {
	e := &Encoding{v: v}
	for _, s := range []struct {
		name string
		id   *uint32
	}{
		{"<|start|>", &e.start}, {"<|message|>", &e.message}, {"<|channel|>", &e.channel},
		{"<|constrain|>", &e.constrain}, {"<|end|>", &e.end}, {"<|call|>", &e.call}, {"<|return|>", &e.ret},
	} {
		id, ok := v.Special(s.name)
		if !ok {
			return nil, fmt.Errorf("harmony: the vocabulary has no special token %s; use the tokenizer that belongs to gpt-oss", s.name)
		}
		*s.id = id
	}
	e.eot, e.hasEOT = v.Special("<|endoftext|>")
	return e, nil
}

// Stops returns the ids that end a generation: return, call and, where the
// vocabulary has it, endoftext. <|end|> is not one: another message follows it.
func (e *Encoding) Stops() []uint32 {
	s := []uint32{e.ret, e.call}
	if e.hasEOT {
		s = append(s, e.eot)
	}
	return s
}

func (e *Encoding) terminator(id uint32) Terminator {
	switch {
	case id == e.end:
		return TermEnd
	case id == e.call:
		return TermCall
	case id == e.ret:
		return TermReturn
	case e.hasEOT && id == e.eot:
		return TermEndOfText
	}
	return TermNone
}

// Terminator is what ended a message.
type Terminator uint8

const (
	TermNone      Terminator = iota // nothing did: the tokens stopped, or another message began
	TermEnd                         // <|end|>
	TermCall                        // <|call|>
	TermReturn                      // <|return|>
	TermEndOfText                   // <|endoftext|>
)

func (t Terminator) String() string {
	switch t {
	case TermEnd:
		return "<|end|>"
	case TermCall:
		return "<|call|>"
	case TermReturn:
		return "<|return|>"
	case TermEndOfText:
		return "<|endoftext|>"
	}
	return "none"
}
