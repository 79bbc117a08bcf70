package server

import (
	"net/http"
	"regexp"
	"strings"
)

// describe serves an OpenAPI document. It is made from the table of routes and from the
// fields that the requests read, so it cannot differ from what is served.
func (s *Server) describe(w http.ResponseWriter, r *http.Request) {
	paths := map[string]map[string]any{}
	for _, route := range s.routes() {
		method, path, ok := strings.Cut(route.pattern, " ")
		if !ok {
			continue
		}
		path = strings.ReplaceAll(path, "{id...}", "{id}")
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		paths[path][strings.ToLower(method)] = s.operation(route, method, path)
	}
	security := []any{}
	if s.opt.Keys != nil {
		security = []any{map[string]any{"bearer": []any{}}}
	}
	_ = replyJSON(w, map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": "Ossian", "version": s.opt.Version, "description": "OpenAI's API, and what else clients ask for, for a gpt-oss model on this machine."},
		"paths":   paths, "security": security,
		"components": map[string]any{
			"securitySchemes": map[string]any{"bearer": map[string]any{"type": "http", "scheme": "bearer"}},
			"schemas":         map[string]any{"Error": errorSchema()},
		},
	})
}

func (s *Server) operation(route route, method, path string) map[string]any {
	op := map[string]any{
		"operationId": operationID(method, path), "summary": route.about,
		"responses": map[string]any{
			"200": map[string]any{"description": "As the API that the path belongs to documents it."},
			"default": map[string]any{"description": "An error.", "content": map[string]any{
				"application/json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/Error"}}}},
		},
	}
	if route.open {
		op["security"] = []any{}
	}
	if strings.Contains(path, "{id}") {
		op["parameters"] = []any{map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]any{"type": "string"}}}
	}
	if len(route.fields) > 0 {
		fields := map[string]any{}
		for _, name := range route.fields {
			fields[name] = fieldSchema(name)
		}
		op["requestBody"] = map[string]any{"required": true, "content": map[string]any{
			"application/json": map[string]any{"schema": map[string]any{"type": "object", "properties": fields}}}}
	}
	return op
}

// operationID is a name such as post_v1_chat_completions.
func operationID(method, path string) string {
	return strings.ToLower(method) + strings.TrimRight(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(path, "_"), "_")
}

// fieldSchema says what a field holds, where that is one simple thing.
func fieldSchema(name string) map[string]any {
	kind := ""
	switch name {
	case "stream", "store", "background", "echo", "parallel_tool_calls":
		kind = "boolean"
	case "temperature", "top_p", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty":
		kind = "number"
	case "n", "seed", "top_k", "top_logprobs", "max_tokens", "max_completion_tokens", "max_output_tokens", "best_of":
		kind = "integer"
	case "model", "instructions", "previous_response_id", "reasoning_effort", "date", "truncation", "service_tier", "verbosity", "suffix":
		kind = "string"
	case "messages", "tools", "include", "modalities":
		kind = "array"
	case "response_format", "text", "reasoning", "stream_options", "metadata", "logit_bias", "client_metadata":
		kind = "object"
	}
	if kind == "" {
		return map[string]any{}
	}
	return map[string]any{"type": []string{kind, "null"}}
}

func errorSchema() map[string]any {
	text := map[string]any{"type": []string{"string", "null"}}
	return map[string]any{"type": "object", "properties": map[string]any{"error": map[string]any{"type": "object",
		"properties": map[string]any{"message": map[string]any{"type": "string"}, "type": map[string]any{"type": "string"}, "param": text, "code": text},
		"required":   []string{"message", "type", "param", "code"}}}, "required": []string{"error"}}
}
