package openai

import (
	"encoding/json"
	"fmt"
)

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

// The types of error objects.
const (
	TypeRequest    = "invalid_request_error"
	TypeAuth       = "authentication_error"
	TypePermission = "permission_error"
	TypeRate       = "rate_limit_error"
	TypeServer     = "server_error"
)

// ErrorObject is an error on the wire.
type ErrorObject struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// NewErrorObject fills one; empty strings are null.
func NewErrorObject(kind, code, param, message string) ErrorObject {
	return ErrorObject{Message: message, Type: kind, Param: orNull(param), Code: orNull(code)}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// ErrorBody is the body of a failed request.
func ErrorBody(e ErrorObject) []byte {
	b, err := json.Marshal(map[string]ErrorObject{"error": e})
	if err != nil { // strings only: it cannot fail
		return []byte(`{"error":{"message":"unknown error","type":"server_error","param":null,"code":null}}`)
	}
	return b
}
