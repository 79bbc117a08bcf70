package openai

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ossian/internal/harmony"
)

// inputItem is an item of a conversation as clients and earlier responses write it.
type inputItem struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Role    string `json:"role"`
	Phase   string `json:"phase"`
	Content *Parts `json:"content"`

	CallID    string  `json:"call_id"`
	Namespace string  `json:"namespace"`
	Name      string  `json:"name"`
	Arguments string  `json:"arguments"`
	Output    *Parts  `json:"output"`
	Encrypted *string `json:"encrypted_content"`
}

// sealed begins the encrypted_content of our reasoning items. Nothing is secret about the
// reasoning of a model on one's own machine; the field carries it for clients that send
// back nothing else.
const sealed = "ossian:"

func seal(text string) *string {
	s := sealed + base64.StdEncoding.EncodeToString([]byte(text))
	return &s
}

// Conversation puts together what the model is shown: earlier items, those of the request,
// and what it is told before them. Items are numbered from the request's first one.
func (r *ResponseRequest) Conversation(earlier []json.RawMessage) (harmony.Conversation, error) {
	s := harmony.Settings{System: harmony.DefaultSystem()}
	var err error
	if s.System.Effort, err = harmony.ParseEffort(r.Effort); err != nil {
		return harmony.Conversation{}, errorf("reasoning.effort", CodeValue, "unknown effort %q; use low, medium or high", r.Effort)
	}
	if r.Date != "" {
		if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
			return harmony.Conversation{}, errorf("date", CodeValue, "%q is not a date; write YYYY-MM-DD", r.Date)
		}
		s.System.Date = r.Date
	}
	if s.Developer, err = r.developer(); err != nil {
		return harmony.Conversation{}, err
	}
	m := &itemMapper{outputs: map[string][]*inputItem{}}
	if r.Instructions != "" {
		m.instructions = []string{r.Instructions}
	}
	if err := m.read(earlier, len(earlier)); err != nil {
		return harmony.Conversation{}, err
	}
	if err := m.read(r.Input, 0); err != nil {
		return harmony.Conversation{}, err
	}
	for i := range m.items {
		if err := m.add(i); err != nil {
			return harmony.Conversation{}, err
		}
	}
	for id, left := range m.outputs {
		if len(left) > 0 {
			return harmony.Conversation{}, errorf("input", CodeValue, "there is no call %q before its output", id)
		}
	}
	s.Developer.Instructions = strings.Join(m.instructions, "\n\n")
	return harmony.NewConversation(s, m.turns...), nil
}

// itemMapper makes items turns. Outputs wait for their calls: the model makes one call at
// a time, and so each is shown with its output, also where several were made at once.
type itemMapper struct {
	items        []inputItem
	where        []string
	outputs      map[string][]*inputItem // by call, in order
	instructions []string
	turns        []harmony.Message
}

func (m *itemMapper) read(raw []json.RawMessage, before int) error {
	first := len(m.items)
	for i, data := range raw {
		at := fmt.Sprintf("input[%d]", i-before)
		var item inputItem
		if err := json.Unmarshal(data, &item); err != nil {
			return wrong(at, err)
		}
		if item.Type == "" {
			item.Type = "message"
		}
		m.items, m.where = append(m.items, item), append(m.where, at)
	}
	for i := first; i < len(m.items); i++ {
		if item := &m.items[i]; item.Type == "function_call_output" || item.Type == "custom_tool_call_output" {
			m.outputs[item.CallID] = append(m.outputs[item.CallID], item)
		}
	}
	return nil
}

func (m *itemMapper) add(i int) error {
	item, at := &m.items[i], m.where[i]
	switch item.Type {
	case "message":
		return m.message(i)
	case "reasoning":
		return m.reasoning(item, at)
	case "function_call":
		return m.call(item, at)
	case "function_call_output":
		switch {
		case item.CallID == "":
			return errorf(at+".call_id", CodeMissing, "an output needs the id of its call")
		case item.Output == nil:
			return errorf(at+".output", CodeMissing, "an output needs its text")
		}
		return nil // it went with its call, or is left over
	case "item_reference":
		return errorf(at+".id", CodeValue, "there is no stored item %q", item.ID)
	}
	return errorf(at+".type", CodeUnsupported, "items of type %q are not understood; use message, reasoning, function_call and function_call_output", item.Type)
}

func (m *itemMapper) message(i int) error {
	item, at := &m.items[i], m.where[i]
	if item.Content == nil {
		return errorf(at+".content", CodeMissing, "a message needs content")
	}
	text := strings.Join(*item.Content, "")
	switch item.Role {
	case "system", "developer":
		switch {
		case text == "":
		case len(m.turns) == 0:
			m.instructions = append(m.instructions, text)
		default:
			m.turns = append(m.turns, harmony.Message{Role: harmony.Developer, Content: []harmony.Content{harmony.DeveloperContent{Instructions: text}}})
		}
	case "user":
		out := harmony.Message{Role: harmony.User}
		for _, part := range *item.Content {
			out.Content = append(out.Content, harmony.Text(part))
		}
		m.turns = append(m.turns, out)
	case "assistant":
		channel := harmony.ChannelFinal
		next := i + 1
		// Clients that keep no phase: what stands right before a call announced it.
		if item.Phase == PhaseCommentary || item.Phase == "" && next < len(m.items) && m.items[next].Type == "function_call" {
			channel = harmony.ChannelCommentary
		}
		m.turns = append(m.turns, harmony.AssistantMessage(channel, text))
	case "":
		return errorf(at+".role", CodeMissing, "a message needs a role")
	default:
		return errorf(at+".role", CodeValue, "unknown role %q; use system, developer, user or assistant", item.Role)
	}
	return nil
}

func (m *itemMapper) reasoning(item *inputItem, at string) error {
	text := ""
	if item.Content != nil {
		text = strings.Join(*item.Content, "\n")
	}
	if text == "" && item.Encrypted != nil && *item.Encrypted != "" {
		code, ours := strings.CutPrefix(*item.Encrypted, sealed)
		data, err := base64.StdEncoding.DecodeString(code)
		if !ours || err != nil {
			return errorf(at+".encrypted_content", CodeValue, "only what this server has written can be read; leave the item out")
		}
		text = string(data)
	}
	if text != "" {
		m.turns = append(m.turns, harmony.AssistantMessage(harmony.ChannelAnalysis, text))
	}
	return nil
}

func (m *itemMapper) call(item *inputItem, at string) error {
	switch {
	case item.CallID == "":
		return errorf(at+".call_id", CodeMissing, "a call needs an id, which its output names")
	case !calledName(item.Name):
		return errorf(at+".name", CodeValue, "%q is no function name; use 1 to 64 letters, digits, _ and -", item.Name)
	case item.Namespace != "" && !plainName(item.Namespace):
		return errorf(at+".namespace", CodeValue, "%q is no name; use 1 to 64 letters, digits, _ and -", item.Namespace)
	}
	call := harmony.FunctionCall(item.Name, item.Arguments)
	if item.Namespace != "" {
		call.Recipient = item.Namespace + "." + item.Name
	}
	waiting := m.outputs[item.CallID]
	if len(waiting) == 0 {
		return errorf(at+".call_id", CodeMissing, "the call %q has no output; a function_call_output must follow it", item.CallID)
	}
	output := waiting[0]
	m.outputs[item.CallID] = waiting[1:]
	text := ""
	if output.Output != nil {
		text = strings.Join(*output.Output, "")
	}
	m.turns = append(m.turns, call, harmony.ToolResult(call, text))
	return nil
}
