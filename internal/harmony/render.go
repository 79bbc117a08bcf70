package harmony

import "fmt"

// Drop says which earlier reasoning is left out of a prompt.
type Drop uint8

const (
	// DropCookbook leaves out the analysis before the last final: turns that ended
	// with an answer lose their reasoning, an open tool loop keeps it. The rule the
	// models were trained with, and the one for chats.
	DropCookbook Drop = iota
	// DropLibrary is openai-harmony's auto_drop_analysis: if the last assistant
	// message is on final, analysis before the first final is left out.
	DropLibrary
	// DropNone keeps everything.
	DropNone
)

// RenderOptions are the choices of a rendering.
type RenderOptions struct{ Drop Drop }

// RenderError says which message cannot be rendered, and why.
type RenderError struct {
	Message int    // index in the conversation
	Field   string // e.g. role, name, content, tools
	Reason  string
}

func (e *RenderError) Error() string {
	return fmt.Sprintf("harmony: render message %d: %s: %s", e.Message, e.Field, e.Reason)
}

// Render appends the tokens of the conversation to dst. On error dst is returned as it was.
// Source: openai/harmony src/encoding.rs, render_conversation_into.
func (e *Encoding) Render(dst []uint32, conv Conversation, opt RenderOptions) ([]uint32, error) {
	return e.render(dst, conv, dropped(conv.Messages, opt.Drop))
}

// RenderForCompletion is Render followed by the start of the assistant's next
// message. A Parser made with role Assistant reads what comes then.
func (e *Encoding) RenderForCompletion(dst []uint32, conv Conversation, opt RenderOptions) ([]uint32, error) {
	out, err := e.Render(dst, conv, opt)
	if err != nil {
		return dst, err
	}
	out = append(out, e.start)
	return e.v.Encode(out, string(Assistant)), nil
}

// RenderForTraining is Render with the last message ended by <|return|> when it is
// an assistant's final, as the model shall end it. DropCookbook then keeps the
// reasoning of that last answer: it is part of what is learned.
func (e *Encoding) RenderForTraining(dst []uint32, conv Conversation, opt RenderOptions) ([]uint32, error) {
	msgs := conv.Messages
	last := len(msgs) - 1
	answered := last >= 0 && msgs[last].Role == Assistant && msgs[last].Channel == ChannelFinal
	drop := dropped(msgs, opt.Drop)
	if answered && opt.Drop == DropCookbook {
		drop = dropped(msgs[:last], opt.Drop)
	}
	out, err := e.render(dst, conv, drop)
	if err == nil && answered {
		out[len(out)-1] = e.ret
	}
	return out, err
}

func (e *Encoding) render(dst []uint32, conv Conversation, drop func(int) bool) ([]uint32, error) {
	out, routed := dst, hasFunctions(conv)
	for i, m := range conv.Messages {
		if drop(i) {
			continue
		}
		var err *RenderError
		if out, err = e.renderMessage(out, m, routed); err != nil {
			err.Message = i
			return dst, err
		}
	}
	return out, nil
}

// RenderMessage appends one message. routed says whether the conversation offers
// functions, which a system message mentions.
func (e *Encoding) RenderMessage(dst []uint32, m Message, routed bool) ([]uint32, error) {
	out, err := e.renderMessage(dst, m, routed)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (e *Encoding) renderMessage(dst []uint32, m Message, routed bool) ([]uint32, *RenderError) {
	if !m.Role.known() {
		return dst, &RenderError{Field: "role", Reason: fmt.Sprintf("unknown role %q; use system, developer, user, assistant or tool", m.Role)}
	}
	if m.Role == Tool && m.Name == "" {
		return dst, &RenderError{Field: "name", Reason: "a tool message needs the tool's full name, e.g. functions.get_weather"}
	}
	dst = append(dst, e.start)
	if m.Role == Tool {
		dst = e.v.Encode(dst, m.Name)
	} else {
		dst = e.v.Encode(dst, string(m.Role))
		if m.Name != "" {
			dst = e.v.Encode(dst, ":"+m.Name)
		}
	}
	if m.Recipient != "" && m.Recipient != "all" {
		dst = e.v.Encode(dst, " to="+m.Recipient)
	}
	if m.Channel != "" {
		dst = append(dst, e.channel)
		dst = e.v.Encode(dst, m.Channel)
	}
	switch {
	case m.Constrain:
		dst = e.v.Encode(dst, " ")
		dst = append(dst, e.constrain)
		dst = e.v.Encode(dst, m.ContentType)
	case m.ContentType != "":
		dst = e.v.Encode(dst, " "+m.ContentType)
	}
	dst = append(dst, e.message)
	for _, c := range m.Content {
		text, err := contentText(m.Role, c, routed)
		if err != nil {
			return dst, err
		}
		dst = e.v.Encode(dst, text)
	}
	if m.Role == Assistant && m.Recipient != "" {
		return append(dst, e.call), nil // also for "all", as the library does
	}
	return append(dst, e.end), nil
}

// contentText is the text of one content item.
func contentText(role Role, c Content, routed bool) (string, *RenderError) {
	switch c := c.(type) {
	case Text:
		return string(c), nil
	case SystemContent:
		if role != System {
			return "", &RenderError{Field: "content", Reason: fmt.Sprintf("system content in a message of role %s; it belongs in a system message", role)}
		}
		return systemText(c, routed)
	case DeveloperContent:
		if role != Developer {
			return "", &RenderError{Field: "content", Reason: fmt.Sprintf("developer content in a message of role %s; it belongs in a developer message", role)}
		}
		return developerText(c)
	}
	return "", &RenderError{Field: "content", Reason: fmt.Sprintf("a content item of type %T; use Text, SystemContent or DeveloperContent", c)}
}

func hasFunctions(conv Conversation) bool {
	for _, m := range conv.Messages {
		for _, c := range m.Content {
			d, ok := c.(DeveloperContent)
			if !ok {
				continue
			}
			if len(d.Tools) > 0 {
				return true
			}
			for _, ns := range d.Namespaces {
				if ns.Name == FunctionsNamespace && len(ns.Functions) > 0 {
					return true
				}
			}
		}
	}
	return false
}
