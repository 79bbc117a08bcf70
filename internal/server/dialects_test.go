package server

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"ossian/internal/ollama"
)

// message is an answer of Anthropic's API as a client reads it.
type message struct {
	Type, Role string
	Content    []struct {
		Type, Text, Thinking, Name, ID, Signature string
		Input                                     map[string]any
	}
	StopReason   string  `json:"stop_reason"`
	StopSequence *string `json:"stop_sequence"`
	Usage        struct {
		Input  int `json:"input_tokens"`
		Output int `json:"output_tokens"`
	}
}

func TestMessages(t *testing.T) {
	b := newBench(t, Options{})
	tools := `,"tools":[{"name":"weather","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search"}]`
	claude := func(said, more string) string {
		return `{"model":"parrot","max_tokens":200,"messages":[{"role":"user","content":[{"type":"text","text":` + quoted(said) + `}]}]` + more + `}`
	}
	for name, c := range map[string]struct{ body, blocks, stop string }{
		"answer":   {claude(reasoned+answered, ""), "text:It is 42 €.", "end_turn"},
		"thinking": {claude(reasoned+answered, `,"thinking":{"type":"enabled","budget_tokens":1024}`), "thinking:17 + 25 = 42.|text:It is 42 €.", "end_turn"},
		"call":     {claude(called, tools), "text:I look.|tool_use:map[at:Oslo]", "tool_use"},
		"stop":     {claude(answered, `,"stop_sequences":[" 42"]`), "text:It is", "stop_sequence"},
		"cut":      {strings.Replace(claude(answered, ""), "200", "5", 1), "text:It is", "max_tokens"},
	} {
		status, _, body := b.ask(t, "POST", "/v1/messages", c.body)
		whole := into[message](t, body)
		var got []string
		for _, k := range whole.Content {
			text := k.Text + k.Thinking
			if k.Input != nil {
				text = fmt.Sprint(k.Input)
			}
			got = append(got, k.Type+":"+text)
		}
		if status != 200 || strings.Join(got, "|") != c.blocks || whole.StopReason != c.stop || whole.Usage.Input == 0 || whole.Usage.Output == 0 {
			t.Errorf("%s: %d %s", name, status, body)
		}
		_, _, body = b.ask(t, "POST", "/v1/messages", strings.Replace(c.body, "{", `{"stream":true,`, 1))
		list := events(t, body)
		var blocks []string
		open, stop := -1, ""
		for i, e := range list {
			v := into[struct {
				Type  string
				Index int
				Block struct{ Type string } `json:"content_block"`
				Delta struct {
					Text, Thinking string
					Partial        string `json:"partial_json"`
					Stop           string `json:"stop_reason"`
				}
			}](t, e.data)
			if v.Type != e.name {
				t.Errorf("event %s of type %s", e.name, v.Type)
			}
			switch v.Type {
			case "content_block_start":
				if open >= 0 || v.Index != len(blocks) {
					t.Errorf("%s: %s", name, e.data)
				}
				open, blocks = v.Index, append(blocks, v.Block.Type+":")
			case "content_block_delta":
				if v.Index != open {
					t.Errorf("%s: %s", name, e.data)
				}
				blocks[open] += v.Delta.Text + v.Delta.Thinking + v.Delta.Partial
			case "content_block_stop":
				open = -1
			case "message_delta":
				stop = v.Delta.Stop
			case "message_start":
				if i != 0 {
					t.Error(name, i)
				}
			}
		}
		want := strings.ReplaceAll(c.blocks, "map[at:Oslo]", `{"at":"Oslo"}`)
		if strings.Join(blocks, "|") != want || stop != c.stop || list[len(list)-1].name != "message_stop" {
			t.Errorf("%s: streamed %q, %s", name, blocks, stop)
		}
	}
	loop := `{"model":"parrot","max_tokens":99,"system":[{"type":"text","text":"Rules."}],"messages":[{"role":"user","content":"?"},
		{"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"x"},{"type":"text","text":"I look."},{"type":"tool_use","id":"t1","name":"weather","input":{"at":"Oslo"}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":` + quoted(answered) + `}]}]}]` + tools + `}`
	status, head, body := b.ask(t, "POST", "/v1/messages", loop)
	if p := b.lastPrompt(t); status != 200 || !strings.Contains(p, "Rules.") || !strings.Contains(p, "analysis<|message|>Hm.<|end|>") || !strings.Contains(p, `{"at":"Oslo"}<|call|>`) {
		t.Error(status, body, p)
	}
	if head.Get("Ossian-Ignored") != "tools[1]:web_search_20250305" {
		t.Error(head)
	}
	_, _, count := b.ask(t, "POST", "/v1/messages/count_tokens", claude(answered, ""))
	_, _, body = b.ask(t, "POST", "/v1/messages", claude(answered, ""))
	if want := fmt.Sprintf(`"input_tokens":%d`, into[message](t, body).Usage.Input); !strings.Contains(count, want) {
		t.Error(count, want)
	}
	for body, want := range map[string]string{
		`{`:                              "invalid_request_error",
		`{"messages":[],"max_tokens":5}`: "invalid_request_error",
		`{"messages":[{"role":"user","content":"x"}]}`:                       "max_tokens",
		claude("x", `,"mcp_servers":[{"url":"http://x"}]`):                   "mcp_servers",
		claude("x", `,"tool_choice":{"type":"any"}`):                         "tool_choice",
		claude("x", `,"temperature":7`):                                      "temperature",
		strings.Replace(claude("x", ""), `"text","text"`, `"image","te"`, 1): "gpt-oss reads text only",
		strings.Replace(claude("x", ""), "parrot", "claude", 1):              "not_found_error",
	} {
		status, _, got := b.ask(t, "POST", "/v1/messages", body)
		if status < 400 || status >= 500 || !strings.Contains(got, `"type":"error"`) || !strings.Contains(got, want) {
			t.Error(body, status, got)
		}
	}
}

