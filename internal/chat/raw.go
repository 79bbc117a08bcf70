package chat

import (
	"context"
	"slices"

	"ossian/internal/engine"
	"ossian/internal/sample"
)

// Decoder makes text of ids as they come; it holds back characters that are not whole.
type Decoder interface {
	Push(id uint32) string
	Flush() string
}

// Continue lets the model go on from a prompt as it stands, without messages. What comes
// is told as an Answer; control tokens that do not end it are spelled out.
func (m *Model) Continue(ctx context.Context, prompt []uint32, text Decoder, opt Options, emit func(Event) error) (Turn, error) {
	r := &raw{emit: emit, text: text, stop: stopper{stops: opt.Stop}, tell: opt.Sampling.Logprobs > 0}
	res, err := m.generate(ctx, prompt, opt, r.news)
	if err == nil || r.out.Answer != "" {
		if last := r.rest(); err == nil {
			err = last
		}
	}
	r.out.result(res)
	return r.out, err
}

// raw is a continuation under way.
type raw struct {
	emit  func(Event) error
	text  Decoder
	stop  stopper
	tell  bool
	fresh []sample.Token // not yet in an event
	out   Turn
}

func (r *raw) news(e engine.Event) error {
	if !e.IsToken {
		return r.emit(progress(e))
	}
	if e.Stop {
		return nil
	}
	if r.tell {
		tok := e.Token
		tok.Top = slices.Clone(tok.Top)
		r.fresh = append(r.fresh, tok)
	}
	text := r.text.Push(e.Token.ID)
	if text == "" {
		return nil
	}
	tokens := r.fresh
	r.fresh = nil
	text, tokens, r.out.StopText = r.stop.push(text, tokens)
	if err := r.say(text, tokens); err != nil {
		return err
	}
	if r.out.StopText != "" {
		return engine.ErrEnough
	}
	return nil
}

func (r *raw) say(text string, tokens []sample.Token) error {
	if text == "" {
		return nil
	}
	r.out.Answer += text
	return r.emit(Event{Kind: Answer, Text: text, Tokens: tokens})
}

// rest tells what was held back when the tokens ended.
func (r *raw) rest() error {
	if r.out.StopText != "" {
		return nil
	}
	text, tokens := r.stop.rest()
	return r.say(text+r.text.Flush(), append(tokens, r.fresh...))
}
