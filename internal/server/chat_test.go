package server

import (
	"strings"
	"testing"

	"ossian/internal/openai"
)

func TestChat(t *testing.T) {
	b := newBench(t, Options{})
	for name, c := range map[string]struct {
		body                       string
		content, reasoning, finish string
		calls                      int
	}{
		"answer":        {user(answered, ""), "It is 42 €.", "", "stop", 0},
		"reasoning":     {user(reasoned+answered, ""), "It is 42 €.", "17 + 25 = 42.", "stop", 0},
		"two":           {user(reasoned+reasoned+answered, ""), "It is 42 €.", "17 + 25 = 42.\n17 + 25 = 42.", "stop", 0},
		"hidden":        {user(reasoned+answered, `,"reasoning":{"exclude":true}`), "It is 42 €.", "", "stop", 0},
		"stop":          {user(reasoned+answered, `,"stop":[" 42"]`), "It is", "17 + 25 = 42.", "stop", 0},
		"length":        {user(reasoned+answered, `,"max_tokens":5`), "", "17 +", "length", 0},
		"cap":           {user(answered, `,"max_completion_tokens":131072`), "It is 42 €.", "", "stop", 0},
		"preamble, end": {user("<|channel|>commentary<|message|>First.<|end|><|start|>assistant"+answered, ""), "First.\nIt is 42 €.", "", "stop", 0},
		"call":          {user(called, ","+weather), "I look.", "", "tool_calls", 1},
		"no answer":     {user("<|channel|>analysis<|message|>Hm.<|return|>", ""), "", "Hm.", "stop", 0},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, body := b.ask(t, "POST", "/v1/chat/completions", c.body)
			whole := into[openai.ChatCompletion](t, body)
			if status != 200 || len(whole.Choices) != 1 {
				t.Fatal(status, body)
			}
			got := whole.Choices[0]
			content := ""
			if got.Message.Content != nil {
				content = *got.Message.Content
			}
			if content != c.content || got.Message.Reasoning != c.reasoning || got.Message.ReasoningContent != c.reasoning ||
				got.FinishReason != c.finish || len(got.Message.ToolCalls) != c.calls {
				t.Errorf("%s", body)
			}
			if c.calls > 0 {
				call := got.Message.ToolCalls[0]
				if call.Function.Name != "weather" || call.Function.Arguments != `{"at":"Oslo"}` || call.Type != "function" || !strings.HasPrefix(call.ID, "call_") {
					t.Errorf("%+v", call)
				}
			}
			if u := whole.Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
				t.Errorf("%+v", u)
			}

			// The stream, joined, is the same.
			status, head, body := b.ask(t, "POST", "/v1/chat/completions", strings.Replace(c.body, "{", `{"stream":true,"stream_options":{"include_usage":true},`, 1))
			if status != 200 || head.Get("Content-Type") != "text/event-stream" {
				t.Fatal(status, body)
			}
			list := events(t, body)
			if last := list[len(list)-1]; last.data != "[DONE]" {
				t.Errorf("the last event is %+v", last)
			}
			var streamed openai.ChatAnswer
			text, finish, usage := "", "", openai.Usage{}
			for i, e := range list[:len(list)-1] {
				chunk := into[openai.ChatChunk](t, e.data)
				if string(chunk.Usage) != "null" {
					usage = into[openai.Usage](t, string(chunk.Usage))
				}
				for _, ch := range chunk.Choices {
					if (ch.Delta.Role == "assistant") != (i == 0) {
						t.Errorf("event %d has the role %q", i, ch.Delta.Role)
					}
					if ch.Delta.Content != nil {
						text += *ch.Delta.Content
					}
					streamed.Reasoning += ch.Delta.Reasoning
					for _, d := range ch.Delta.ToolCalls {
						if *d.Index == len(streamed.ToolCalls) {
							streamed.ToolCalls = append(streamed.ToolCalls, d)
							continue
						}
						streamed.ToolCalls[*d.Index].Function.Arguments += d.Function.Arguments
					}
					if ch.FinishReason != nil {
						finish = *ch.FinishReason
					}
				}
			}
			if text != content || streamed.Reasoning != c.reasoning || finish != c.finish || usage != whole.Usage || len(streamed.ToolCalls) != c.calls {
				t.Errorf("streamed %q, %+v, %s, %+v", text, streamed, finish, usage)
			}
			if c.calls > 0 && streamed.ToolCalls[0].Function != got.Message.ToolCalls[0].Function {
				t.Errorf("streamed %+v", streamed.ToolCalls)
			}
		})
	}
}

// TestToolLoop: what an answer says can be sent back as it is, with the tool's result.
func TestToolLoop(t *testing.T) {
	b := newBench(t, Options{})
	_, _, body := b.ask(t, "POST", "/v1/chat/completions", user(reasoned+called, ","+weather))
	first := into[struct {
		Choices []struct{ Message map[string]any }
	}](t, body).Choices[0].Message
	id := first["tool_calls"].([]any)[0].(map[string]any)["id"].(string)
	again := `{"messages":[{"role":"user","content":"?"},` + toJSON(first) + `,{"role":"tool","tool_call_id":` + quoted(id) + `,"content":` + quoted(answered) + `}],` + weather + `}`
	status, _, body := b.ask(t, "POST", "/v1/chat/completions", again)
	if got := into[openai.ChatCompletion](t, body); status != 200 || *got.Choices[0].Message.Content != "It is 42 €." || got.Model != "parrot" {
		t.Error(status, body)
	}
}

func TestChoices(t *testing.T) {
	b := newBench(t, Options{})
	status, _, body := b.ask(t, "POST", "/v1/chat/completions", user(answered, `,"n":3`))
	got := into[openai.ChatCompletion](t, body)
	if status != 200 || len(got.Choices) != 3 || got.Choices[2].Index != 2 || *got.Choices[2].Message.Content != "It is 42 €." {
		t.Error(body)
	}
	one := into[openai.ChatCompletion](t, func() string { _, _, s := b.ask(t, "POST", "/v1/chat/completions", user(answered, "")); return s }())
	if got.Usage.PromptTokens != one.Usage.PromptTokens || got.Usage.CompletionTokens != 3*one.Usage.CompletionTokens {
		t.Errorf("%+v, one alone %+v", got.Usage, one.Usage)
	}
	if status, _, body := b.ask(t, "POST", "/v1/chat/completions", user(answered, `,"n":9`)); status != 400 || !strings.Contains(body, `"param":"n"`) {
		t.Error(status, body)
	}
}

func TestLogprobs(t *testing.T) {
	b := newBench(t, Options{})
	_, _, body := b.ask(t, "POST", "/v1/chat/completions", user(reasoned+answered, `,"logprobs":true,"top_logprobs":2`))
	got := into[openai.ChatCompletion](t, body)
	said := ""
	for _, l := range got.Choices[0].Logprobs.Content {
		for _, c := range l.Bytes {
			said += string([]byte{byte(c)})
		}
		if len(l.Top) != 2 || l.Top[0].Token != l.Token || l.Logprob > 0 || l.Logprob != l.Top[0].Logprob {
			t.Errorf("%+v", l)
		}
	}
	if said != "It is 42 €." {
		t.Errorf("%q", said)
	}
}

func TestIgnored(t *testing.T) {
	b := newBench(t, Options{})
	_, head, _ := b.ask(t, "POST", "/v1/chat/completions", user(answered, `,"client_metadata":{},"x\r\ny":1,"think_more":true`))
	if got := head.Get("Ossian-Ignored"); got != "client_metadata, think_more" {
		t.Errorf("%q", got)
	}
}
