package anthropic

import (
	"encoding/json"
	"strings"

	"ossian/internal/chat"
	"ossian/internal/openai"
)

// Message is a whole answer.
type Message struct {
	ID           string  `json:"id"`
	Type         string  `json:"type"` // message
	Role         string  `json:"role"`
	Model        string  `json:"model"`
	Content      []Block `json:"content"`
	StopReason   *string `json:"stop_reason"`
	StopSequence *string `json:"stop_sequence"`
	Usage        Usage   `json:"usage"`
}

// Usage counts tokens. What was known from earlier requests counts in CacheRead only.
type Usage struct {
	Input         int `json:"input_tokens"`
	CacheCreation int `json:"cache_creation_input_tokens"`
	CacheRead     int `json:"cache_read_input_tokens"`
	Output        int `json:"output_tokens"`
}

// Block is a piece of an answer.
type Block struct {
	Type      string
	Text      string // of text and thinking
	ID, Name  string // of tool_use
	Input     json.RawMessage
	signature string
}

// MarshalJSON writes the fields that belong to the block's type.
func (b Block) MarshalJSON() ([]byte, error) {
	switch b.Type {
	case "thinking":
		return json.Marshal(map[string]string{"type": b.Type, "thinking": b.Text, "signature": b.signature})
	case "tool_use":
		return json.Marshal(map[string]any{"type": b.Type, "id": b.ID, "name": b.Name, "input": b.Input})
	}
	return json.Marshal(map[string]string{"type": b.Type, "text": b.Text})
}

// Event is one event of a stream; its name is its type.
type Event struct {
	Type    string   `json:"type"`
	Message *Message `json:"message,omitempty"`
	Index   *int     `json:"index,omitempty"`
	Block   *Block   `json:"content_block,omitempty"`
	Delta   any      `json:"delta,omitempty"`
	Usage   *Usage   `json:"usage,omitempty"`
	Error   any      `json:"error,omitempty"`
}

// signature stands in thinking blocks, where clients demand one. It vouches for nothing.
const signature = "ossian"

// Writer turns the events of a turn into those of a stream, and keeps the blocks.
type Writer struct {
	Message Message
	think   bool
	newID   func() string

	events  []Event
	open    *Block
	message int // the turn's message that the open block is
	text    strings.Builder
}

// Writer makes a writer for an answer to the request.
func (r *Request) Writer(id, model string, newID func() string) *Writer {
	return &Writer{Message: Message{ID: id, Type: "message", Role: "assistant", Model: model, Content: []Block{}}, think: r.Think, newID: newID}
}

// Start gives the event that begins a stream.
func (w *Writer) Start(promptTokens int) []Event {
	m := w.Message
	m.Usage.Input = promptTokens
	return []Event{{Type: "message_start", Message: &m}}
}

// Event gives the events that a piece of news comes to.
func (w *Writer) Event(e chat.Event) []Event {
	w.events = nil
	switch e.Kind {
	case chat.Reasoning:
		if w.think {
			w.piece(e, Block{Type: "thinking"}, "thinking_delta", "thinking")
		}
	case chat.Answer, chat.Preamble:
		w.piece(e, Block{Type: "text"}, "text_delta", "text")
	case chat.CallStart:
		w.close()
		w.begin(e.Message, Block{Type: "tool_use", ID: "toolu_" + w.newID(), Name: openai.WireName(e.Call.Name), Input: json.RawMessage("{}")})
	case chat.CallText:
		w.text.WriteString(e.Text)
		w.delta("input_json_delta", "partial_json", e.Text)
	}
	return w.events
}

func (w *Writer) piece(e chat.Event, b Block, delta, field string) {
	if w.open == nil || w.message != e.Message {
		w.close()
		w.begin(e.Message, b)
	}
	w.text.WriteString(e.Text)
	w.delta(delta, field, e.Text)
}

func (w *Writer) index() *int { n := len(w.Message.Content); return &n }

func (w *Writer) begin(message int, b Block) {
	w.open, w.message = &b, message
	w.text.Reset()
	empty := b
	w.events = append(w.events, Event{Type: "content_block_start", Index: w.index(), Block: &empty})
}

func (w *Writer) delta(kind, field, text string) {
	w.events = append(w.events, Event{Type: "content_block_delta", Index: w.index(), Delta: map[string]string{"type": kind, field: text}})
}

func (w *Writer) close() {
	if w.open == nil {
		return
	}
	b := *w.open
	switch b.Type {
	case "tool_use":
		b.Input = openai.Arguments(w.text.String())
	case "thinking":
		b.Text, b.signature = w.text.String(), signature
		w.delta("signature_delta", "signature", signature)
	default:
		b.Text = w.text.String()
	}
	w.events = append(w.events, Event{Type: "content_block_stop", Index: w.index()})
	w.Message.Content = append(w.Message.Content, b)
	w.open = nil
}

// End gives the events that end a stream after the turn.
func (w *Writer) End(t chat.Turn) []Event {
	w.events = nil
	w.close()
	reason := map[string]string{"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[openai.FinishReason(t)]
	if t.StopText != "" {
		reason = "stop_sequence"
		w.Message.StopSequence = &t.StopText
	}
	w.Message.StopReason = &reason
	w.Message.Usage = Usage{Input: t.PromptTokens - t.CachedTokens, CacheRead: t.CachedTokens, Output: t.CompletionTokens}
	usage := w.Message.Usage
	w.events = append(w.events, Event{Type: "message_delta", Usage: &usage,
		Delta: map[string]*string{"stop_reason": &reason, "stop_sequence": w.Message.StopSequence}}, Event{Type: "message_stop"})
	return w.events
}

// Error is a failure as this API tells it.
func Error(e openai.ErrorObject, status int) map[string]any {
	kind := map[int]string{401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large",
		429: "rate_limit_error", 503: "overloaded_error", 529: "overloaded_error", 504: "timeout_error"}[status]
	if kind == "" {
		kind = "invalid_request_error"
		if status >= 500 {
			kind = "api_error"
		}
	}
	return map[string]any{"type": "error", "error": map[string]string{"type": kind, "message": e.Message}}
}
