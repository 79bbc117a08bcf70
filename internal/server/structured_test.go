package server

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestStructured asks a model that would say something else for forms of answers. What it
// wants to say is taken where it is allowed; elsewhere it says the first token that is.
func TestStructured(t *testing.T) {
	b := newBench(t, Options{})
	schema := `{"type":"object","properties":{"n":{"type":"integer","maximum":9},"word":{"type":"string","maxLength":5}},"required":["n","word"],"additionalProperties":false}`
	format := `,"max_tokens":150,"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":` + schema + `}}`
	for name, said := range map[string]string{"in form": `<|channel|>final<|message|>{"n": 3, "word": "ab"}`, "prose": "Hello, I would rather talk.",
		"leaking": `<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Sure! <|end|>`} {
		for _, stream := range []bool{false, true} {
			body := user(said, format)
			content := ""
			if stream {
				body = strings.Replace(body, `"messages"`, `"stream":true,"messages"`, 1)
				_, _, text := b.ask(t, "POST", "/v1/chat/completions", body)
				for _, e := range events(t, text) {
					if e.data == "[DONE]" {
						continue
					}
					for _, c := range into[struct {
						Choices []struct{ Delta struct{ Content string } }
					}](t, e.data).Choices {
						content += c.Delta.Content
					}
				}
			} else {
				status, _, text := b.ask(t, "POST", "/v1/chat/completions", body)
				if status != 200 {
					t.Fatalf("%s: %d %s", name, status, text)
				}
				content = into[struct {
					Choices []struct{ Message struct{ Content string } }
				}](t, text).Choices[0].Message.Content
			}
			var got struct {
				N    *int
				Word *string
			}
			if err := json.Unmarshal([]byte(content), &got); err != nil || got.N == nil || got.Word == nil || *got.N > 9 || len(*got.Word) > 5 {
				t.Errorf("%s, stream %v: %q, %v", name, stream, content, err)
			}
			if name == "in form" && content != `{"n": 3, "word": "ab"}` {
				t.Errorf("what was in form was changed: %q", content)
			}
		}
	}
}

// TestToolChoice holds a model to the calls it may make.
func TestToolChoice(t *testing.T) {
	b := newBench(t, Options{})
	m := b.model.Load()
	m.Chat.Format = m.format // as the program does: also what demands nothing is guided
	tools := `"max_tokens":150,"tools":[{"type":"function","function":{"name":"get","strict":true,"parameters":{"type":"object","properties":{"city":{"enum":["Rome","Oslo"]}},"required":["city"],"additionalProperties":false}}},{"type":"function","function":{"name":"other"}}]`
	call := `<|channel|>commentary to=functions.get <|constrain|>json<|message|>{"city":"Paris"}<|call|>`
	for _, c := range []struct{ said, choice, want string }{
		{call, `"auto"`, "get"}, {"No.", `"required"`, "?"}, {"No.", `{"type":"function","function":{"name":"other"}}`, "other"},
		{call, `"none"`, ""}, {`<|channel|>commentary to=functions.rm <|constrain|>json<|message|>{}<|call|>`, `"required"`, "?"},
	} {
		status, _, text := b.ask(t, "POST", "/v1/chat/completions", user(c.said, `,"tool_choice":`+c.choice+`,`+tools))
		if status != 200 {
			t.Fatalf("%s: %d %s", c.choice, status, text)
		}
		got := into[struct {
			Choices []struct {
				Message struct {
					Content   string
					ToolCalls []struct {
						Function struct{ Name, Arguments string }
					} `json:"tool_calls"`
				}
			}
		}](t, text).Choices[0].Message
		if strings.Contains(got.Content, "<|") {
			t.Errorf("a control token in %q", got.Content)
		}
		if c.want == "" {
			if len(got.ToolCalls) > 0 || got.Content == "" {
				t.Errorf("%s: %s", c.choice, text)
			}
			continue
		}
		if len(got.ToolCalls) != 1 {
			t.Errorf("%s, %s: no call: %s", c.said, c.choice, text)
			continue
		}
		f := got.ToolCalls[0].Function
		if f.Name != "get" && f.Name != "other" || c.want != "?" && f.Name != c.want || !json.Valid([]byte(f.Arguments)) {
			t.Errorf("%s: %+v", c.choice, f)
		}
		if f.Name == "get" && !strings.Contains(f.Arguments, "Rome") && !strings.Contains(f.Arguments, "Oslo") {
			t.Errorf("arguments against their schema: %s", f.Arguments)
		}
	}
}

func TestUnenforceable(t *testing.T) {
	b := newBench(t, Options{})
	for schema, want := range map[string]string{
		`{"type":"array","uniqueItems":true}`:                             "uniqueItems",
		`{"type":"object","properties":{"a":{"format":"semver"}}}`:        "/properties/a",
		`{"type":"string","pattern":"(a|b)*a(a|b){40}","minLength":1000}`: "pattern",
		`{"$ref":"#/nowhere"}`:                                            "$ref",
	} {
		status, _, text := b.ask(t, "POST", "/v1/chat/completions", user("x", `,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":`+schema+`}}`))
		if e := into[problem](t, text).Error; status != 400 || !strings.Contains(e.Message, want) || e.Param == nil || !strings.HasPrefix(*e.Param, "response_format") {
			t.Errorf("%s: %d %s", schema, status, text)
		}
	}
}
