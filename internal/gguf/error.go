package gguf

import "fmt"

// Error says what is wrong with a container and what to do about it.
type Error struct {
	What string // the part that is wrong: "header", "key \"x\"", "tensor \"x\""
	Why  string // what was found and what was expected
	Next string // what the reader of the message can do; may be empty
	Err  error  // cause, when another layer failed
}

func (e *Error) Error() string {
	s := "gguf: " + e.What + ": " + e.Why
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Next != "" {
		s += "; " + e.Next
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

const refetch = "the file is damaged or incomplete: fetch it again"

func damaged(what, why string, args ...any) *Error {
	return &Error{What: what, Why: fmt.Sprintf(why, args...), Next: refetch}
}

// quoted names a part of a file without letting it flood or garble a message.
func quoted(kind, name string) string {
	if len(name) > 120 {
		name = name[:120] + "..."
	}
	return fmt.Sprintf("%s %q", kind, name)
}
