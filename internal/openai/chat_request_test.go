package openai

import (
	"errors"
	"strings"
	"testing"

	"ossian/internal/harmony"
	"ossian/internal/token"

	"github.com/google/go-cmp/cmp"
)

func TestToConversation(t *testing.T) {
	v, err := token.O200kHarmony()
	if err != nil {
		t.Fatal(err)
	}
	enc, err := harmony.New(v)
	if err != nil {
		t.Fatal(err)
	}
	system := func(effort string) string {
		return "<|start|>system<|message|>" + harmony.DefaultIdentity + "\nKnowledge cutoff: 2024-06\n\nReasoning: " + effort +
			"\n\n# Valid channels: analysis, commentary, final. Channel must be included for every message."
	}
	const weather = `{"type":"function","function":{"name":"get_weather","description":"Weather.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}`
	const tools = "# Tools\n\n## functions\n\nnamespace functions {\n\n// Weather.\ntype get_weather = (_: {\ncity: string,\n}) => any;\n\n} // namespace functions"
	const routing = "\nCalls to these tools must go to the commentary channel: 'functions'."
	const call = `{"id":"c%","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"%\"}"}}`
	calls := strings.ReplaceAll(call, "%", "1") + "," + strings.ReplaceAll(call, "%", "2")
	called := func(n string) string {
		return "<|start|>assistant to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>{\"city\":\"" + n + "\"}<|call|>" +
			"<|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>r" + n + "<|end|>"
	}
	for _, c := range []struct{ name, body, want string }{
		{"user", `{"messages":[{"role":"user","content":"Hi"}]}`, system("medium") + "<|end|><|start|>user<|message|>Hi<|end|>"},
		{"date and effort", `{"messages":[{"role":"user","content":"Hi"}],"date":"2026-01-31","reasoning_effort":"low","model":"x","temperature":1,"stream":null}`,
			strings.Replace(system("low"), "2024-06\n", "2024-06\nCurrent date: 2026-01-31\n", 1) + "<|end|><|start|>user<|message|>Hi<|end|>"},
		{"instructions", `{"messages":[{"role":"system","content":"One."},{"role":"developer","content":[{"type":"text","text":"Two."}]},{"role":"user","name":"bob","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"system","content":"Three."}]}`,
			system("medium") + "<|end|><|start|>developer<|message|># Instructions\n\nOne.\n\nTwo.<|end|><|start|>user:bob<|message|>ab<|end|><|start|>developer<|message|># Instructions\n\nThree.<|end|>"},
		{"tools", `{"messages":[{"role":"system","content":"S"},{"role":"user","content":"Hi"}],"tools":[` + weather + `]}`,
			system("medium") + routing + "<|end|><|start|>developer<|message|># Instructions\n\nS\n\n" + tools + "<|end|><|start|>user<|message|>Hi<|end|>"},
		{"no tools", `{"messages":[{"role":"user","content":"Hi"}],"tools":[` + weather + `],"tool_choice":"none"}`, system("medium") + "<|end|><|start|>user<|message|>Hi<|end|>"},
		{"format", `{"messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"list","description":"D","schema":{"type": "array"}}}}`,
			system("medium") + "<|end|><|start|>developer<|message|># Response Formats\n\n## list\n\n// D\n{\"type\":\"array\"}<|end|><|start|>user<|message|>Hi<|end|>"},
		{"history drops reasoning", `{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"f","reasoning_content":"a","refusal":null,"annotations":[]},{"role":"user","content":"v"}]}`,
			system("medium") + "<|end|><|start|>user<|message|>u<|end|><|start|>assistant<|channel|>final<|message|>f<|end|><|start|>user<|message|>v<|end|>"},
		{"open loop keeps reasoning; calls pair with results", `{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"Let me see.","reasoning":"a","tool_calls":[` + calls + `]},
			{"role":"tool","tool_call_id":"c2","content":"r2"},{"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"r1"}]}]}`,
			system("medium") + "<|end|><|start|>user<|message|>u<|end|><|start|>assistant<|channel|>analysis<|message|>a<|end|>" +
				"<|start|>assistant<|channel|>commentary<|message|>Let me see.<|end|>" + called("1") + called("2")},
		{"the same id again later", `{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":null,"tool_calls":[` + strings.ReplaceAll(call, "%", "1") + `]},{"role":"tool","tool_call_id":"c1","content":"r1"},
			{"role":"assistant","tool_calls":[` + strings.ReplaceAll(call, "%", "1") + `]},{"role":"tool","tool_call_id":"c1","content":"r1"}]}`,
			system("medium") + "<|end|><|start|>user<|message|>u<|end|>" + called("1") + called("1")},
		{"empty answer", `{"messages":[{"role":"user","content":""},{"role":"assistant","content":""}]}`,
			system("medium") + "<|end|><|start|>user<|message|><|end|><|start|>assistant<|channel|>final<|message|><|end|>"},
		{"only reasoning", `{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"","reasoning":"a"}]}`,
			system("medium") + "<|end|><|start|>user<|message|>u<|end|><|start|>assistant<|channel|>analysis<|message|>a<|end|>"},
		{"refusal", `{"messages":[{"role":"assistant","content":null,"refusal":"No."}]}`, system("medium") + "<|end|><|start|>assistant<|channel|>final<|message|>No.<|end|>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseChatRequest([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			conv, err := r.ToConversation()
			if err != nil {
				t.Fatal(err)
			}
			ids, err := enc.Render(nil, conv, harmony.RenderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, v.Decode(ids)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	user := func(rest string) string { return `{"messages":[{"role":"user","content":"u"}]` + rest + `}` }
	msgs := func(list string) string { return `{"messages":[{"role":"user","content":"u"},` + list + `]}` }
	const call = `{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]}`
	const result = `{"role":"tool","tool_call_id":"c","content":"r"}`
	for _, c := range []struct{ body, param, code string }{
		{`[]`, "", CodeJSON},
		{`{`, "", CodeJSON},
		{`{}`, "messages", CodeMissing},
		{`{"messages":[]}`, "messages", CodeMissing},
		{`{"messages":{}}`, "messages", CodeValue},
		{`{"messages":[1]}`, "messages[0]", CodeValue},
		{`{"messages":[null]}`, "messages[0]", CodeValue},
		{`{"messages":[{"content":"x"}]}`, "messages[0].role", CodeMissing},
		{`{"messages":[{}]}`, "messages[0].role", CodeMissing},
		{`{"messages":[{"role":"narrator","content":"x"}]}`, "messages[0].role", CodeValue},
		{`{"messages":[{"role":"function","name":"f","content":"x"}]}`, "messages[0].role", CodeUnsupported},
		{`{"messages":[{"role":"user"}]}`, "messages[0].content", CodeMissing},
		{`{"messages":[{"role":"user","content":7}]}`, "messages[0].content", CodeValue},
		{`{"messages":[{"role":7}]}`, "messages[0].role", CodeValue},
		{`{"messages":[{"role":"user","name":"a b","content":"x"}]}`, "messages[0].name", CodeValue},
		{`{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}`, "messages[0].content[0]", CodeUnsupported},
		{`{"messages":[{"role":"user","content":[{"type":"text"}]}]}`, "messages[0].content[0]", CodeMissing},
		{msgs(`{"role":"assistant"}`), "messages[1].content", CodeMissing},
		{msgs(`{"role":"assistant","audio":{"id":"x"}}`), "messages[1].audio", CodeUnsupported},
		{msgs(`{"role":"assistant","function_call":{"name":"x"}}`), "messages[1].function_call", CodeUnsupported},
		{msgs(`{"role":"user","content":"x","tool_calls":[{}]}`), "messages[1].tool_calls", CodeValue},
		{msgs(`{"role":"user","content":"x","tool_call_id":"c"}`), "messages[1].tool_call_id", CodeValue},
		{msgs(`{"role":"tool","content":"x"}`), "messages[1].tool_call_id", CodeMissing},
		{msgs(result), "messages[1].tool_call_id", CodeValue},
		{msgs(call), "messages[1].tool_calls[0].id", CodeMissing},
		{msgs(call + `,{"role":"user","content":"x"}`), "messages[1].tool_calls[0].id", CodeMissing},
		{msgs(call + "," + result + "," + result), "messages[3].tool_call_id", CodeValue},
		{msgs(strings.Replace(call, `"id":"c",`, "", 1)), "messages[1].tool_calls[0].id", CodeMissing},
		{msgs(strings.Replace(call, `"f"`, `"f <|x"`, 1)), "messages[1].tool_calls[0].function.name", CodeValue},
		{msgs(strings.Replace(call, `"{}"`, `{}`, 1)), "messages[1].tool_calls.function.arguments", CodeValue},
		{msgs(strings.Replace(call, `"id"`, `"type":"custom","id"`, 1)), "messages[1].tool_calls[0].type", CodeUnsupported},
		{user(`,"functions":[]`), "functions", CodeUnsupported},
		{user(`,"resoning_effort":"low"`), "resoning_effort", CodeUnknown},
		{user(`,"reasoning_effort":"extreme"`), "reasoning_effort", CodeValue},
		{user(`,"reasoning_effort":3`), "reasoning_effort", CodeValue},
		{user(`,"date":"31.1.2026"`), "date", CodeValue},
		{user(`,"tool_choice":"required"`), "tool_choice", CodeValue},
		{user(`,"tool_choice":"maybe"`), "tool_choice", CodeValue},
		{user(`,"tool_choice":7`), "tool_choice", CodeValue},
		{user(`,"tool_choice":{"type":"function","function":{"name":"f"}}`), "tool_choice", CodeValue},
		{user(`,"tool_choice":{"type":"function"}`), "tool_choice.name", CodeMissing},
		{user(`,"tool_choice":{"type":"custom"}`), "tool_choice.type", CodeUnsupported},
		{user(`,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}`), "tool_choice", CodeValue},
		{user(`,"temperature":3`), "temperature", CodeValue},
		{user(`,"temperature":"hot"`), "temperature", CodeValue},
		{user(`,"top_p":0`), "top_p", CodeValue},
		{user(`,"n":0`), "n", CodeValue},
		{user(`,"n":1.5`), "n", CodeValue},
		{user(`,"max_tokens":0`), "max_tokens", CodeValue},
		{user(`,"max_completion_tokens":-1`), "max_completion_tokens", CodeValue},
		{user(`,"stop":[""]`), "stop", CodeValue},
		{user(`,"stop":7`), "stop", CodeValue},
		{user(`,"stop":["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q"]`), "stop", CodeValue},
		{user(`,"logit_bias":{"x":1}`), "logit_bias", CodeValue},
		{user(`,"logit_bias":{"5":101}`), "logit_bias", CodeValue},
		{user(`,"top_logprobs":3`), "top_logprobs", CodeValue},
		{user(`,"logprobs":true,"top_logprobs":21`), "top_logprobs", CodeValue},
		{user(`,"stream_options":{"include_usage":true}`), "stream_options", CodeValue},
		{user(`,"store":true`), "store", CodeUnsupported},
		{user(`,"modalities":["text","audio"]`), "modalities", CodeUnsupported},
		{user(`,"verbosity":"low"`), "verbosity", CodeUnsupported},
		{user(`,"service_tier":"gold"`), "service_tier", CodeValue},
		{user(`,"guided_regex":"a+"`), "guided_regex", CodeUnsupported},
		{user(`,"tool_choise":"auto"`), "tool_choise", CodeUnknown},
		{`null`, "", CodeJSON},
		{user(`,"tools":[{"type":"web_search"}]`), "tools[0].type", CodeUnsupported},
		{user(`,"tools":[{"type":"function","function":{"name":"a.b"}}]`), "tools[0].function.name", CodeValue},
		{user(`,"tools":[{"type":"function","function":{"name":"a","parameters":[]}}]`), "tools[0].function.parameters", CodeValue},
		{user(`,"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"a"}}]`), "tools[1].function.name", CodeValue},
		{user(`,"response_format":{"type":"grammar"}`), "response_format.type", CodeUnsupported},
		{user(`,"response_format":{"type":"json_schema","json_schema":{"name":"x"}}`), "response_format.json_schema.schema", CodeMissing},
		{user(`,"response_format":{"type":"json_schema"}`), "response_format.json_schema.name", CodeValue},
	} {
		r, err := ParseChatRequest([]byte(c.body))
		if err == nil {
			_, err = r.ToConversation()
		}
		var e *Error
		if !errors.As(err, &e) || e.Param != c.param || e.Code != c.code || e.Error() == "" {
			t.Errorf("%s\n\tgot %v, want %s of %q", c.body, err, c.code, c.param)
		}
	}
}

// FuzzChatRequest: any body gives a conversation that can be rendered, or a typed error.
func FuzzChatRequest(f *testing.F) {
	f.Add([]byte(`{"messages":[{"role":"user","content":"u"}],"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object"}}}]}`))
	f.Add([]byte(`{"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}}]},{"role":"tool","tool_call_id":"c","content":[]}]}`))
	v, err := token.O200kHarmony()
	if err != nil {
		f.Fatal(err)
	}
	enc, err := harmony.New(v)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := ParseChatRequest(body)
		var conv harmony.Conversation
		if err == nil {
			conv, err = r.ToConversation()
		}
		var e *Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		var re *harmony.RenderError
		if _, err := enc.Render(nil, conv, harmony.RenderOptions{}); err != nil && !errors.As(err, &re) {
			t.Fatal(err)
		}
	})
}

// FuzzResponseRequest: any body gives a conversation that can be rendered, or a typed error.
func FuzzResponseRequest(f *testing.F) {
	f.Add([]byte(`{"input":[{"role":"user","content":"u"},{"type":"reasoning","content":[{"type":"reasoning_text","text":"r"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"}],"tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}]}`))
	f.Add([]byte(`{"input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{}}},"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"name":"f"}]}}`))
	v, err := token.O200kHarmony()
	if err != nil {
		f.Fatal(err)
	}
	enc, err := harmony.New(v)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := ParseResponseRequest(body)
		var conv harmony.Conversation
		if err == nil {
			_ = r.Constraint()
			conv, err = r.Conversation(nil)
		}
		var e *Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		for _, item := range r.Input {
			if _, err := StoredItem(item, func() string { return "x" }); err != nil {
				t.Fatal(err)
			}
		}
		var re *harmony.RenderError
		if _, err := enc.Render(nil, conv, harmony.RenderOptions{}); err != nil && !errors.As(err, &re) {
			t.Fatal(err)
		}
	})
}
