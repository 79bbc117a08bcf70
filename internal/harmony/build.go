package harmony

// Settings are the parts of a conversation that stand before its turns.
type Settings struct {
	System    SystemContent // DefaultSystem is a good start
	Developer DeveloperContent
}

// NewConversation builds a conversation from settings and turns. A developer
// message is written only when it says something.
func NewConversation(s Settings, turns ...Message) Conversation {
	msgs := []Message{{Role: System, Content: []Content{s.System}}}
	d := s.Developer
	if d.Instructions != "" || len(d.Tools) > 0 || len(d.Namespaces) > 0 || len(d.ResponseFormats) > 0 {
		msgs = append(msgs, Message{Role: Developer, Content: []Content{d}})
	}
	return Conversation{Messages: append(msgs, turns...)}
}

// UserMessage is what a person says.
func UserMessage(text string) Message {
	return Message{Role: User, Content: []Content{Text(text)}}
}

// AssistantMessage is what the model said on a channel: reasoning on analysis, a
// preamble on commentary, the answer on final.
func AssistantMessage(channel, text string) Message {
	return Message{Role: Assistant, Channel: channel, Content: []Content{Text(text)}}
}

// FunctionCall is a call of an application's function with JSON arguments, in the
// form the models were trained on. name is without its namespace.
func FunctionCall(name, arguments string) Message {
	return Message{Role: Assistant, Recipient: FunctionsNamespace + "." + name, Channel: ChannelCommentary,
		ContentType: "json", Constrain: true, Content: []Content{Text(arguments)}}
}

// ToolResult answers a call: its author is the call's recipient, its channel the call's channel.
func ToolResult(call Message, output string) Message {
	return Message{Role: Tool, Name: call.Recipient, Recipient: string(Assistant), Channel: call.Channel,
		Content: []Content{Text(output)}}
}
