package openai

import "fmt"

// Error is a request that cannot be served as it is: what a client is told with
// status 400. Its fields are those of the API's error object.
type Error struct {
	Param   string // e.g. messages[2].tool_call_id; "" when it is the body as a whole
	Code    string // one of the Code constants
	Message string
}

const (
	CodeJSON        = "invalid_json"          // the body is not the JSON that it should be
	CodeUnknown     = "unknown_parameter"     // a field that nothing here reads
	CodeMissing     = "missing_parameter"     // a field that must be there
	CodeValue       = "invalid_value"         // a value that makes no sense
	CodeUnsupported = "unsupported_parameter" // understood, but not done here
)

func (e *Error) Error() string {
	if e.Param == "" {
		return e.Message
	}
	return e.Param + ": " + e.Message
}

func errorf(param, code, format string, args ...any) *Error {
	return &Error{Param: param, Code: code, Message: fmt.Sprintf(format, args...)}
}
