package chat

import (
	"ossian/internal/harmony"
	"ossian/internal/sample"
)

// Kind says what an Event tells.
type Kind uint8

const (
	Prompt    Kind = iota + 1 // more of the prompt has been read
	Reasoning                 // a piece of the reasoning, not meant for end users
	Preamble                  // a piece of what the model says before it calls tools
	Answer                    // a piece of the answer
	ToolCall                  // a complete call
	Warning                   // the model's format had to be repaired
	CallStart                 // a call begins; its name is known
	CallText                  // a piece of its arguments
	Queued                    // the request waits; its place among others has changed
)

// Event is one piece of news.
type Event struct {
	Kind    Kind
	Message int    // index in Turn.Messages of the message it belongs to
	Text    string // of Reasoning, Preamble, Answer and CallText: a delta; of Warning: a sentence
	Call    Call   // of ToolCall; of CallStart with the name alone

	// Tokens are those that the delta is made of, when log-probabilities were asked for.
	// A delta may have none: then an earlier one brought them.
	Tokens []sample.Token

	PromptRead, PromptTokens, Cached int // of Prompt; what was known needs no reading

	Place int // of Queued, from 1
}

// Call is a tool the model wants called. Name is as the model wrote it, for
// functions of an application with the namespace: functions.get_weather.
type Call struct {
	Name      string
	Arguments string // JSON by convention; not checked
	Message   harmony.Message
}
