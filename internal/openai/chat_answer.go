package openai

import (
	"encoding/json"
	"strings"

	"ossian/internal/chat"
	"ossian/internal/harmony"
)

// ChatWriter turns the events of a turn into the deltas of one answer, and keeps them
// joined: a stream and a whole answer are the same text because they are the same code.
type ChatWriter struct {
	hide  bool
	top   int // alternatives a token
	spell Speller
	newID func() string // of a call

	began              bool
	content, reasoning joined
	calls              []ToolCallOut
	arguments          strings.Builder // of the last call
	logprobs           *Logprobs
}

// joined is the text of several messages, each on a line of its own.
type joined struct {
	strings.Builder
	message int
}

// add returns what is to be written: a delta, after a line break where a message begins.
func (j *joined) add(message int, text string) string {
	if j.Len() > 0 && message != j.message && !strings.HasSuffix(j.String(), "\n") {
		text = "\n" + text
	}
	j.message = message
	j.WriteString(text)
	return text
}

// Writer makes one for an answer to the request. newID names calls.
func (r *ChatRequest) Writer(spell Speller, newID func() string) *ChatWriter {
	w := &ChatWriter{hide: r.HideReasoning, spell: spell, newID: newID}
	if r.Sampling.Logprobs {
		w.top, w.logprobs = r.Sampling.TopLogprobs, &Logprobs{Content: []TokenLogprob{}}
	}
	return w
}

// Event takes one piece of news. ok says that there is something to send.
func (w *ChatWriter) Event(e chat.Event) (c ChunkChoice, ok bool) {
	switch e.Kind {
	case chat.Answer, chat.Preamble:
		text := w.content.add(e.Message, e.Text)
		c.Delta.Content = &text
		if w.logprobs != nil {
			c.Logprobs = &Logprobs{Content: w.spell.logprobs(e.Tokens, w.top)}
			w.logprobs.Content = append(w.logprobs.Content, c.Logprobs.Content...)
		}
	case chat.Reasoning:
		if w.hide {
			return c, false
		}
		text := w.reasoning.add(e.Message, e.Text)
		c.Delta.Reasoning, c.Delta.ReasoningContent = text, text
	case chat.CallStart:
		w.closeCall()
		call := ToolCallOut{ID: w.newID(), Type: "function", Function: FunctionOut{Name: WireName(e.Call.Name)}}
		w.calls = append(w.calls, call)
		at := len(w.calls) - 1
		call.Index = &at
		c.Delta.ToolCalls = []ToolCallOut{call}
	case chat.CallText:
		w.arguments.WriteString(e.Text)
		at := len(w.calls) - 1
		c.Delta.ToolCalls = []ToolCallOut{{Index: &at, Function: FunctionOut{Arguments: e.Text}}}
	default:
		return c, false
	}
	if !w.began {
		w.began, c.Delta.Role = true, "assistant"
	}
	return c, true
}

func (w *ChatWriter) closeCall() {
	if n := len(w.calls); n > 0 {
		w.calls[n-1].Function.Arguments = w.arguments.String()
		w.arguments.Reset()
	}
}

// End is the last delta of the answer: none but the reason for the end.
func (w *ChatWriter) End(t chat.Turn) ChunkChoice {
	reason := FinishReason(t)
	c := ChunkChoice{FinishReason: &reason}
	if !w.began {
		empty := ""
		w.began, c.Delta.Role, c.Delta.Content = true, "assistant", &empty
	}
	return c
}

// Choice is the whole answer. It may be called once, at the end.
func (w *ChatWriter) Choice(index int, t chat.Turn) ChatChoice {
	w.closeCall()
	a := ChatAnswer{Role: "assistant", Reasoning: w.reasoning.String(), ReasoningContent: w.reasoning.String(),
		ToolCalls: w.calls, Annotations: []any{}}
	if text := w.content.String(); text != "" || len(w.calls) == 0 {
		a.Content = &text
	}
	return ChatChoice{Index: index, Message: a, Logprobs: w.logprobs, FinishReason: FinishReason(t)}
}

// FinishReason says why a turn ended in the words of Chat Completions.
func FinishReason(t chat.Turn) string {
	switch {
	case t.Finish == chat.FinishLength || t.Finish == chat.FinishContext:
		return "length"
	case len(t.Calls) > 0:
		return "tool_calls"
	}
	return "stop"
}

// WireName is a tool's name as clients know it: without the namespace of functions, and
// of letters, digits, _, - and the dots of the model's own tools.
func WireName(recipient string) string {
	name := strings.TrimPrefix(recipient, harmony.FunctionsNamespace+".")
	name = strings.Map(func(r rune) rune {
		if r == '.' || plainName(string(r)) {
			return r
		}
		return '_'
	}, name)
	if name == "" {
		return "unknown"
	}
	return name[:min(len(name), 64)]
}

// Arguments are a call's arguments as an object, for APIs that have them so. They are
// JSON almost always; what is not becomes the one member of an object.
func Arguments(text string) json.RawMessage {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, "{") && json.Valid([]byte(trimmed)) {
		return json.RawMessage(trimmed)
	}
	out, err := json.Marshal(map[string]string{"arguments": text})
	if err != nil || trimmed == "" {
		return json.RawMessage("{}")
	}
	return out
}
