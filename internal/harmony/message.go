package harmony

import (
	"fmt"
	"strings"
)

// Role is who speaks. In order of authority: system, developer, user, assistant, tool.
type Role string

const (
	System    Role = "system"
	Developer Role = "developer"
	User      Role = "user"
	Assistant Role = "assistant"
	Tool      Role = "tool"
)

func (r Role) known() bool {
	switch r {
	case System, Developer, User, Assistant, Tool:
		return true
	}
	return false
}

// The three channels of the published models.
const (
	ChannelAnalysis   = "analysis"   // reasoning, and calls of built-in tools; not for end users
	ChannelCommentary = "commentary" // function calls, and preambles without a recipient
	ChannelFinal      = "final"      // the answer
)

// Message is one harmony message. Empty strings are absent parts.
type Message struct {
	Role        Role
	Name        string // of a tool: its full name, e.g. functions.get_weather; of others optional
	Channel     string
	Recipient   string // whom it is for; a call when it names a tool
	ContentType string // e.g. json, code
	Constrain   bool   // ContentType is preceded by the constrain token
	Content     []Content
}

// Content is one part of a message: Text, SystemContent or DeveloperContent.
type Content interface{ isContent() }

// Text is plain text. It is always encoded as ordinary text.
type Text string

func (Text) isContent()             {}
func (SystemContent) isContent()    {}
func (DeveloperContent) isContent() {}

// Conversation is messages in order.
type Conversation struct{ Messages []Message }

// Text returns the message's text parts, joined.
func (m Message) Text() string {
	if len(m.Content) == 1 {
		if t, ok := m.Content[0].(Text); ok {
			return string(t)
		}
	}
	var b strings.Builder
	for _, c := range m.Content {
		if t, ok := c.(Text); ok {
			b.WriteString(string(t))
		}
	}
	return b.String()
}

// IsCall reports whether the assistant calls a tool. Only the recipient decides;
// models put calls on any channel and with any content type.
func (m Message) IsCall() bool {
	return m.Role == Assistant && m.Recipient != "" && m.Recipient != "all" &&
		m.Recipient != string(Assistant) && m.Recipient != string(User)
}

// IsFinal reports whether the message is an answer for the user: on the final
// channel, or without a channel, and no call.
func (m Message) IsFinal() bool {
	return m.Role == Assistant && !m.IsCall() && (m.Channel == ChannelFinal || m.Channel == "")
}

// Effort is how long the model shall reason.
type Effort string

const (
	EffortLow    Effort = "low"
	EffortMedium Effort = "medium"
	EffortHigh   Effort = "high"
)

// ParseEffort reads an effort as the APIs spell it. Harmony has three; none and
// minimal become low, xhigh and max become high, and "" becomes medium.
func ParseEffort(s string) (Effort, error) {
	switch strings.ToLower(s) {
	case "low", "none", "minimal":
		return EffortLow, nil
	case "medium", "":
		return EffortMedium, nil
	case "high", "xhigh", "max":
		return EffortHigh, nil
	}
	return "", fmt.Errorf("harmony: unknown reasoning effort %q; use low, medium or high", s)
}

// DefaultIdentity and DefaultKnowledgeCutoff are what the models were trained with.
const (
	DefaultIdentity        = "You are ChatGPT, a large language model trained by OpenAI."
	DefaultKnowledgeCutoff = "2024-06"
)

// SystemContent is the system message. Empty fields are left out of it.
type SystemContent struct {
	Identity         string
	KnowledgeCutoff  string // e.g. 2024-06
	Date             string // YYYY-MM-DD
	Effort           Effort
	Tools            []Namespace // built-in tools; written in order of name
	Channels         []string    // valid channels
	ChannelsOptional bool        // leave out the demand that every message has one
}

// DefaultSystem is the library's default: identity, cutoff, medium effort, the
// three channels, no date and no tools.
func DefaultSystem() SystemContent {
	return SystemContent{
		Identity:        DefaultIdentity,
		KnowledgeCutoff: DefaultKnowledgeCutoff,
		Effort:          EffortMedium,
		Channels:        []string{ChannelAnalysis, ChannelCommentary, ChannelFinal},
	}
}

// DeveloperContent is the developer message: what APIs call the system prompt,
// the function tools, and the schemas of structured answers.
type DeveloperContent struct {
	Instructions    string
	Tools           []Function  // namespace functions, in this order
	Namespaces      []Namespace // others; written in order of name
	ResponseFormats []ResponseFormat
}
