// Package openai holds the wire types of OpenAI's API and their mapping to harmony
// conversations: pure functions from bytes to values, a file per endpoint family.
//
// It is separate from the server so that the command line and tests can map a
// request without HTTP, and from package harmony because the wire has its own
// rules: roles that mean other things, tool calls with ids, content in parts.
// Nothing here keeps state or looks at the clock; a date comes with the request.
package openai
