package ollama

import (
	"encoding/json"
	"time"

	"ossian/internal/chat"
	"ossian/internal/openai"
)

// Line is an answer, or a line of one that streams.
type Line struct {
	Model      string   `json:"model"`
	CreatedAt  string   `json:"created_at"`
	Message    *Message `json:"message,omitempty"`  // of chat
	Response   *string  `json:"response,omitempty"` // of generate
	Thinking   string   `json:"thinking,omitempty"` // of generate
	Done       bool     `json:"done"`
	DoneReason string   `json:"done_reason,omitempty"`
	*Counts
}

// Message is what the model said.
type Message struct {
	Role      string `json:"role"`
	Content   string `json:"content"`
	Thinking  string `json:"thinking,omitempty"`
	ToolCalls []Call `json:"tool_calls,omitempty"`
}

// Call is a call whose arguments are an object.
type Call struct {
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// Counts are the figures of the last line; times in nanoseconds.
type Counts struct {
	TotalDuration      int64 `json:"total_duration"`
	LoadDuration       int64 `json:"load_duration"`
	PromptEvalCount    int   `json:"prompt_eval_count"`
	PromptEvalDuration int64 `json:"prompt_eval_duration"`
	EvalCount          int   `json:"eval_count"`
	EvalDuration       int64 `json:"eval_duration"`
}

// Writer turns the events of a turn into lines, and keeps them joined.
type Writer struct {
	generate bool
	model    string
	writer   *openai.ChatWriter
	whole    Message
}

// Writer makes a writer for an answer to the request.
func (r *Request) Writer(model string, generate bool) *Writer {
	return &Writer{generate: generate, model: model, writer: r.ChatRequest.Writer(nil, func() string { return "" }), whole: Message{Role: "assistant"}}
}

// Event takes one piece of news. ok says that there is something to send.
func (w *Writer) Event(e chat.Event, now time.Time) (l Line, ok bool) {
	m := Message{Role: "assistant"}
	if e.Kind == chat.ToolCall { // whole ones only: arguments are an object
		c := Call{}
		c.Function.Name, c.Function.Arguments = openai.WireName(e.Call.Name), openai.Arguments(e.Call.Arguments)
		m.ToolCalls = []Call{c}
		w.whole.ToolCalls = append(w.whole.ToolCalls, c)
		return w.line(m, now), true
	}
	if e.Kind == chat.CallStart || e.Kind == chat.CallText {
		return l, false
	}
	choice, ok := w.writer.Event(e)
	if !ok {
		return l, false
	}
	if choice.Delta.Content != nil {
		m.Content = *choice.Delta.Content
	}
	m.Thinking = choice.Delta.Reasoning
	w.whole.Content += m.Content
	w.whole.Thinking += m.Thinking
	return w.line(m, now), true
}

func (w *Writer) line(m Message, now time.Time) Line {
	l := Line{Model: w.model, CreatedAt: now.UTC().Format(time.RFC3339Nano)}
	if w.generate {
		l.Response, l.Thinking = &m.Content, m.Thinking
	} else {
		l.Message = &m
	}
	return l
}

// End is the last line of a stream or, with everything in it, the whole answer.
func (w *Writer) End(t chat.Turn, whole bool, began, now time.Time) Line {
	m := Message{Role: "assistant"}
	if whole {
		m = w.whole
	}
	l := w.line(m, now)
	l.Done, l.DoneReason = true, "stop"
	if openai.FinishReason(t) == "length" {
		l.DoneReason = "length"
	}
	l.Counts = &Counts{TotalDuration: int64(now.Sub(began)), PromptEvalCount: t.PromptTokens, PromptEvalDuration: int64(t.Timings.Prefill),
		EvalCount: t.CompletionTokens, EvalDuration: int64(t.Timings.Decode)}
	return l
}

// Ready is the answer to a request that asks nothing.
func Ready(model string, generate bool, now time.Time) Line {
	w := Writer{generate: generate, model: model}
	l := w.line(Message{Role: "assistant"}, now)
	l.Done, l.DoneReason = true, "load"
	return l
}
