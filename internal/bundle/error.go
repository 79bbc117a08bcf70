package bundle

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a bundle or a file of it, and what to do next.
type Error struct {
	What string // "manifest.json", "model/model.safetensors"
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

func failed(what, next, why string, args ...any) *Error {
	return &Error{What: what, Why: fmt.Sprintf(why, args...), Next: next}
}

// again is the advice for a bundle that is not what its maker made.
const again = "install nothing of it; copy the bundle again from where it was made, and if that does not help ask its maker for another"

// UnknownKeyError is a bundle whose signature is right, of a key nobody here vouched for.
type UnknownKeyError struct {
	Dir string
	Key PublicKey
}

func (e *UnknownKeyError) Error() string {
	fp := e.Key.Fingerprint()
	return fmt.Sprintf("%s: it is signed with the key %s, which is not known here; ask its maker, by another way than the bundle itself, "+
		"whether that is the fingerprint of their key, and if it is: ossian unbundle --key %s %s", e.Dir, fp, fp, typed(e.Dir))
}

// UnsignedError is a bundle that nobody signed.
type UnsignedError struct{ Dir string }

func (e *UnsignedError) Error() string {
	return fmt.Sprintf("%s: it is not signed, so anybody can have made or changed it; get a signed one, "+
		"or take it all the same with: ossian unbundle --unsigned %s", e.Dir, typed(e.Dir))
}

// typed is a path as a shell takes it.
func typed(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return strings.ContainsRune(" '\"$&;()*?<>|`~", r) }) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// SpaceError is a disk with too little room for what is still to come.
type SpaceError struct {
	Dir        string
	Need, Have int64
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%d bytes are still to be written, but the disk of %s has %d free (%d too few); make room, or choose another disk",
		e.Need, e.Dir, e.Have, e.Need-e.Have)
}

// quoted shows text from outside without letting it flood or garble a message.
func quoted(s string) string {
	if len(s) > 120 {
		s = s[:120] + "..."
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(s, "?"))
}
