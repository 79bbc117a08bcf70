// Package server serves a model over HTTP: OpenAI's API, and what else clients ask
// for. It is the edge: connections, who may come in, limits, streams, errors and
// their status, metrics, logs. What a request means is the business of package
// openai, how it is answered that of package chat.
//
// It is closed by default. Host and Origin are checked at any bind, so that no page
// in a browser can talk to it; keys are demanded wherever others can reach it. A body
// is bounded before it is read and a field before it is used. Nothing of a request
// names a file, an address or a command. Logs say who asked for how much, never what.
//
// A client that leaves stops its work. A server that is told to end lets running
// answers finish for a while, then ends each stream with a proper event.
//
// A Server may be used by several goroutines; SetModel makes it ready once.
package server
