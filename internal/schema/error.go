package schema

import (
	"errors"
	"fmt"

	"ossian/internal/regular"
)

// Error refuses a schema.
type Error struct {
	At      string // JSON pointer of the schema that has the keyword; "" is the whole
	Keyword string // "" when it is no keyword that is at fault
	Reason  string
	Limit   bool // not wrong or unsupported, but too large to compile
}

func (e *Error) Error() string {
	at := e.At
	if at == "" {
		at = "its root"
	}
	if e.Keyword == "" {
		return fmt.Sprintf("the JSON schema, at %s: %s", at, e.Reason)
	}
	return fmt.Sprintf("the JSON schema, at %s: %q: %s", at, e.Keyword, e.Reason)
}

func fail(at, keyword, format string, args ...any) *Error {
	return &Error{At: at, Keyword: keyword, Reason: fmt.Sprintf(format, args...)}
}

// wrap gives an error of regular its place.
func wrap(at, keyword string, err error) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	var limit *regular.LimitError
	return &Error{At: at, Keyword: keyword, Reason: err.Error(), Limit: errors.As(err, &limit)}
}
