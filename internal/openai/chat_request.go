package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ChatRequest is a Chat Completions request.
type ChatRequest struct {
	Model           string
	Messages        []ChatMessage
	Tools           []ChatTool
	ToolChoice      ToolChoice
	ResponseFormat  *ResponseFormat
	ReasoningEffort string
	HideReasoning   bool
	Date            string // YYYY-MM-DD, a field of our own; "" writes no date
	Sampling        Sampling
	Stream          bool
	StreamUsage     bool
	Ignored         []string // fields that changed nothing
}

// ChatMessage is one message of a request.
type ChatMessage struct {
	Role       string     `json:"role"`
	Name       string     `json:"name"`
	Content    *Parts     `json:"content"`
	Refusal    string     `json:"refusal"`
	ToolCalls  []ToolCall `json:"tool_calls"`
	ToolCallID string     `json:"tool_call_id"`

	// The model's reasoning, sent back by clients during tool loops; two spellings are in use.
	Reasoning        string `json:"reasoning"`
	ReasoningContent string `json:"reasoning_content"`

	Audio        json.RawMessage `json:"audio"`         // refused
	FunctionCall json.RawMessage `json:"function_call"` // refused; tool_calls replaced it
}

// ToolCall is a call that an assistant message made.
type ToolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// ChatTool is a function on offer.
type ChatTool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
		Strict      bool            `json:"strict"`
	} `json:"function"`
}

// ResponseFormat asks for a form of the answer.
type ResponseFormat struct {
	Type       string `json:"type"`
	JSONSchema struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Schema      json.RawMessage `json:"schema"`
		Strict      bool            `json:"strict"`
	} `json:"json_schema"`
}

// Parts is content: on the wire a string or a list of parts. Only text is understood.
type Parts []string

