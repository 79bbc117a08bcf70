package token

import "fmt"

// Error says why a tokenizer file was refused. Where is the place in the file,
// such as "model.merges[17]"; Remedy is what to do about it.
type Error struct {
	File                   string // "": tokenizer.json
	Where, Problem, Remedy string
	Err                    error // the cause below, if any
}

func (e *Error) Error() string {
	file := e.File
	if file == "" {
		file = "tokenizer.json"
	}
	s := file + ": " + e.Where + ": " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += " (" + e.Remedy + ")"
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

const (
	remedyFile   = "the file is damaged; fetch tokenizer.json again"
	remedyFamily = "only the byte-level BPE of the gpt-oss family is supported; use the tokenizer.json that came with the model"
)

func damaged(where, format string, args ...any) *Error {
	return &Error{Where: where, Problem: fmt.Sprintf(format, args...), Remedy: remedyFile}
}

func unsupported(where, format string, args ...any) *Error {
	return &Error{Where: where, Problem: fmt.Sprintf(format, args...), Remedy: remedyFamily}
}
