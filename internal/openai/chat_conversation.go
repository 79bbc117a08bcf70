package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ossian/internal/harmony"
)

// ToConversation maps a request to what the model is shown. Errors are *Error.
//
//   - system and developer messages are harmony's developer messages; those that
//     lead are one, which carries the tools.
//   - reasoning of the assistant is analysis; its content is the final answer, or a
//     preamble on commentary when it goes with tool calls.
//   - every call is followed by its result, in the order of the calls, also where
//     several calls were made at once: the model makes one at a time.
func (r *ChatRequest) ToConversation() (harmony.Conversation, error) {
	s := harmony.Settings{System: harmony.DefaultSystem()}
	var err error
	if s.System.Effort, err = harmony.ParseEffort(r.ReasoningEffort); err != nil {
		return harmony.Conversation{}, errorf("reasoning_effort", CodeValue, "unknown effort %q; use low, medium or high", r.ReasoningEffort)
	}
	if r.Date != "" {
		if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
			return harmony.Conversation{}, errorf("date", CodeValue, "%q is not a date; write YYYY-MM-DD", r.Date)
		}
		s.System.Date = r.Date
	}
	if s.Developer.Tools, err = r.functions(); err != nil {
		return harmony.Conversation{}, err
	}
	if s.Developer.ResponseFormats, err = r.formats(); err != nil {
		return harmony.Conversation{}, err
	}
	if len(r.Messages) == 0 {
		return harmony.Conversation{}, errorf("messages", CodeMissing, "at least one message is needed")
	}
	var m mapper
	for i, msg := range r.Messages {
		if err := m.add(fmt.Sprintf("messages[%d]", i), msg); err != nil {
			return harmony.Conversation{}, err
		}
	}
	if err := m.settle(); err != nil {
		return harmony.Conversation{}, err
	}
	s.Developer.Instructions = strings.Join(m.instructions, "\n\n")
	return harmony.NewConversation(s, m.turns...), nil
}

// functions are the tools on offer: those that tool_choice allows.
func (r *ChatRequest) functions() ([]harmony.Function, error) {
	var out []harmony.Function
	seen := map[string]bool{}
	for i, t := range r.Tools {
		at := fmt.Sprintf("tools[%d]", i)
		f := t.Function
		params := bytes.TrimSpace(f.Parameters)
		switch {
		case t.Type != "function":
			return nil, errorf(at+".type", CodeUnsupported, "tools of type %q are not supported; use function", t.Type)
		case !plainName(f.Name):
			return nil, errorf(at+".function.name", CodeValue, "%q is no function name; use 1 to 64 letters, digits, _ and -", f.Name)
		case seen[f.Name]:
			return nil, errorf(at+".function.name", CodeValue, "function %q appears twice", f.Name)
		case len(params) > 0 && params[0] != '{' && string(params) != "null":
			return nil, errorf(at+".function.parameters", CodeValue, "a JSON Schema object is expected")
		}
		seen[f.Name] = true
		out = append(out, harmony.Function{Name: f.Name, Description: f.Description, Parameters: f.Parameters})
	}
	return r.ToolChoice.among(out)
}

func (r *ChatRequest) formats() ([]harmony.ResponseFormat, error) {
	f := r.ResponseFormat
	switch {
	case f == nil || f.Type == "text" || f.Type == "json_object":
		return nil, nil
	case f.Type != "json_schema":
		return nil, errorf("response_format.type", CodeUnsupported, "type %q is not supported; use text, json_object or json_schema", f.Type)
	case !plainName(f.JSONSchema.Name):
		return nil, errorf("response_format.json_schema.name", CodeValue, "%q is no name; use 1 to 64 letters, digits, _ and -", f.JSONSchema.Name)
	case !json.Valid(f.JSONSchema.Schema):
		return nil, errorf("response_format.json_schema.schema", CodeMissing, "a JSON Schema is needed")
	}
	return []harmony.ResponseFormat{{Name: f.JSONSchema.Name, Description: f.JSONSchema.Description, Schema: f.JSONSchema.Schema}}, nil
}

// plainName holds names to what the API allows, so that none can look like another header part.
func plainName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if !(r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return true
}

// calledName is more lenient: the model may have called a tool of its own, such as browser.search.
func calledName(s string) bool { return plainName(strings.ReplaceAll(s, ".", "_")) }

// mapper collects turns. Calls wait until their results have come.
type mapper struct {
	instructions []string
	turns        []harmony.Message
	calls        []openCall
}

type openCall struct {
	at, id string
	call   harmony.Message
	result *harmony.Message
}

