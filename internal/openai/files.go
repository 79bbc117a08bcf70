package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// File is what is told of an uploaded file.
type File struct {
	ID        string `json:"id"`
	Object    string `json:"object"` // file
	Bytes     int    `json:"bytes"`
	CreatedAt int64  `json:"created_at"`
	ExpiresAt *int64 `json:"expires_at"`
	Filename  string `json:"filename"`
	Purpose   string `json:"purpose"`
	Status    string `json:"status"` // processed
}

// Batch is many requests of one kind, answered when there is time.
type Batch struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"` // batch
	Endpoint         string            `json:"endpoint"`
	Errors           *BatchErrors      `json:"errors"`
	InputFileID      string            `json:"input_file_id"`
	CompletionWindow string            `json:"completion_window"`
	Status           string            `json:"status"`
	OutputFileID     *string           `json:"output_file_id"`
	ErrorFileID      *string           `json:"error_file_id"`
	CreatedAt        int64             `json:"created_at"`
	InProgressAt     *int64            `json:"in_progress_at"`
	ExpiresAt        int64             `json:"expires_at"`
	FinalizingAt     *int64            `json:"finalizing_at"`
	CompletedAt      *int64            `json:"completed_at"`
	FailedAt         *int64            `json:"failed_at"`
	ExpiredAt        *int64            `json:"expired_at"`
	CancellingAt     *int64            `json:"cancelling_at"`
	CancelledAt      *int64            `json:"cancelled_at"`
	Counts           BatchCounts       `json:"request_counts"`
	Metadata         map[string]string `json:"metadata"`
}

// BatchCounts say how far a batch is.
type BatchCounts struct {
	Total     int `json:"total"`
	Completed int `json:"completed"`
	Failed    int `json:"failed"`
}

// BatchErrors say why a batch could not begin.
type BatchErrors struct {
	Object string       `json:"object"` // list
	Data   []BatchError `json:"data"`
}

// BatchError is one line that cannot be meant.
type BatchError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Line    int    `json:"line"`
}

// BatchRequest asks for a batch.
type BatchRequest struct {
	InputFileID      string            `json:"input_file_id"`
	Endpoint         string            `json:"endpoint"`
	CompletionWindow string            `json:"completion_window"`
	Metadata         map[string]string `json:"metadata"`
}

// ParseBatchRequest reads a request body. Errors are *Error.
func ParseBatchRequest(data []byte) (*BatchRequest, error) {
	b := readBody(data)
	r := &BatchRequest{}
	b.unread([]string{"input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"}, nil)
	b.read("input_file_id", &r.InputFileID)
	b.read("endpoint", &r.Endpoint)
	b.read("completion_window", &r.CompletionWindow)
	b.read("metadata", &r.Metadata)
	switch {
	case b.err != nil:
	case r.InputFileID == "":
		b.fail(errorf("input_file_id", CodeMissing, "a file with the requests is needed"))
	case r.CompletionWindow != "" && r.CompletionWindow != "24h":
		b.fail(errorf("completion_window", CodeValue, "%q is not possible; use 24h", r.CompletionWindow))
	case len(r.Metadata) > maxMetadata:
		b.fail(errorf("metadata", CodeValue, "%d entries; at most %d are possible", len(r.Metadata), maxMetadata))
	}
	if r.CompletionWindow = "24h"; b.err != nil {
		return nil, b.err
	}
	return r, nil
}

// BatchLine is one request of a batch.
type BatchLine struct {
	CustomID string          `json:"custom_id"`
	Method   string          `json:"method"`
	URL      string          `json:"url"`
	Body     json.RawMessage `json:"body"`
}

// BatchOutput is its answer: a response, or an error where none came to be.
type BatchOutput struct {
	ID       string            `json:"id"`
	CustomID string            `json:"custom_id"`
	Response *BatchResponse    `json:"response"`
	Error    map[string]string `json:"error"`
}

// BatchResponse is what the endpoint answered.
type BatchResponse struct {
	StatusCode int             `json:"status_code"`
	RequestID  string          `json:"request_id"`
	Body       json.RawMessage `json:"body"`
}

// maxBatch bounds the requests of one batch, as the API does.
const maxBatch = 50000

// ParseBatchLines reads the requests of a batch. What is wrong is told line by line.
func ParseBatchLines(content []byte, endpoint string) (lines []BatchLine, wrong []BatchError) {
	seen := map[string]bool{}
	for i, raw := range bytes.Split(content, []byte("\n")) {
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		fail := func(code, format string, args ...any) {
			if len(wrong) < 100 {
				wrong = append(wrong, BatchError{Code: code, Message: fmt.Sprintf(format, args...), Line: i + 1})
			}
		}
		var l BatchLine
		var body struct {
			Stream bool `json:"stream"`
		}
		switch err := json.Unmarshal(raw, &l); {
		case err != nil:
			fail("invalid_json_line", "the line is no JSON object: %v", err)
		case l.CustomID == "":
			fail("missing_required_parameter", "custom_id is missing")
		case seen[l.CustomID]:
			fail("duplicate_custom_id", "the custom_id %q appears twice", l.CustomID)
		case l.Method != "POST":
			fail("invalid_method", "the method %q is not possible; use POST", l.Method)
		case l.URL != endpoint:
			fail("invalid_url", "the url %q is not the batch's endpoint %s", l.URL, endpoint)
		case json.Unmarshal(l.Body, &body) != nil:
			fail("invalid_body", "the body is no JSON object")
		case body.Stream:
			fail("invalid_body", "a request of a batch cannot stream")
		case len(lines) == maxBatch:
			fail("too_many_tasks", "more than %d requests", maxBatch)
			return nil, wrong
		}
		seen[l.CustomID] = true
		lines = append(lines, l)
	}
	if len(lines) == 0 && len(wrong) == 0 {
		wrong = []BatchError{{Code: "empty_file", Message: "the file holds no requests", Line: 1}}
	}
	return lines, wrong
}
