package hub

import (
	"errors"
	"fmt"
	"strings"
)

// Error says what went wrong with a model or a file of it, and what to do next.
type Error struct {
	What string // "openai/gpt-oss-20b", "model.safetensors"
	Why  string
	Next string // what the reader of the message can do; may be empty
	Err  error  // cause, when another layer failed
}

func (e *Error) Error() string {
	s := e.What + ": " + e.Why
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Next != "" {
		s += "; " + e.Next
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func failed(what, next string, why string, args ...any) *Error {
	return &Error{What: what, Why: fmt.Sprintf(why, args...), Next: next}
}

// quoted shows text from outside without letting it flood or garble a message.
func quoted(s string) string {
	if len(s) > 120 {
		s = s[:120] + "..."
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(s, "?"))
}

// ErrNoHashes is a snapshot whose files do not say what they should be: some tools put
// plain files there where links need a privilege.
var ErrNoHashes = errors.New("none of its files is a link to a blob of the hub")

// SpaceError is a disk with too little room for what is still to come.
type SpaceError struct {
	Dir        string
	Need, Have int64
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%d bytes are still to come, but the disk of %s has %d free (%d too few); make room, or set HF_HUB_CACHE to a folder on a larger disk",
		e.Need, e.Dir, e.Have, e.Need-e.Have)
}

// LockedError is a model that another process is fetching or repairing.
type LockedError struct{ Repo string }

func (e *LockedError) Error() string {
	return e.Repo + " is being fetched or repaired by another process; wait for it, or end it: what it has fetched stays"
}
