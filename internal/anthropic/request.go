package anthropic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"ossian/internal/openai"
)

// Request is one for /v1/messages.
type Request struct {
	openai.ChatRequest
	Think bool // the reasoning is told
}

type wireRequest struct {
	Model     string          `json:"model"`
	MaxTokens int64           `json:"max_tokens"`
	Messages  []wireMessage   `json:"messages"`
	System    json.RawMessage `json:"system"`
	Tools     []struct {
		Type        string          `json:"type"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		InputSchema json.RawMessage `json:"input_schema"`
		Strict      bool            `json:"strict"`
	} `json:"tools"`
	ToolChoice *struct {
		Type string `json:"type"`
		Name string `json:"name"`
	} `json:"tool_choice"`
	Thinking *struct {
		Type string `json:"type"`
	} `json:"thinking"`
	OutputConfig *struct {
		Effort string `json:"effort"`
		Format *struct {
			Type   string          `json:"type"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	} `json:"output_config"`
	Stop        json.RawMessage `json:"stop_sequences"`
	Stream      bool            `json:"stream"`
	Temperature json.RawMessage `json:"temperature"`
	TopP        json.RawMessage `json:"top_p"`
	TopK        json.RawMessage `json:"top_k"`
	MCPServers  json.RawMessage `json:"mcp_servers"`
	Container   json.RawMessage `json:"container"`
}

type wireMessage struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

type block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
}

func wrong(param, format string, args ...any) error {
	return &openai.Error{Param: param, Code: openai.CodeValue, Message: fmt.Sprintf(format, args...)}
}

func refuse(param, format string, args ...any) error {
	return &openai.Error{Param: param, Code: openai.CodeUnsupported, Message: fmt.Sprintf(format, args...)}
}

func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// Parse reads a request body. count says that only the prompt's length is asked for, for
// which max_tokens is not needed.
func Parse(data []byte, count bool) (*Request, error) {
	var in wireRequest
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, &openai.Error{Code: openai.CodeJSON, Message: "the request cannot be read: " + err.Error()}
	}
	switch {
	case in.MaxTokens == 0 && !count:
		return nil, &openai.Error{Param: "max_tokens", Code: openai.CodeMissing, Message: "it must be given"}
	case in.MaxTokens < 0 || in.MaxTokens > 1<<24:
		return nil, wrong("max_tokens", "%d is not between 1 and %d", in.MaxTokens, 1<<24)
	case !absent(in.MCPServers) && string(in.MCPServers) != "[]":
		return nil, refuse("mcp_servers", "this server reaches no others; the client can")
	case !absent(in.Container):
		return nil, refuse("container", "there are none here")
	}
	r := &Request{}
	r.Model, r.Stream = in.Model, in.Stream
	var err error
	if r.Sampling, err = in.sampling(); err != nil {
		return nil, err
	}
	r.Sampling.MaxTokens = int(in.MaxTokens)
	if in.Thinking != nil {
		r.Think = in.Thinking.Type != "disabled"
	}
	r.HideReasoning = !r.Think
	if c := in.OutputConfig; c != nil {
		r.ReasoningEffort = c.Effort
		if f := c.Format; f != nil {
			r.ResponseFormat = &openai.ResponseFormat{Type: f.Type}
			r.ResponseFormat.JSONSchema.Name, r.ResponseFormat.JSONSchema.Schema = "answer", f.Schema
		}
	}
	if err := r.tools(&in); err != nil {
		return nil, err
	}
	if !absent(in.System) {
		text, err := plain("system", in.System)
		if err != nil {
			return nil, err
		}
		r.add("system", text)
	}
	for i, m := range in.Messages {
		if err := r.message(fmt.Sprintf("messages[%d]", i), m); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Request) add(role, text string) {
	r.Messages = append(r.Messages, openai.ChatMessage{Role: role, Content: &openai.Parts{text}})
}

func (in *wireRequest) sampling() (openai.Sampling, error) {
	fields := map[string]json.RawMessage{}
	for name, raw := range map[string]json.RawMessage{"stop": in.Stop, "temperature": in.Temperature, "top_p": in.TopP, "top_k": in.TopK} {
		if !absent(raw) {
			fields[name] = raw
		}
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return openai.Sampling{}, wrong("", "%v", err)
	}
	return openai.ParseSampling(data)
}

