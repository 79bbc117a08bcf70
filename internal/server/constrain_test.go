package server

import (
	"encoding/json"
	"strings"
	"testing"

	"ossian/internal/openai"
)

// TestForms: whatever the model wants to write, the answer has the form that was asked for.
func TestForms(t *testing.T) {
	b := newBench(t, Options{})
	const form = `{"type":"object","properties":{"a":{"type":"integer","maximum":9}},"required":["a"],"additionalProperties":false}`
	const other = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>No JSON at all.<|return|>"
	const good = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>{\"a\":7}<|return|>"
	valid := func(text string) bool {
		var v struct{ A *float64 }
		return json.Unmarshal([]byte(text), &v) == nil && v.A != nil && *v.A <= 9
	}
	for said, want := range map[string]string{good: `{"a":7}`, other: ""} {
		limit := `,"max_tokens":60`
		_, _, body := b.ask(t, "POST", "/v1/chat/completions", user(said, limit+`,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":`+form+`}}`))
		got := into[openai.ChatCompletion](t, body).Choices[0].Message
		if got.Content == nil || !valid(*got.Content) || want != "" && *got.Content != want || got.Reasoning != "Hm." {
			t.Error(body)
		}
		_, _, body = b.ask(t, "POST", "/v1/responses", tell(said, `,"max_output_tokens":60,"text":{"format":{"type":"json_schema","name":"x","strict":true,"schema":`+form+`}}`))
		if out := into[wire](t, body).Output; len(out) != 2 || !valid(out[1].text()) {
			t.Error(body)
		}
		_, _, body = b.ask(t, "POST", "/api/chat", `{"model":"parrot","stream":false,"options":{"num_predict":60},"messages":[{"role":"user","content":`+quoted(said)+`}],"format":`+form+`}`)
		if got := into[struct{ Message struct{ Content string } }](t, body); !valid(got.Message.Content) {
			t.Error(body)
		}
	}
	_, _, body := b.ask(t, "POST", "/v1/chat/completions", user(other, `,"max_tokens":60,"response_format":{"type":"json_object"}`))
	if got := into[openai.ChatCompletion](t, body).Choices[0].Message; !json.Valid([]byte(*got.Content)) || !strings.HasPrefix(*got.Content, "{") {
		t.Error(body)
	}
}

// TestForcedCalls: a call that is required is made, and its arguments follow their schema.
func TestForcedCalls(t *testing.T) {
	b := newBench(t, Options{})
	const tools = `"tools":[{"type":"function","function":{"name":"look"}},{"type":"function","function":{"name":"weather","strict":true,"parameters":{"type":"object","properties":{"at":{"enum":["Oslo","Rome"]}},"required":["at"],"additionalProperties":false}}}]`
	for choice, names := range map[string]string{
		`"required"`: "look weather", `{"type":"function","function":{"name":"weather"}}`: "weather",
		`{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"look"}}]}}`: "look",
	} {
		_, _, body := b.ask(t, "POST", "/v1/chat/completions", user(answered, `,"max_tokens":80,"tool_choice":`+choice+`,`+tools))
		got := into[openai.ChatCompletion](t, body).Choices[0]
		// The parrot has nothing to say there, so the tokens run out and the arguments are led to their end.
		if got.FinishReason != "length" || len(got.Message.ToolCalls) != 1 {
			t.Errorf("%s: %s", choice, body)
			continue
		}
		f := got.Message.ToolCalls[0].Function
		var at struct{ At string }
		if !strings.Contains(names, f.Name) || json.Unmarshal([]byte(f.Arguments), &at) != nil || f.Name == "weather" && at.At != "Oslo" && at.At != "Rome" {
			t.Errorf("%s: %s", choice, body)
		}
	}
	// Nothing forces a call here, but one that is made has arguments of the right form.
	said := strings.Replace(called, "Oslo", "Paris", 1)
	_, _, body := b.ask(t, "POST", "/v1/chat/completions", user(said, `,"max_tokens":80,`+tools))
	if got := into[openai.ChatCompletion](t, body).Choices[0]; len(got.Message.ToolCalls) != 1 || strings.Contains(got.Message.ToolCalls[0].Function.Arguments, "Paris") {
		t.Error(body)
	}
	_, _, body = b.ask(t, "POST", "/v1/messages", `{"model":"parrot","max_tokens":80,"messages":[{"role":"user","content":`+quoted(answered)+`}],"tool_choice":{"type":"any"},"tools":[{"name":"look","input_schema":{"type":"object"}}]}`)
	if got := into[message](t, body); got.StopReason != "max_tokens" || !strings.Contains(body, "tool_use") {
		t.Error(body)
	}
}
