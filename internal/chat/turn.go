package chat

import (
	"context"
	"slices"
	"strings"

	"ossian/internal/engine"
	"ossian/internal/guide"
	"ossian/internal/harmony"
	"ossian/internal/sample"
)

// Model is what a turn needs of a loaded model.
type Model struct {
	Engine   *engine.Engine
	Encoding *harmony.Encoding
	Stop     []uint32 // ids that end a turn beside harmony's own
	// Format holds turns without a guide of their own to legal headers, the tools on offer, and an
	// answer in time. Nil lets the model write what it will. It must keep its result.
	Format func() (*guide.Format, error)
}

// Options of a turn.
type Options struct {
	MaxTokens int      // of reasoning and answer together; 0: what the context holds
	Cap       bool     // MaxTokens beyond what the context holds means as many as it holds
	Stop      []string // texts that end the turn in an answer or preamble; not part of it
	Sampling  sample.Params
	Drop      harmony.Drop // which earlier reasoning stays out of the prompt
	// Guide makes what narrows the turn's tokens; it is told how many there can be. Nil: what
	// Model.Format makes of the conversation.
	Guide   func(tokens int) engine.MaskSource
	Key     string // whose turn it is, for fair shares
	NoDraft bool   // do not guess ahead; the answer is the same
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

	Finish   Finish
	StopText string // the one of Options.Stop that ended the turn
	// CutIn is what the model was writing when the turn ended before its end:
	// Reasoning, Preamble, Answer or ToolCall; 0 between messages or when nothing was cut.
	CutIn Kind

	PromptTokens     int
	CachedTokens     int // of the prompt: they were known from earlier requests
	CompletionTokens int
	ReasoningTokens  int // of the completion
	Drafts           engine.Drafts
	Timings          engine.Timings
}

// Prompt is the conversation as the model is given it.
func (m *Model) Prompt(conv harmony.Conversation, drop harmony.Drop) ([]uint32, error) {
	return m.Encoding.RenderForCompletion(nil, conv, harmony.RenderOptions{Drop: drop})
}

// Turn lets the model speak once. An error of emit ends the turn and is returned;
// engine.ErrEnough ends it as a stop. The Turn is filled as far as it got.
func (m *Model) Turn(ctx context.Context, conv harmony.Conversation, opt Options, emit func(Event) error) (Turn, error) {
	prompt, err := m.Prompt(conv, opt.Drop)
	if err != nil {
		return Turn{}, err
	}
	t := &turn{
		emit:   emit,
		stop:   stopper{stops: opt.Stop},
		tell:   opt.Sampling.Logprobs > 0,
		parser: m.Encoding.NewParserWith(harmony.Assistant, harmony.ParserOptions{Recipients: recipients(conv)}),
	}
	if opt.Guide, err = m.guide(conv, opt.Guide, t); err != nil {
		return Turn{}, err
	}
	res, err := m.generate(ctx, prompt, opt, t.news)
	return t.finish(res, err)
}

// generate runs the engine as the options want it.
func (m *Model) generate(ctx context.Context, prompt []uint32, opt Options, news func(engine.Event) error) (engine.Result, error) {
	req := engine.Request{Prompt: prompt, MaxTokens: opt.MaxTokens, Sampling: opt.Sampling, NoDraft: opt.NoDraft, Key: opt.Key,
		Stop: append(m.Encoding.Stops(), m.Stop...)}
	room, err := m.Engine.Fit(len(prompt), 0)
	if err == nil && opt.Cap && req.MaxTokens > room {
		req.MaxTokens = 0
	}
	if err == nil && opt.Guide != nil {
		if req.MaxTokens > 0 {
			room = min(room, req.MaxTokens)
		}
		req.Mask = opt.Guide(room)
	}
	return m.Engine.Generate(ctx, req, news)
}

// progress tells of what comes before the first token.
func progress(e engine.Event) Event {
	if e.Queue > 0 {
		return Event{Kind: Queued, Place: e.Queue, PromptTokens: e.PromptTokens}
	}
	return Event{Kind: Prompt, PromptRead: e.Prefill, PromptTokens: e.PromptTokens, Cached: e.Cached}
}

