package server

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"ossian/internal/openai"
)

// TestDescription: what the document names is served, and every field it names is read.
func TestDescription(t *testing.T) {
	b := newBench(t, Options{})
	_, _, body := b.ask(t, "GET", "/openapi.json", "")
	doc := into[struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			ID          string `json:"operationId"`
			Summary     string
			RequestBody struct {
				Content map[string]struct {
					Schema struct{ Properties map[string]any }
				}
			}
		}
	}](t, body)
	if doc.OpenAPI != "3.1.0" || len(doc.Paths) < 25 {
		t.Error(body)
	}
	ids := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, op := range operations {
			if op.Summary == "" || ids[op.ID] {
				t.Errorf("%s %s: %+v", method, path, op)
			}
			ids[op.ID] = true
			r := httptest.NewRequest(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "x"), nil)
			if !b.serves(r) {
				t.Errorf("%s %s is not served", method, path)
			}
		}
	}
	for path, parse := range map[string]func(string) error{
		"/v1/chat/completions": func(s string) error { _, err := openai.ParseChatRequest([]byte(s)); return err },
		"/v1/responses":        func(s string) error { _, err := openai.ParseResponseRequest([]byte(s)); return err },
		"/v1/completions":      func(s string) error { _, err := openai.ParseCompletionRequest([]byte(s)); return err },
	} {
		fields := doc.Paths[path]["post"].RequestBody.Content["application/json"].Schema.Properties
		if len(fields) < 15 {
			t.Error(path, fields)
		}
		for name := range fields {
			// A value of no sense must be refused by name, or the field changes nothing.
			harmless := []string{"user", "parallel_tool_calls", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prediction", "max_tool_calls", "client_metadata", "metadata"}
			err := parse(`{"messages":[],"input":"x","prompt":"x","` + name + `":{"no":["sense"]}}`)
			if err == nil && !slices.Contains(harmless, name) && name != "reasoning" && name != "text" && name != "stream_options" && name != "response_format" && name != "logprobs" {
				t.Errorf("%s does not read %s", path, name)
			}
		}
	}
}
