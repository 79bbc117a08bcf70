package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ChatRequest is the part of a Chat Completions request that decides the prompt,
// and date, which is our own. Sampling fields are accepted and not kept here.
type ChatRequest struct {
	Messages        []ChatMessage   `json:"messages"`
	Tools           []ChatTool      `json:"tools"`
	ToolChoice      json.RawMessage `json:"tool_choice"`
	ResponseFormat  *ResponseFormat `json:"response_format"`
	ReasoningEffort string          `json:"reasoning_effort"`
	Date            string          `json:"date"` // YYYY-MM-DD; "" writes no date
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
	} `json:"function"`
}

// ResponseFormat asks for a form of the answer.
type ResponseFormat struct {
	Type       string `json:"type"`
	JSONSchema struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Schema      json.RawMessage `json:"schema"`
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
		case (part.Type == "text" || part.Type == "input_text" || part.Type == "output_text") && part.Text != nil:
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

// chatFields are the fields of a request that this package reads, or that others
// read and that do not change the prompt. Anything else is refused: a misspelt
// field must not be ignored in silence.
func chatFields() []string {
	return []string{"messages", "tools", "tool_choice", "response_format", "reasoning_effort", "date",
		"model", "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens", "n", "stop", "seed", "stream", "stream_options",
		"frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls",
		"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "verbosity"}
}

// ParseChatRequest reads a request body. Errors are *Error.
func ParseChatRequest(body []byte) (*ChatRequest, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, errorf("", CodeJSON, "the request is not a JSON object: %v", err)
	}
	known := chatFields()
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case slices.Contains(known, name) || string(fields[name]) == "null":
		case name == "functions" || name == "function_call":
			return nil, errorf(name, CodeUnsupported, "deprecated; use tools and tool_choice")
		default:
			return nil, errorf(name, CodeUnknown, "unknown field; check its spelling")
		}
	}
	r := &ChatRequest{}
	if err := decodeField(fields["messages"], "messages", func(i int) any {
		r.Messages = append(r.Messages, ChatMessage{})
		return &r.Messages[i]
	}); err != nil {
		return nil, err
	}
	delete(fields, "messages")
	if err := decodeField(fields["tools"], "tools", func(i int) any {
		r.Tools = append(r.Tools, ChatTool{})
		return &r.Tools[i]
	}); err != nil {
		return nil, err
	}
	for name, into := range map[string]any{"tool_choice": &r.ToolChoice, "response_format": &r.ResponseFormat,
		"reasoning_effort": &r.ReasoningEffort, "date": &r.Date} {
		if raw := fields[name]; raw != nil {
			if err := json.Unmarshal(raw, into); err != nil {
				return nil, wrong(name, err)
			}
		}
	}
	return r, nil
}

// decodeField reads a list, element by element, so that an error names the element.
func decodeField(raw json.RawMessage, name string, element func(int) any) error {
	if raw == nil || string(raw) == "null" {
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return errorf(name, CodeValue, "a list is expected")
	}
	for i, e := range list {
		at := fmt.Sprintf("%s[%d]", name, i)
		if !bytes.HasPrefix(bytes.TrimSpace(e), []byte("{")) {
			return errorf(at, CodeValue, "an object is expected")
		}
		if err := json.Unmarshal(e, element(i)); err != nil {
			return wrong(at, err)
		}
	}
	return nil
}

// wrong turns a decoder's error into ours.
func wrong(at string, err error) error {
	var own *Error
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &own):
		return errorf(at+"."+own.Param, own.Code, "%s", own.Message)
	case errors.As(err, &kind) && kind.Field != "":
		return errorf(at+"."+kind.Field, CodeValue, "a %s is expected, not a %s", kind.Type, kind.Value)
	case errors.As(err, &kind):
		return errorf(at, CodeValue, "a %s is expected, not a %s", kind.Type, kind.Value)
	}
	return errorf(at, CodeValue, "%v", err)
}