// UnmarshalJSON reads a string or a list of text parts.
func (p *Parts) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*p = Parts{s}
		return nil
	}
	var list []struct {
		Type    string  `json:"type"`
		Text    *string `json:"text"`
		Refusal *string `json:"refusal"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return errorf("content", CodeValue, "content is a string or a list of text parts")
	}
	*p = Parts{}
	for i, part := range list {
		at := fmt.Sprintf("content[%d]", i)
		switch {
		case (part.Type == "text" || part.Type == "input_text" || part.Type == "output_text" || part.Type == "reasoning_text") && part.Text != nil:
			*p = append(*p, *part.Text)
		case part.Type == "refusal" && part.Refusal != nil:
			*p = append(*p, *part.Refusal)
		case part.Type == "text" || part.Type == "refusal":
			return errorf(at, CodeMissing, "a %s part needs its text", part.Type)
		default:
			return errorf(at, CodeUnsupported, "parts of type %q are not understood; gpt-oss reads text only", part.Type)
		}
	}
	return nil
}

// chatFields are the fields that are read, and those of the API that change nothing here.
func chatFields() []string {
	return append(samplingFields(), "model", "messages", "tools", "tool_choice", "response_format", "reasoning_effort", "reasoning", "date",
		"max_completion_tokens", "logprobs", "top_logprobs", "stream", "stream_options", "store", "modalities", "verbosity", "service_tier",
		"parallel_tool_calls", "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prediction")
}

// ParseChatRequest reads a request body. Errors are *Error.
func ParseChatRequest(data []byte) (*ChatRequest, error) {
	b := readBody(data)
	r := &ChatRequest{Ignored: b.unread(chatFields(), unhonoured())}
	b.read("model", &r.Model)
	readList(b, "messages", &r.Messages)
	readList(b, "tools", &r.Tools)
	b.read("tool_choice", &r.ToolChoice)
	b.read("response_format", &r.ResponseFormat)
	b.read("reasoning_effort", &r.ReasoningEffort)
	b.read("date", &r.Date)
	b.read("stream", &r.Stream)
	r.Sampling = readSampling(b)
	if n := b.count("max_completion_tokens", 1, maxTokensAsked); n != nil {
		r.Sampling.MaxTokens = int(*n)
	}
	b.read("logprobs", &r.Sampling.Logprobs)
	if n := b.count("top_logprobs", 0, MaxTopLogprobs); n != nil {
		if r.Sampling.TopLogprobs = int(*n); *n > 0 && !r.Sampling.Logprobs {
			b.fail(errorf("top_logprobs", CodeValue, "logprobs must be true with it"))
		}
	}
	r.readOptions(b)
	if b.err != nil {
		return nil, b.err
	}
	return r, nil
}

// readOptions reads what is rarely sent, most of it only to say no where it must be said.
func (r *ChatRequest) readOptions(b *body) {
	var reasoning struct {
		Effort  string `json:"effort"`
		Exclude bool   `json:"exclude"`
	}
	if b.read("reasoning", &reasoning) {
		r.HideReasoning = reasoning.Exclude
		if r.ReasoningEffort == "" {
			r.ReasoningEffort = reasoning.Effort
		}
	}
	var stream struct {
		Usage bool `json:"include_usage"`
	}
	if b.read("stream_options", &stream) {
		r.StreamUsage = stream.Usage
		if !r.Stream {
			b.fail(errorf("stream_options", CodeValue, "it goes with stream: true only"))
		}
	}
	var store bool
	if b.read("store", &store); store {
		b.fail(errorf("store", CodeUnsupported, "chat completions are not kept; the Responses API can"))
	}
	var modalities []string
	b.read("modalities", &modalities)
	for _, m := range modalities {
		if m != "text" {
			b.fail(errorf("modalities", CodeUnsupported, "%q is not possible: gpt-oss writes text only", m))
		}
	}
	readVerbosity(b, "verbosity")
	readTier(b)
}

// readVerbosity refuses what the model has no switch for.
func readVerbosity(b *body, name string) {
	v := "medium"
	if b.read(name, &v); v != "medium" {
		b.fail(errorf(name, CodeUnsupported, "gpt-oss has no such switch; say in the instructions how long the answer shall be"))
	}
}

// readTier takes any tier that the API knows: all are served alike, and the answer says so.
func readTier(b *body) {
	tier := "auto"
	b.read("service_tier", &tier)
	switch tier {
	case "auto", "default", "flex", "scale", "priority":
	default:
		b.fail(errorf("service_tier", CodeValue, "unknown tier %q", tier))
	}
}

// readList reads a list, element by element, so that an error names the element.
func readList[T any](b *body, name string, into *[]T) {
	var list []json.RawMessage
	if b.err != nil || !b.has(name) {
		return
	}
	if err := json.Unmarshal(b.fields[name], &list); err != nil {
		b.fail(errorf(name, CodeValue, "a list is expected"))
		return
	}
	*into = make([]T, len(list))
	for i, e := range list {
		at := fmt.Sprintf("%s[%d]", name, i)
		if !bytes.HasPrefix(bytes.TrimSpace(e), []byte("{")) {
			b.fail(errorf(at, CodeValue, "an object is expected"))
			return
		}
		if err := json.Unmarshal(e, &(*into)[i]); err != nil {
			b.fail(wrong(at, err))
			return
		}
	}
}

// wrong turns a decoder's error into ours.
func wrong(at string, err error) error {
	var own *Error
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &own):
		return errorf(strings.TrimSuffix(at+"."+own.Param, "."), own.Code, "%s", own.Message)
	case errors.As(err, &kind) && kind.Field != "":
		return errorf(at+"."+kind.Field, CodeValue, "a %s is expected, not a %s", kind.Type, kind.Value)
	case errors.As(err, &kind):
		return errorf(at, CodeValue, "a %s is expected, not a %s", kind.Type, kind.Value)
	}
	return errorf(at, CodeValue, "%v", err)
}