func (r *Request) tools(in *wireRequest) error {
	for i, t := range in.Tools {
		if t.Type != "" && t.Type != "custom" {
			r.Ignored = append(r.Ignored, fmt.Sprintf("tools[%d]:%s", i, t.Type)) // a tool of a service that this is not
			continue
		}
		out := openai.ChatTool{Type: "function"}
		out.Function.Name, out.Function.Description, out.Function.Parameters, out.Function.Strict = t.Name, t.Description, t.InputSchema, t.Strict
		r.Tools = append(r.Tools, out)
	}
	if in.ToolChoice == nil {
		return nil
	}
	switch in.ToolChoice.Type {
	case "auto", "none":
		r.ToolChoice.Mode = in.ToolChoice.Type
	case "any":
		r.ToolChoice.Mode = "required"
	case "tool":
		r.ToolChoice.Mode, r.ToolChoice.Name = "required", in.ToolChoice.Name
	default:
		return wrong("tool_choice.type", "unknown choice %q; use auto, any, tool or none", in.ToolChoice.Type)
	}
	return nil
}

// blocks reads content: a text or a list of blocks.
func blocks(at string, raw json.RawMessage) ([]block, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []block{{Type: "text", Text: text}}, nil
	}
	var list []block
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, wrong(at, "a text or a list of blocks is expected")
	}
	return list, nil
}

// plain reads content that can be text only.
func plain(at string, raw json.RawMessage) (string, error) {
	if absent(raw) {
		return "", nil
	}
	list, err := blocks(at, raw)
	if err != nil {
		return "", err
	}
	var texts []string
	for i, b := range list {
		if b.Type != "text" {
			return "", refuse(fmt.Sprintf("%s[%d]", at, i), "blocks of type %q are not understood; gpt-oss reads text only", b.Type)
		}
		texts = append(texts, b.Text)
	}
	return strings.Join(texts, "\n"), nil
}

// message takes a turn apart: results of tools are messages of their own.
func (r *Request) message(at string, m wireMessage) error {
	list, err := blocks(at+".content", m.Content)
	if err != nil {
		return err
	}
	switch m.Role {
	case "user":
		return r.user(at, list)
	case "assistant":
		return r.assistant(at, list)
	case "system":
		text, err := plain(at+".content", m.Content)
		r.add("system", text)
		return err
	}
	return wrong(at+".role", "unknown role %q; use user or assistant", m.Role)
}

func (r *Request) user(at string, list []block) error {
	var texts openai.Parts
	for i, b := range list {
		where := fmt.Sprintf("%s.content[%d]", at, i)
		switch b.Type {
		case "text":
			texts = append(texts, b.Text)
		case "tool_result":
			text, err := plain(where+".content", b.Content)
			if err != nil {
				return err
			}
			if b.IsError {
				text = "Error: " + text
			}
			r.Messages = append(r.Messages, openai.ChatMessage{Role: "tool", ToolCallID: b.ToolUseID, Content: &openai.Parts{text}})
		default:
			return refuse(where, "blocks of type %q are not understood; gpt-oss reads text only", b.Type)
		}
	}
	if len(texts) > 0 || len(list) == 0 {
		if texts == nil {
			texts = openai.Parts{}
		}
		r.Messages = append(r.Messages, openai.ChatMessage{Role: "user", Content: &texts})
	}
	return nil
}

func (r *Request) assistant(at string, list []block) error {
	out := openai.ChatMessage{Role: "assistant"}
	var texts []string
	for i, b := range list {
		where := fmt.Sprintf("%s.content[%d]", at, i)
		switch b.Type {
		case "text":
			texts = append(texts, b.Text)
		case "thinking":
			out.Reasoning += b.Thinking
		case "redacted_thinking":
			return refuse(where, "what is redacted cannot be read; leave the block out")
		case "tool_use":
			call := openai.ToolCall{ID: b.ID, Type: "function"}
			call.Function.Name, call.Function.Arguments = b.Name, string(bytes.TrimSpace(b.Input))
			out.ToolCalls = append(out.ToolCalls, call)
		default:
			return refuse(where, "blocks of type %q are not understood", b.Type)
		}
	}
	if len(texts) > 0 {
		out.Content = &openai.Parts{strings.Join(texts, "\n")}
	}
	r.Messages = append(r.Messages, out)
	return nil
}