// result takes over what the engine counted.
func (t *Turn) result(res engine.Result) {
	t.Finish = Finish(res.Finish)
	t.PromptTokens, t.CachedTokens, t.CompletionTokens = res.PromptTokens, res.Prefix.Cached, res.CompletionTokens
	t.Drafts, t.Timings = res.Drafts, res.Timings
}

// turn is one under way.
type turn struct {
	emit   func(Event) error
	parser *harmony.Parser
	mask   closer // nil: the tokens are free, or their guide closes nothing
	stop   stopper
	tell   bool           // events bring their tokens
	fresh  []sample.Token // of the open message, not yet in an event
	open   Kind           // kind of the message being written
	sent   int            // bytes of its text in events
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
		return t.emit(progress(e))
	}
	if t.open == Reasoning {
		t.out.ReasoningTokens++
	}
	if t.tell {
		tok := e.Token
		tok.Top = slices.Clone(tok.Top)
		t.fresh = append(t.fresh, tok)
	}
	return t.pass(t.parser.Push(e.Token.ID))
}

// pass turns the parser's events into the turn's.
func (t *turn) pass(events []harmony.Event) error {
	for _, e := range events {
		var err error
		switch e.Kind {
		case harmony.MessageStart:
			t.open, t.fresh, t.sent = kindOf(e.Message), nil, 0
			if t.open == ToolCall {
				err = t.emit(Event{Kind: CallStart, Message: e.Index, Call: Call{Name: e.Message.Recipient}})
			}
		case harmony.TextDelta:
			err = t.text(e.Index, e.Text)
		case harmony.MessageEnd:
			err = t.end(e)
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

// text passes a delta on, less what may belong to a stop text.
func (t *turn) text(message int, text string) error {
	if t.out.StopText != "" {
		return nil // a character that was cut off behind it
	}
	e := Event{Kind: t.open, Message: message, Text: text, Tokens: t.fresh}
	t.fresh = nil
	switch t.open {
	case ToolCall:
		e.Kind = CallText
	case Answer, Preamble:
		e.Text, e.Tokens, t.out.StopText = t.stop.push(text, e.Tokens)
	}
	t.sent += len(e.Text)
	if e.Text != "" {
		if err := t.emit(e); err != nil {
			return err
		}
	}
	if t.out.StopText != "" {
		return engine.ErrEnough
	}
	return nil
}

// end passes on what a message's end brings: text that was held, or the call.
func (t *turn) end(e harmony.Event) error {
	kind := t.open
	t.open, t.fresh = 0, nil
	if text, tokens := t.stop.rest(); text != "" {
		return t.emit(Event{Kind: kind, Message: e.Index, Text: text, Tokens: tokens})
	}
	if kind != ToolCall || e.End == harmony.TermNone {
		return nil
	}
	call := Call{Name: e.Message.Recipient, Arguments: e.Message.Text(), Message: e.Message}
	t.out.Calls = append(t.out.Calls, call)
	return t.emit(Event{Kind: ToolCall, Message: e.Index, Call: call})
}

// finish closes the parser, whose last words may still be worth an event, and sums up.
func (t *turn) finish(res engine.Result, err error) (Turn, error) {
	out := &t.out
	if !res.HasStop && out.StopText == "" {
		out.CutIn = t.open
	}
	last := t.pass(t.parser.Close())
	if err == nil && last != engine.ErrEnough {
		err = last
	}
	out.Messages, out.Warnings = t.parser.Messages(), t.parser.Warnings()
	if n := len(out.Messages); out.StopText != "" && n > 0 { // the last one ended there
		m := &out.Messages[n-1]
		m.Content = []harmony.Content{harmony.Text(m.Text()[:t.sent])}
	}
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
	out.result(res)
	if t.mask != nil && t.mask.Closed() && res.HasStop {
		// Whole in form, but not all that the model would have said.
		out.Finish, out.CutIn = FinishLength, kindOf(out.Messages[len(out.Messages)-1])
	}
	if n := len(out.Messages); out.Finish == FinishStop && len(out.Calls) > 0 && out.Messages[n-1].IsCall() {
		out.Finish = FinishCalls
	}
	return *out, err
}

// join adds a text on a line of its own.
func join(all *string, text string) {
	if *all != "" && text != "" && !strings.HasSuffix(*all, "\n") {
		*all += "\n"
	}
	*all += text
}
