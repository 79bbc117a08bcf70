package grammar

import "fmt"

// Error refuses a grammar.
type Error struct {
	Where  string // a line, a rule, or ""
	Reason string
	Limit  bool // not wrong, but too large
}

func (e *Error) Error() string {
	if e.Where == "" {
		return "the grammar: " + e.Reason
	}
	return "the grammar, " + e.Where + ": " + e.Reason
}

func fail(where, format string, args ...any) *Error {
	return &Error{Where: where, Reason: fmt.Sprintf(format, args...)}
}
