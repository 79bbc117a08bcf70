// Package ollama maps Ollama's API to the requests of package openai and back: as much
// of it as clients need that know no other, and Codex when it is told to be local. Wire
// types and pure functions, no I/O.
//
// It is separate because the wire has rules of its own: lines of JSON, options in an
// object, tool calls without ids whose arguments are objects, times in nanoseconds.
package ollama
