// Package chat runs one turn of a conversation: render it, generate, parse what
// comes, and report it as typed events: reasoning, preamble, answer, tool call,
// warning. A Session keeps the history of several turns.
//
// It is separate from the engine, which knows ids only, and from the edges
// (terminal, API), which only show. It calls no tools: a turn that ends in calls
// says so, and the caller continues the conversation with their results.
//
// Whatever the model writes, a turn gives messages and warnings, not an error.
// Deltas of one message, joined, are its final text. A Model may be shared by
// goroutines; a Session belongs to one.
package chat