func TestOllama(t *testing.T) {
	b := newBench(t, Options{})
	chatOf := func(said, more string) string {
		return `{"model":"also/parrot:1","messages":[{"role":"user","content":` + quoted(said) + `}]` + more + `}`
	}
	for name, c := range map[string]struct{ path, body, text, thinking, calls, reason string }{
		"chat":        {"/api/chat", chatOf(reasoned+answered, ""), "It is 42 €.", "17 + 25 = 42.", "", "stop"},
		"no thinking": {"/api/chat", chatOf(reasoned+answered, `,"think":false`), "It is 42 €.", "", "", "stop"},
		"call":        {"/api/chat", chatOf(called, `,"think":"low",`+weather), "I look.", "", `weather{"at":"Oslo"}`, "stop"},
		"cut":         {"/api/chat", chatOf(answered, `,"options":{"num_predict":5,"num_ctx":99999}`), "It is", "", "", "length"},
		"stop":        {"/api/chat", chatOf(answered, `,"options":{"stop":[" 42"],"num_predict":-1}`), "It is", "", "", "stop"},
		"generate":    {"/api/generate", `{"model":"parrot","system":"S","prompt":` + quoted(reasoned+answered) + `}`, "It is 42 €.", "17 + 25 = 42.", "", "stop"},
		"load":        {"/api/generate", `{"model":"parrot"}`, "", "", "", "load"},
	} {
		for _, stream := range []bool{true, false} {
			body := c.body
			if !stream {
				body = strings.Replace(body, "{", `{"stream":false,`, 1)
			}
			status, head, answer := b.ask(t, "POST", c.path, body)
			text, thinking, calls := "", "", ""
			var last ollama.Line
			lines := bufio.NewScanner(strings.NewReader(answer))
			n := 0
			for ; lines.Scan(); n++ {
				last = into[ollama.Line](t, lines.Text())
				thinking += last.Thinking
				if last.Response != nil {
					text += *last.Response
				}
				if m := last.Message; m != nil {
					text, thinking = text+m.Content, thinking+m.Thinking
					for _, k := range m.ToolCalls {
						calls += k.Function.Name + string(k.Function.Arguments)
					}
				}
			}
			if status != 200 || text != c.text || thinking != c.thinking || calls != c.calls || !last.Done || last.DoneReason != c.reason {
				t.Errorf("%s, stream %v: %d %s", name, stream, status, answer)
			}
			if c.reason != "load" && (n > 1) != stream || last.Done && c.reason != "load" && last.EvalCount == 0 {
				t.Errorf("%s: %d lines, %+v", name, n, last.Counts)
			}
			if want := "application/x-ndjson"; stream && c.reason != "load" && head.Get("Content-Type") != want {
				t.Error(head)
			}
		}
	}
	loop := `{"model":"parrot","messages":[{"role":"user","content":"?"},{"role":"assistant","content":"","thinking":"Hm.","tool_calls":[{"function":{"name":"weather","arguments":{"at":"Oslo"}}}]},
		{"role":"tool","tool_name":"weather","content":` + quoted(answered) + `}],` + weather + `}`
	if status, _, body := b.ask(t, "POST", "/api/chat", loop); status != 200 || !strings.Contains(b.lastPrompt(t), `analysis<|message|>Hm.<|end|>`) {
		t.Error(status, body)
	}
	for path, want := range map[string]string{"/api/version": `"version":"0.13.5"`, "/api/tags": `"name":"also/parrot:1"`, "/api/ps": `"size_vram":0`} {
		if status, _, body := b.ask(t, "GET", path, ""); status != 200 || !strings.Contains(body, want) {
			t.Error(path, status, body)
		}
	}
	for path, want := range map[string]string{"/api/show": `"capabilities":["completion","tools","thinking"]`, "/api/pull": `{"status":"success"}`} {
		if status, _, body := b.ask(t, "POST", path, `{"model":"parrot"}`); status != 200 || !strings.Contains(body, want) {
			t.Error(path, status, body)
		}
	}
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/api/show", `{"model":"llama"}`, 404}, {"/api/pull", `{"model":"llama"}`, 404}, {"/api/chat", `{"model":"llama"}`, 404},
		{"/api/show", `{`, 400}, {"/api/chat", `[]`, 400}, {"/api/chat", chatOf("x", `,"format":"xml"`), 400},
		{"/api/chat", chatOf("x", `,"options":{"temperature":9}`), 400}, {"/api/chat", chatOf("x", `,"options":{"mirostat":2}`), 400},
		{"/api/chat", `{"messages":[{"role":"tool","content":"x"}]}`, 400}, {"/api/generate", `{"prompt":"x","images":["aaa"]}`, 400},
	} {
		status, _, body := b.ask(t, "POST", c.path, c.body)
		if got := into[map[string]any](t, body); status != c.status || got["error"] == "" || len(got) != 1 {
			t.Error(c.path, c.body, status, body)
		}
	}
}
