package guide

import (
	"fmt"

	"ossian/internal/grammar"
)

// Tokenizer is what is needed of a tokenizer beside its tokens.
type Tokenizer interface {
	grammar.Tokens
	Special(name string) (uint32, bool)
	Encode(dst []uint32, text string) []uint32
}

// Format is the harmony format over one vocabulary.
type Format struct {
	tok                                                Tokenizer
	v                                                  *grammar.Vocabulary
	start, message, channel, constrain, end, call, ret uint32

	object *grammar.Grammar // any JSON object
}

// New finds the special tokens. The error names the one that is missing.
func New(tok Tokenizer, v *grammar.Vocabulary) (*Format, error) {
	f := &Format{tok: tok, v: v}
	for _, s := range []struct {
		name string
		id   *uint32
	}{
		{"<|start|>", &f.start}, {"<|message|>", &f.message}, {"<|channel|>", &f.channel},
		{"<|constrain|>", &f.constrain}, {"<|end|>", &f.end}, {"<|call|>", &f.call}, {"<|return|>", &f.ret},
	} {
		id, ok := tok.Special(s.name)
		if !ok {
			return nil, fmt.Errorf("guide: the vocabulary has no special token %s; use the tokenizer that belongs to gpt-oss", s.name)
		}
		*s.id = id
	}
	var err error
	f.object, err = grammar.JSONObject()
	return f, err
}

// Choice says whether tools may be called.
type Choice uint8

const (
	Auto     Choice = iota // the model decides
	None                   // no call
	Required               // a call, and no answer
)

// Tool is one that may be called.
type Tool struct {
	Recipient string           // full name, such as functions.get_weather or python
	BuiltIn   bool             // called on analysis; others on commentary
	Text      bool             // the arguments are plain text, not JSON
	Arguments *grammar.Grammar // nil: any text or any JSON object
}

// Offer is what a turn may come to.
type Offer struct {
	Tools  []Tool
	Choice Choice
	Answer *grammar.Grammar // of the body of final; nil: any text
	JSON   bool             // Answer is JSON, and its header may say so
}

// Plan is an offer as grammars: of the whole turn, and of what is left when there has
// been enough reasoning.
type Plan struct {
	f          *Format
	turn, rest *grammar.Grammar
	least      int // bytes of the shortest rest
}

// Plan compiles an offer. Errors are *grammar.Error.
func (f *Format) Plan(o Offer) (*Plan, error) {
	ending := f.ending(o)
	var thoughts grammar.Part
	analysis := f.thought("analysis")
	if len(o.Tools) > 0 && o.Choice != None {
		thoughts = grammar.Many(grammar.Any(analysis, f.thought("commentary")))
	} else {
		thoughts = grammar.Many(analysis)
	}
	p := &Plan{f: f}
	var err error
	if p.turn, err = grammar.Build("the turn", grammar.Seq(thoughts, ending)); err != nil {
		return nil, err
	}
	if p.rest, err = grammar.Build("the turn", ending); err != nil {
		return nil, err
	}
	p.least = f.v.NewMatcher(p.rest).Left()
	return p, nil
}

// thought is a message that another follows.
func (f *Format) thought(channel string) grammar.Part {
	return grammar.Seq(grammar.Special(f.channel), grammar.Text(channel), grammar.Special(f.message),
		grammar.Anything(channel != "analysis"), grammar.Special(f.end), grammar.Special(f.start), grammar.Text(author))
}

// ending is the last message: the answer or a call.
func (f *Format) ending(o Offer) grammar.Part {
	var alt []grammar.Part
	if o.Choice != Required || len(o.Tools) == 0 {
		body, kind := grammar.Anything(true), grammar.Seq()
		if o.Answer != nil {
			body = grammar.Use(o.Answer)
		}
		if o.JSON {
			kind = grammar.Opt(f.constrained("json"))
		}
		alt = append(alt, grammar.Seq(grammar.Special(f.channel), grammar.Text("final"), kind, grammar.Special(f.message), body, grammar.Special(f.ret)))
	}
	if o.Choice != None {
		for _, t := range o.Tools {
			alt = append(alt, f.calling(t))
		}
	}
	return grammar.Any(alt...)
}

// constrained is a content type behind its token, with or without the space before it.
func (f *Format) constrained(kind string) grammar.Part {
	return grammar.Seq(grammar.Opt(grammar.Text(" ")), grammar.Special(f.constrain), grammar.Text(kind))
}

// calling is a call of a tool, in the two orders that the models were trained on.
func (f *Format) calling(t Tool) grammar.Part {
	channel := grammar.Text("commentary")
	if t.BuiltIn {
		channel = grammar.Any(grammar.Text("analysis"), grammar.Text("commentary"))
	}
	channel = grammar.Seq(grammar.Special(f.channel), channel)
	to := grammar.Text(" to=" + t.Recipient)
	kinds := []grammar.Part{grammar.Seq()}
	if t.BuiltIn {
		kinds = append(kinds, grammar.Text(" code"))
	}
	body := grammar.Anything(false)
	if !t.Text {
		kinds = append(kinds, f.constrained("json"))
		if !t.BuiltIn {
			kinds = append(kinds, grammar.Text(" json"))
		}
		body = grammar.Use(f.object)
	}
	if t.Arguments != nil {
		body = grammar.Use(t.Arguments)
	}
	return grammar.Seq(grammar.Any(grammar.Seq(channel, to), grammar.Seq(to, channel)), grammar.Any(kinds...),
		grammar.Special(f.message), body, grammar.Special(f.call))
}
