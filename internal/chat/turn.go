package chat

import (
	"context"
	"strings"

	"ossian/internal/engine"
	"ossian/internal/harmony"
	"ossian/internal/sample"
)

// Model is what a turn needs of a loaded model.
type Model struct {
	Engine   *engine.Engine
	Encoding *harmony.Encoding
	Stop     []uint32 // ids that end a turn beside harmony's own
}

// Options of a turn.
type Options struct {
	MaxTokens int // of reasoning and answer together; 0: what the context holds
	Sampling  sample.Params
	Drop      harmony.Drop // which earlier reasoning stays out of the prompt
	Mask      engine.MaskSource
	NoDraft   bool // do not guess ahead; the answer is the same
}

// Kind says what an Event tells.
type Kind uint8

const (
	Prompt    Kind = iota + 1 // more of the prompt has been read
	Reasoning                 // a piece of the reasoning, not meant for end users
	Preamble                  // a piece of what the model says before it calls tools
	Answer                    // a piece of the answer
	ToolCall                  // a complete call
	Warning                   // the model's format had to be repaired
)

// Event is one piece of news.
type Event struct {
	Kind    Kind
	Message int    // index in Turn.Messages of the message it belongs to
	Text    string // of Reasoning, Preamble and Answer: a delta; of Warning: a sentence
	Call    Call   // of ToolCall

	PromptRead, PromptTokens int // of Prompt
}

// Call is a tool the model wants called. Name is as the model wrote it, for
// functions of an application with the namespace: functions.get_weather.
type Call struct {
	Name      string
	Arguments string // JSON by convention; not checked
	Message   harmony.Message
}

// Finish says why a turn ended.
type Finish string

const (
	FinishStop      Finish = "stop"
	FinishCalls     Finish = "tool_calls"
	FinishLength    Finish = "length"
	FinishContext   Finish = "context"
	FinishCancelled Finish = "cancelled"
)

// Turn is what a turn came to.
type Turn struct {
	Messages []harmony.Message // all the model wrote, ready to be history

	Reasoning, Preamble, Answer string // texts of the messages of each kind, a line break between two
	Calls                       []Call // complete ones only
	Warnings                    []harmony.Warning

	Finish Finish
	// CutIn is what the model was writing when the turn ended before its end:
	// Reasoning, Preamble, Answer or ToolCall; 0 between messages or when nothing was cut.
	CutIn Kind

	PromptTokens     int
	CompletionTokens int
	ReasoningTokens  int // of the completion
	Drafts           engine.Drafts
	Timings          engine.Timings
}

// Turn lets the model speak once. An error of emit ends the turn and is returned;
// engine.ErrEnough ends it as a stop. The Turn is filled as far as it got.
func (m *Model) Turn(ctx context.Context, conv harmony.Conversation, opt Options, emit func(Event) error) (Turn, error) {
	prompt, err := m.Encoding.RenderForCompletion(nil, conv, harmony.RenderOptions{Drop: opt.Drop})
	if err != nil {
		return Turn{}, err
	}
	t := &turn{
		emit:   emit,
		parser: m.Encoding.NewParserWith(harmony.Assistant, harmony.ParserOptions{Recipients: recipients(conv)}),
	}
	res, err := m.Engine.Generate(ctx, engine.Request{
		Prompt: prompt, MaxTokens: opt.MaxTokens, Sampling: opt.Sampling, Mask: opt.Mask, NoDraft: opt.NoDraft,
		Stop: append(m.Encoding.Stops(), m.Stop...),
	}, t.news)
	return t.finish(res, err)
}

// recipients are the full names of the tools a conversation offers.
func recipients(conv harmony.Conversation) []string {
	var names []string
	add := func(spaces []harmony.Namespace) {
		for _, ns := range spaces {
			if len(ns.Functions) == 0 {
				names = append(names, ns.Name)
			}
			for _, f := range ns.Functions {
				names = append(names, ns.Name+"."+f.Name)
			}
		}
	}
	for _, m := range conv.Messages {
		for _, c := range m.Content {
			switch c := c.(type) {
			case harmony.SystemContent:
				add(c.Tools)
			case harmony.DeveloperContent:
				add(append(c.Namespaces, harmony.Namespace{Name: harmony.FunctionsNamespace, Functions: c.Tools}))
			}
		}
	}
	return names
}

// turn is one under way.
type turn struct {
	emit   func(Event) error
	parser *harmony.Parser
	open   Kind // kind of the message being written
	warned int
	out    Turn
}

// kindOf sorts a message by what it is for.
func kindOf(m harmony.Message) Kind {
	switch {
	case m.IsCall():
		return ToolCall
	case m.Channel == harmony.ChannelAnalysis:
		return Reasoning
	case m.Channel == harmony.ChannelCommentary:
		return Preamble
	}
	return Answer
}

func (t *turn) news(e engine.Event) error {
	if !e.IsToken {
		return t.emit(Event{Kind: Prompt, PromptRead: e.Prefill, PromptTokens: e.PromptTokens})
	}
	if t.open == Reasoning {
		t.out.ReasoningTokens++
	}
	return t.pass(t.parser.Push(e.Token.ID))
}

// pass turns the parser's events into the turn's.
func (t *turn) pass(events []harmony.Event) error {
	for _, e := range events {
		var err error
		switch e.Kind {
		case harmony.MessageStart:
			t.open = kindOf(e.Message)
		case harmony.TextDelta:
			if t.open != ToolCall {
				err = t.emit(Event{Kind: t.open, Message: e.Index, Text: e.Text})
			}
		case harmony.MessageEnd:
			if t.open == ToolCall && e.End != harmony.TermNone {
				call := Call{Name: e.Message.Recipient, Arguments: e.Message.Text(), Message: e.Message}
				t.out.Calls = append(t.out.Calls, call)
				err = t.emit(Event{Kind: ToolCall, Message: e.Index, Call: call})
			}
			t.open = 0
		}
		if err != nil {
			return err
		}
	}
	for w := t.parser.Warnings(); t.warned < len(w); t.warned++ {
		if err := t.emit(Event{Kind: Warning, Message: w[t.warned].Message, Text: w[t.warned].String()}); err != nil {
			return err
		}
	}
	return nil
}

// finish closes the parser, whose last words may still be worth an event, and sums up.
func (t *turn) finish(res engine.Result, err error) (Turn, error) {
	out := &t.out
	if !res.HasStop {
		out.CutIn = t.open
	}
	last := t.pass(t.parser.Close())
	if err == nil && last != engine.ErrEnough {
		err = last
	}
	out.Messages, out.Warnings = t.parser.Messages(), t.parser.Warnings()
	for _, m := range out.Messages {
		switch kindOf(m) {
		case Reasoning:
			join(&out.Reasoning, m.Text())
		case Preamble:
			join(&out.Preamble, m.Text())
		case Answer:
			join(&out.Answer, m.Text())
		}
	}
	out.Finish = Finish(res.Finish)
	if n := len(out.Messages); out.Finish == FinishStop && len(out.Calls) > 0 && out.Messages[n-1].IsCall() {
		out.Finish = FinishCalls
	}
	out.PromptTokens, out.CompletionTokens, out.Drafts, out.Timings = res.PromptTokens, res.CompletionTokens, res.Drafts, res.Timings
	return *out, err
}

// join adds a text on a line of its own.
func join(all *string, text string) {
	if *all != "" && text != "" && !strings.HasSuffix(*all, "\n") {
		*all += "\n"
	}
	*all += text
}
