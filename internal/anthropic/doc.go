// Package anthropic maps Anthropic's Messages API to the requests of package openai and
// back, for clients that speak only that. Wire types and pure functions, no I/O.
//
// It is separate because the wire has rules of its own: content in blocks, results of
// tools in the user's turns, arguments as objects, events per block.
package anthropic
