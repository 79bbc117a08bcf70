package ollama

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"ossian/internal/openai"
)

// Version is the version of Ollama whose API this is. Clients refuse older ones.
const Version = "0.13.5"

// Request is one for /api/chat or /api/generate.
type Request struct {
	openai.ChatRequest
	Prompt string // of generate
	Raw    bool   // the prompt goes on as it stands
	Think  bool   // the reasoning is told
	Empty  bool   // nothing is asked: the model shall only be ready
}

type wireRequest struct {
	Model    string            `json:"model"`
	Messages []json.RawMessage `json:"messages"`
	Tools    []openai.ChatTool `json:"tools"`
	Format   json.RawMessage   `json:"format"`
	Options  json.RawMessage   `json:"options"`
	Stream   *bool             `json:"stream"`
	Think    json.RawMessage   `json:"think"`

	Prompt   string          `json:"prompt"`
	System   string          `json:"system"`
	Suffix   string          `json:"suffix"`
	Template string          `json:"template"`
	Raw      bool            `json:"raw"`
	Images   json.RawMessage `json:"images"`
	Context  json.RawMessage `json:"context"`
}

type wireMessage struct {
	Role      string          `json:"role"`
	Content   string          `json:"content"`
	Thinking  string          `json:"thinking"`
	Images    json.RawMessage `json:"images"`
	ToolName  string          `json:"tool_name"`
	ToolCalls []struct {
		Function struct {
			Name      string          `json:"name"`
			Arguments json.RawMessage `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

func refuse(param, format string, args ...any) error {
	return &openai.Error{Param: param, Code: openai.CodeUnsupported, Message: fmt.Sprintf(format, args...)}
}

// empty reports whether a field says nothing.
func empty(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", "[]", `""`:
		return true
	}
	return false
}

// Parse reads the body of a chat or, if generate is set, of a generate request.
func Parse(data []byte, generate bool) (*Request, error) {
	var in wireRequest
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, &openai.Error{Code: openai.CodeJSON, Message: "the request cannot be read: " + err.Error()}
	}
	switch {
	case !empty(in.Images):
		return nil, refuse("images", "gpt-oss reads text only")
	case in.Suffix != "":
		return nil, refuse("suffix", "gpt-oss was not made to fill in")
	case in.Template != "":
		return nil, refuse("template", "the harmony format is built in")
	case !empty(in.Context):
		return nil, refuse("context", "not kept; send the conversation to /api/chat")
	}
	r := &Request{Prompt: in.Prompt, Raw: in.Raw && generate, Think: true}
	r.Model, r.Tools, r.Stream = in.Model, in.Tools, in.Stream == nil || *in.Stream
	var err error
	if r.Sampling, err = sampling(in.Options); err != nil {
		return nil, err
	}
	if err := r.readThink(in.Think); err != nil {
		return nil, err
	}
	if r.ResponseFormat, err = format(in.Format); err != nil {
		return nil, err
	}
	if generate {
		if in.System != "" {
			r.Messages = append(r.Messages, message("system", in.System))
		}
		r.Messages = append(r.Messages, message("user", in.Prompt))
		r.Empty = in.Prompt == ""
		return r, nil
	}
	r.Empty = len(in.Messages) == 0
	for i, raw := range in.Messages {
		if err := r.add(i, raw); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func message(role, text string) openai.ChatMessage {
	return openai.ChatMessage{Role: role, Content: &openai.Parts{text}}
}

// add takes a message. Calls have no ids here, so results are for the calls before them,
// by name where one is given, else in order.
func (r *Request) add(i int, raw json.RawMessage) error {
	at := fmt.Sprintf("messages[%d]", i)
	var in wireMessage
	if err := json.Unmarshal(raw, &in); err != nil {
		return &openai.Error{Param: at, Code: openai.CodeValue, Message: err.Error()}
	}
	if !empty(in.Images) {
		return refuse(at+".images", "gpt-oss reads text only")
	}
	out := message(in.Role, in.Content)
	switch in.Role {
	case "assistant":
		out.Reasoning = in.Thinking
		for j, c := range in.ToolCalls {
			call := openai.ToolCall{ID: fmt.Sprintf("call_%d_%d", i, j), Type: "function"}
			call.Function.Name, call.Function.Arguments = c.Function.Name, string(c.Function.Arguments)
			out.ToolCalls = append(out.ToolCalls, call)
		}
	case "tool":
		var err error
		if out.ToolCallID, err = r.answered(at, in.ToolName); err != nil {
			return err
		}
	}
	r.Messages = append(r.Messages, out)
	return nil
}

// answered finds the call that a result is for.
func (r *Request) answered(at, name string) (string, error) {
	taken := map[string]bool{}
	for i := len(r.Messages) - 1; i >= 0; i-- {
		m := r.Messages[i]
		if m.Role == "tool" {
			taken[m.ToolCallID] = true
			continue
		}
		for _, c := range m.ToolCalls {
			if !taken[c.ID] && (name == "" || c.Function.Name == name) {
				return c.ID, nil
			}
		}
		break
	}
	return "", &openai.Error{Param: at, Code: openai.CodeValue, Message: "there is no call before it that waits for a result"}
}

func (r *Request) readThink(raw json.RawMessage) error {
	var on bool
	var effort string
	switch {
	case empty(raw):
	case json.Unmarshal(raw, &on) == nil:
		r.Think = on
	case json.Unmarshal(raw, &effort) == nil:
		r.ReasoningEffort = effort
	default:
		return &openai.Error{Param: "think", Code: openai.CodeValue, Message: "true, false, low, medium or high is expected"}
	}
	r.HideReasoning = !r.Think
	return nil
}

// format reads "json" or a schema.
func format(raw json.RawMessage) (*openai.ResponseFormat, error) {
	var name string
	switch {
	case empty(raw):
		return nil, nil
	case json.Unmarshal(raw, &name) == nil && name == "json":
		return &openai.ResponseFormat{Type: "json_object"}, nil
	case bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		f := &openai.ResponseFormat{Type: "json_schema"}
		f.JSONSchema.Name, f.JSONSchema.Schema = "answer", raw
		return f, nil
	}
	return nil, &openai.Error{Param: "format", Code: openai.CodeValue, Message: "json or a JSON Schema is expected"}
}

// sampling reads options by the names and bounds of package openai. num_ctx changes
// nothing: a prompt is never cut, and one that fits is served.
func sampling(raw json.RawMessage) (openai.Sampling, error) {
	if empty(raw) {
		return openai.ParseSampling([]byte("{}"))
	}
	var in map[string]json.RawMessage
	if err := json.Unmarshal(raw, &in); err != nil {
		return openai.Sampling{}, &openai.Error{Param: "options", Code: openai.CodeValue, Message: "an object is expected"}
	}
	out := map[string]json.RawMessage{}
	for name, value := range in {
		switch name {
		case "temperature", "top_p", "top_k", "min_p", "seed", "stop", "frequency_penalty", "presence_penalty":
			out[name] = value
		case "repeat_penalty":
			out["repetition_penalty"] = value
		case "num_predict":
			if text := string(bytes.TrimSpace(value)); text != "-1" && text != "-2" { // as many as fit
				out["max_tokens"] = value
			}
		case "mirostat", "tfs_z", "typical_p":
			if v := strings.TrimSpace(string(value)); v != "0" && v != "1" && v != "1.0" {
				return openai.Sampling{}, refuse("options."+name, "not supported; use top_p or min_p")
			}
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return openai.Sampling{}, &openai.Error{Param: "options", Code: openai.CodeValue, Message: err.Error()}
	}
	s, err := openai.ParseSampling(data)
	if e, ok := err.(*openai.Error); ok {
		e.Param = "options." + e.Param
	}
	return s, err
}