func (m *mapper) add(at string, msg ChatMessage) error {
	if msg.Audio != nil && string(msg.Audio) != "null" {
		return errorf(at+".audio", CodeUnsupported, "audio is not understood; gpt-oss reads text only")
	}
	if msg.FunctionCall != nil && string(msg.FunctionCall) != "null" {
		return errorf(at+".function_call", CodeUnsupported, "deprecated; use tool_calls")
	}
	if msg.Role != "assistant" && len(msg.ToolCalls) > 0 {
		return errorf(at+".tool_calls", CodeValue, "only an assistant makes calls, not the role %q", msg.Role)
	}
	if msg.Role != "tool" {
		if msg.ToolCallID != "" {
			return errorf(at+".tool_call_id", CodeValue, "it belongs to the role tool, not to %q", msg.Role)
		}
		if err := m.settle(); err != nil {
			return err
		}
	}
	if msg.Name != "" && msg.Role != "tool" && !plainName(msg.Name) {
		return errorf(at+".name", CodeValue, "%q is no name; use 1 to 64 letters, digits, _ and -", msg.Name)
	}
	if msg.Role == "" {
		return errorf(at+".role", CodeMissing, "a message needs a role")
	}
	if msg.Content == nil && msg.Role != "assistant" {
		return errorf(at+".content", CodeMissing, "a message of role %q needs content", msg.Role)
	}
	switch msg.Role {
	case "system", "developer":
		m.instruct(msg)
	case "user":
		out := harmony.Message{Role: harmony.User, Name: msg.Name}
		for _, part := range *msg.Content {
			out.Content = append(out.Content, harmony.Text(part))
		}
		m.turns = append(m.turns, out)
	case "assistant":
		return m.assistant(at, msg)
	case "tool":
		return m.result(at, msg)
	case "function":
		return errorf(at+".role", CodeUnsupported, "the role function is deprecated; use tool with tool_call_id")
	default:
		return errorf(at+".role", CodeValue, "unknown role %q; use system, developer, user, assistant or tool", msg.Role)
	}
	return nil
}

// instruct takes a system prompt: into the first developer message while no turn
// has been made, as a developer message of its own later.
func (m *mapper) instruct(msg ChatMessage) {
	text := strings.Join(*msg.Content, "")
	switch {
	case text == "":
	case len(m.turns) == 0:
		m.instructions = append(m.instructions, text)
	default:
		m.turns = append(m.turns, harmony.Message{Role: harmony.Developer, Content: []harmony.Content{harmony.DeveloperContent{Instructions: text}}})
	}
}

func (m *mapper) assistant(at string, msg ChatMessage) error {
	reasoning := msg.Reasoning
	if reasoning == "" {
		reasoning = msg.ReasoningContent
	}
	if reasoning != "" {
		m.turns = append(m.turns, harmony.AssistantMessage(harmony.ChannelAnalysis, reasoning))
	}
	text, said := msg.Refusal, msg.Refusal != ""
	if msg.Content != nil {
		text, said = strings.Join(*msg.Content, "")+text, true
	}
	if len(msg.ToolCalls) == 0 {
		if !said && reasoning == "" {
			return errorf(at+".content", CodeMissing, "an assistant message needs content, reasoning or tool_calls")
		}
		if said && (text != "" || reasoning == "") {
			out := harmony.AssistantMessage(harmony.ChannelFinal, text)
			out.Name = msg.Name
			m.turns = append(m.turns, out)
		}
		return nil
	}
	if text != "" {
		m.turns = append(m.turns, harmony.AssistantMessage(harmony.ChannelCommentary, text))
	}
	for i, c := range msg.ToolCalls {
		at := fmt.Sprintf("%s.tool_calls[%d]", at, i)
		switch {
		case c.Type != "function" && c.Type != "":
			return errorf(at+".type", CodeUnsupported, "calls of type %q are not supported; use function", c.Type)
		case c.ID == "":
			return errorf(at+".id", CodeMissing, "a call needs an id, which its result names")
		case !calledName(c.Function.Name):
			return errorf(at+".function.name", CodeValue, "%q is no function name; use 1 to 64 letters, digits, _ and -", c.Function.Name)
		}
		for _, other := range m.calls {
			if other.id == c.ID {
				return errorf(at+".id", CodeValue, "the id %q appears twice", c.ID)
			}
		}
		m.calls = append(m.calls, openCall{at: at, id: c.ID, call: harmony.FunctionCall(c.Function.Name, c.Function.Arguments)})
	}
	return nil
}

// result files a tool's answer with the call that it names.
func (m *mapper) result(at string, msg ChatMessage) error {
	if msg.ToolCallID == "" {
		return errorf(at+".tool_call_id", CodeMissing, "a tool message needs the id of the call that it answers")
	}
	for i := range m.calls {
		c := &m.calls[i]
		if c.id != msg.ToolCallID {
			continue
		}
		if c.result != nil {
			return errorf(at+".tool_call_id", CodeValue, "the call %q has a result already", c.id)
		}
		out := harmony.ToolResult(c.call, strings.Join(*msg.Content, ""))
		c.result = &out
		return nil
	}
	return errorf(at+".tool_call_id", CodeValue, "no call %q in the assistant message before; results follow their calls", msg.ToolCallID)
}

// settle writes the calls that waited, each followed by its result.
func (m *mapper) settle() error {
	for _, c := range m.calls {
		if c.result == nil {
			return errorf(c.at+".id", CodeMissing, "the call %q has no result; a tool message must follow it", c.id)
		}
		m.turns = append(m.turns, c.call, *c.result)
	}
	m.calls = m.calls[:0]
	return nil
}
