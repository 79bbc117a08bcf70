package server

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ossian/internal/keys"
	"ossian/internal/openai"
	"ossian/internal/store"
)

// wire is a response as a client reads it.
type wire struct {
	ID, Object, Status, Model string
	Error                     *openai.ResponseError
	IncompleteDetails         *openai.Incomplete `json:"incomplete_details"`
	Output                    []wireItem
	Usage                     *openai.ResponseUsage
	PreviousResponseID        *string `json:"previous_response_id"`
	Dropped                   int     `json:"dropped_items"`
}

type wireItem struct {
	Type, ID, Status, Role, Phase string
	Content                       []struct{ Type, Text string }
	CallID                        string `json:"call_id"`
	Namespace, Name, Arguments    string
	Encrypted                     *string `json:"encrypted_content"`
}

func (i wireItem) text() string {
	s := i.Arguments
	for _, c := range i.Content {
		s += c.Text
	}
	return s
}

func tell(said, more string) string {
	return `{"model":"parrot","input":` + quoted(said) + more + `}`
}

func keeping(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestResponses: what a response says, and that its stream says the same in the documented order.
func TestResponses(t *testing.T) {
	b := newBench(t, Options{Store: keeping(t, filepath.Join(t.TempDir(), "store.log"))})
	functions := `,"tools":[{"type":"function","name":"weather","parameters":{"type":"object"}},{"type":"web_search"},{"type":"namespace","name":"mcp__x","description":"D.","tools":[{"type":"function","name":"look","parameters":null}]}]`
	for name, c := range map[string]struct {
		body, status string
		types        string
		texts        []string
	}{
		"answer":     {tell(answered, ""), "completed", "message", []string{"It is 42 €."}},
		"reasoning":  {tell(reasoned+answered, ""), "completed", "reasoning message", []string{"17 + 25 = 42.", "It is 42 €."}},
		"two":        {tell(reasoned+reasoned+answered, ""), "completed", "reasoning reasoning message", []string{"17 + 25 = 42.", "17 + 25 = 42.", "It is 42 €."}},
		"call":       {tell(called, functions), "completed", "message function_call", []string{"I look.", `{"at":"Oslo"}`}},
		"namespace":  {tell("<|channel|>commentary to=mcp__x.look<|message|>{}<|call|>", functions), "completed", "function_call", []string{"{}"}},
		"cut":        {tell(reasoned+answered, `,"max_output_tokens":5`), "incomplete", "reasoning", []string{"17 +"}},
		"cut call":   {tell(called, functions+`,"max_output_tokens":24`), "incomplete", "message function_call", nil},
		"nothing":    {tell("", `,"max_output_tokens":1`), "completed", "", nil},
		"many words": {tell(answered, `,"max_output_tokens":131072,"store":false,"include":["reasoning.encrypted_content"],"reasoning":{"summary":"auto"},"prompt_cache_key":"k","client_metadata":{"a":1}`), "completed", "message", []string{"It is 42 €."}},
	} {
		t.Run(name, func(t *testing.T) {
			status, head, body := b.ask(t, "POST", "/v1/responses", c.body)
			whole := into[wire](t, body)
			var types, texts []string
			for _, i := range whole.Output {
				types, texts = append(types, i.Type), append(texts, i.text())
			}
			if status != 200 || whole.Status != c.status || strings.Join(types, " ") != c.types || c.texts != nil && !slices.Equal(texts, c.texts) {
				t.Errorf("%d %s", status, body)
			}
			if strings.Contains(c.body, "web_search") && head.Get("Ossian-Ignored") != "tools[1]:web_search" {
				t.Errorf("ignored %q", head.Get("Ossian-Ignored"))
			}
			if u := whole.Usage; u == nil || u.InputTokens == 0 || u.TotalTokens != u.InputTokens+u.OutputTokens {
				t.Errorf("usage %+v", u)
			}
			_, _, body = b.ask(t, "POST", "/v1/responses", strings.Replace(c.body, "{", `{"stream":true,`, 1))
			final := inOrder(t, events(t, body))
			if final.Status != c.status || len(final.Output) != len(whole.Output) {
				t.Fatalf("streamed %+v", final)
			}
			for i, item := range final.Output {
				if item.text() != whole.Output[i].text() || item.Type != whole.Output[i].Type || item.Status != whole.Output[i].Status ||
					item.Name != whole.Output[i].Name || item.Namespace != whole.Output[i].Namespace || item.Phase != whole.Output[i].Phase {
					t.Errorf("streamed %+v, whole %+v", item, whole.Output[i])
				}
			}
		})
	}
	_, _, body := b.ask(t, "POST", "/v1/responses", tell(called, functions))
	got := into[wire](t, body)
	if got.Output[0].Phase != "commentary" || got.Output[1].Name != "weather" || got.Output[1].Namespace != "" || !strings.HasPrefix(got.Output[1].CallID, "call_") {
		t.Error(body)
	}
	_, _, body = b.ask(t, "POST", "/v1/responses", tell("<|channel|>commentary to=mcp__x.look<|message|>{}<|call|>", functions))
	if got := into[wire](t, body); got.Output[0].Name != "look" || got.Output[0].Namespace != "mcp__x" {
		t.Error(body)
	}
}

// inOrder checks a stream against the documented order and returns its last response.
func inOrder(t *testing.T, list []event) wire {
	t.Helper()
	type one struct {
		Type         string
		Sequence     int `json:"sequence_number"`
		Response     *wire
		OutputIndex  *int   `json:"output_index"`
		ContentIndex *int   `json:"content_index"`
		ItemID       string `json:"item_id"`
		Item         *wireItem
		Delta        *string
		Text         *string
		Arguments    *string
		Logprobs     json.RawMessage
	}
	var final wire
	at, text, items := "start", "", []wireItem{}
	var open *wireItem
	for i, raw := range list {
		e := into[one](t, raw.data)
		if raw.name != e.Type || e.Sequence != i {
			t.Errorf("event %d is named %s and numbered %d in %s", i, raw.name, e.Sequence, raw.data)
		}
		if open != nil && e.Item == nil && e.ItemID != open.ID {
			t.Errorf("%s is about %q, but %q is open", e.Type, e.ItemID, open.ID)
		}
		if e.OutputIndex != nil && *e.OutputIndex != len(items) {
			t.Errorf("%s is about output %d, but there are %d", e.Type, *e.OutputIndex, len(items))
		}
		step := func(from, to string) {
			if !strings.Contains(" "+from+" ", " "+at+" ") {
				t.Errorf("%s after %s", e.Type, at)
			}
			at = to
		}
		same := func(got *string) {
			if got == nil || *got != text {
				t.Errorf("%s does not equal the deltas %q", raw.data, text)
			}
		}
		switch e.Type {
		case "response.created":
			step("start", "created")
		case "response.in_progress":
			step("created", "between")
		case "response.output_item.added":
			step("between", "item")
			open, text = e.Item, ""
			if open.Status != "in_progress" {
				t.Errorf("%s", raw.data)
			}
		case "response.content_part.added":
			step("item", "part")
		case "response.output_text.delta", "response.reasoning_text.delta":
			step("part", "part")
			text += *e.Delta
			if e.ContentIndex == nil || e.Type == "response.output_text.delta" && e.Logprobs == nil {
				t.Errorf("%s", raw.data)
			}
		case "response.output_text.done", "response.reasoning_text.done":
			step("part", "text done")
			same(e.Text)
		case "response.content_part.done":
			step("text done", "item done")
		case "response.function_call_arguments.delta":
			step("item", "item")
			text += *e.Delta
		case "response.function_call_arguments.done":
			step("item", "item done")
			same(e.Arguments)
		case "response.output_item.done":
			step("item done", "between")
			if e.Item.ID != open.ID || e.Item.text() != text {
				t.Errorf("%s", raw.data)
			}
			items, open = append(items, *e.Item), nil
		case "response.completed", "response.incomplete", "response.failed":
			step("between", "end")
			final = *e.Response
		default:
			t.Errorf("event %s", raw.data)
		}
	}
	if at != "end" || len(final.Output) != len(items) {
		t.Errorf("the stream ends at %q with %d items of %d", at, len(final.Output), len(items))
	}
	return final
}

// TestEveryField: strict clients want every field of a response, null when empty.
func TestEveryField(t *testing.T) {
	b := newBench(t, Options{})
	_, _, body := b.ask(t, "POST", "/v1/responses", tell(answered, ""))
	got := into[map[string]any](t, body)
	for _, name := range strings.Fields("id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools tool_choice " +
		"truncation parallel_tool_calls text top_p presence_penalty frequency_penalty top_logprobs temperature reasoning usage max_output_tokens max_tool_calls " +
		"store background service_tier metadata safety_identifier prompt_cache_key") {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestConversation: a conversation goes on by the id of its last response, also after a
// restart, and only for the key that began it.
func TestConversation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.log")
	file := keys.Open(filepath.Join(t.TempDir(), "keys.json"), time.Now)
	alice, _, _ := file.Create("alice", keys.Limits{})
	bob, _, _ := file.Create("bob", keys.Limits{})
	held, err := store.Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	id := func() string { n++; return fmt.Sprint("id", n) }
	b := newBench(t, Options{Store: held, Keys: file, NewID: id, Date: func() string { return "2026-01-31" }})
	ask := func(key, method, path, body string) (int, string) {
		status, _, answer := b.ask(t, method, path, body, "Authorization", "Bearer "+key)
		return status, answer
	}
	functions := `,"tools":[{"type":"function","name":"weather","parameters":{"type":"object"}}]`
	status, body := ask(alice, "POST", "/v1/responses", tell(reasoned+called, functions+`,"instructions":"Only now."`))
	first := into[wire](t, body)
	if status != 200 || len(first.Output) != 3 {
		t.Fatal(status, body)
	}
	second := func(previous string) string {
		return `{"previous_response_id":"` + previous + `","input":[{"type":"function_call_output","call_id":"` + first.Output[2].CallID + `","output":` + quoted(answered) + `}]` + functions + `}`
	}
	if status, body := ask(bob, "POST", "/v1/responses", second(first.ID)); status != 400 || !strings.Contains(body, "previous_response_not_found") {
		t.Error("another key may go on:", status, body)
	}
	for _, path := range []string{"/v1/responses/" + first.ID, "/v1/responses/" + first.ID + "/input_items"} {
		if status, _ := ask(bob, "GET", path, ""); status != 404 {
			t.Error("another key may read", path)
		}
	}
	if status, _ := ask(bob, "DELETE", "/v1/responses/"+first.ID, ""); status != 404 {
		t.Error("another key may delete")
	}

	// The process ends without a word; what was answered is there.
	again, err := store.Open(copyOf(t, path), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	b = newBench(t, Options{Store: again, Keys: file, NewID: id, Date: func() string { return "2026-02-01" }})
	if status, body := ask(alice, "GET", "/v1/responses/"+first.ID, ""); status != 200 || into[wire](t, body).Output[2].CallID != first.Output[2].CallID {
		t.Error(status, body)
	}
	status, body = ask(alice, "POST", "/v1/responses", second(first.ID))
	got := into[wire](t, body)
	if status != 200 || got.Output[0].text() != "It is 42 €." || *got.PreviousResponseID != first.ID {
		t.Fatal(status, body)
	}
	prompt := b.lastPrompt(t)
	for _, want := range []string{"Current date: 2026-01-31", "<|channel|>analysis<|message|>17 + 25 = 42.<|end|>", "<|channel|>commentary<|message|>I look.<|end|>",
		"to=functions.weather<|channel|>commentary <|constrain|>json<|message|>{\"at\":\"Oslo\"}<|call|><|start|>functions.weather to=assistant"} {
		if !strings.Contains(prompt, want) {
			t.Errorf("%q is not in the prompt %q", want, prompt)
		}
	}
	if strings.Contains(prompt, "Only now.") {
		t.Error("instructions of an earlier response are carried over")
	}

	// input_items lists the conversation.
	_, body = ask(alice, "GET", "/v1/responses/"+got.ID+"/input_items?order=asc&limit=3", "")
	page := into[openai.List[wireItem]](t, body)
	if len(page.Data) != 3 || !page.HasMore || page.Data[0].Role != "user" || page.Data[0].ID == "" || page.Data[1].Type != "reasoning" {
		t.Error(body)
	}
	_, body = ask(alice, "GET", "/v1/responses/"+got.ID+"/input_items?order=asc&after="+*page.LastID, "")
	if page := into[openai.List[wireItem]](t, body); len(page.Data) != 2 || page.HasMore || page.Data[1].Type != "function_call_output" {
		t.Error(body)
	}
	for _, q := range []string{"limit=0", "limit=x", "order=up", "after=none"} {
		if status, _ := ask(alice, "GET", "/v1/responses/"+got.ID+"/input_items?"+q, ""); status != 400 {
			t.Error(q, status)
		}
	}

	// A stored item can be named in the place of itself.
	refer := `{"input":[{"type":"item_reference","id":"` + first.Output[1].ID + `"},{"role":"user","content":` + quoted(answered) + `}]}`
	if status, body := ask(alice, "POST", "/v1/responses", refer); status != 200 || !strings.Contains(b.lastPrompt(t), "I look.") {
		t.Error(status, body)
	}
	if status, body := ask(bob, "POST", "/v1/responses", refer); status != 400 || !strings.Contains(body, "item_not_found") {
		t.Error(status, body)
	}

	if status, body := ask(alice, "DELETE", "/v1/responses/"+first.ID, ""); status != 200 || !strings.Contains(body, `"deleted":true`) {
		t.Error(status, body)
	}
	if status, _ := ask(alice, "GET", "/v1/responses/"+first.ID, ""); status != 404 {
		t.Error("it is still there")
	}
	if status, body := ask(alice, "POST", "/v1/responses", `{"previous_response_id":"`+got.ID+`","input":"x"}`); status != 400 {
		t.Error("a conversation without its beginning goes on:", status, body)
	}
}

// TestReplay: a client that stores nothing sends everything back, as Codex does.
func TestReplay(t *testing.T) {
	b := newBench(t, Options{})
	functions := `,"tools":[{"type":"function","name":"weather","strict":false,"parameters":{"type":"object"}},{"type":"web_search","external_web_access":false}]`
	_, _, body := b.ask(t, "POST", "/v1/responses", tell(reasoned+called, functions+`,"store":false,"include":["reasoning.encrypted_content"]`))
	got := into[struct{ Output []map[string]any }](t, body).Output
	if len(got) != 3 {
		t.Fatal(body)
	}
	for _, how := range []string{"as it came", "without content", "null encrypted"} {
		reasoning := map[string]any{}
		for k, v := range got[0] {
			reasoning[k] = v
		}
		switch how {
		case "without content":
			delete(reasoning, "content")
		case "null encrypted":
			reasoning["encrypted_content"] = nil
		}
		input := []any{map[string]any{"type": "message", "role": "developer", "content": []any{map[string]any{"type": "input_text", "text": "Rules."}}},
			map[string]any{"role": "user", "content": "?"}, reasoning, got[1], got[2],
			map[string]any{"type": "function_call_output", "call_id": got[2]["call_id"], "output": answered}}
		status, _, body := b.ask(t, "POST", "/v1/responses", `{"store":false,"input":`+toJSON(input)+functions+`}`)
		if status != 200 || into[wire](t, body).Output[0].text() != "It is 42 €." {
			t.Error(how, status, body)
		}
		prompt := b.lastPrompt(t)
		if !strings.Contains(prompt, "# Instructions\n\nRules.") || !strings.Contains(prompt, "<|channel|>analysis<|message|>17 + 25 = 42.<|end|><|start|>assistant<|channel|>commentary<|message|>I look.") {
			t.Errorf("%s: prompt %q", how, prompt)
		}
	}
}

func TestResponseErrors(t *testing.T) {
	b := newBench(t, Options{})
	call := `{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}`
	for _, c := range []struct{ body, code, param string }{
		{`{}`, "missing_parameter", "input"},
		{`{"input":7}`, "invalid_value", "input"},
		{`{"input":[7]}`, "invalid_value", "input[0]"},
		{`{"input":[{"type":"image_generation_call"}]}`, "unsupported_parameter", "input[0].type"},
		{`{"input":[{"role":"user"}]}`, "missing_parameter", "input[0].content"},
		{`{"input":[{"role":"user","content":[{"type":"input_image","image_url":"http://x"}]}]}`, "unsupported_parameter", "input[0].content[0]"},
		{`{"input":[{"role":"bard","content":"x"}]}`, "invalid_value", "input[0].role"},
		{`{"input":[` + call + `]}`, "missing_parameter", "input[0].call_id"},
		{`{"input":[{"type":"function_call_output","call_id":"c","output":"x"}]}`, "invalid_value", "input"},
		{`{"input":[` + call + `,{"type":"function_call_output","call_id":"c"}]}`, "missing_parameter", "input[1].output"},
		{`{"input":[{"type":"reasoning","summary":[],"encrypted_content":"gAAAA"}]}`, "invalid_value", "input[0].encrypted_content"},
		{`{"input":[{"type":"item_reference","id":"x"}]}`, "item_not_found", "input[0].id"},
		{tell("x", `,"store":true`), "unsupported_parameter", "store"},
		{tell("x", `,"background":true`), "unsupported_parameter", "store"},
		{tell("x", `,"background":true,"stream":true`), "unsupported_parameter", "background"},
		{tell("x", `,"previous_response_id":"resp_x"`), "previous_response_not_found", "previous_response_id"},
		{tell("x", `,"conversation":"c"`), "unsupported_parameter", "conversation"},
		{tell("x", `,"prompt":{"id":"p"}`), "unsupported_parameter", "prompt"},
		{tell("x", `,"truncation":"some"`), "invalid_value", "truncation"},
		{tell("x", `,"include":["everything"]`), "invalid_value", "include"},
		{tell("x", `,"n":2`), "unsupported_parameter", "n"},
		{tell("x", `,"text":{"verbosity":"low"}`), "unsupported_parameter", "text.verbosity"},
		{tell("x", `,"text":{"format":{"type":"json_schema","name":"a","schema":{"type":"strange"}}}`), "unsupported_parameter", "text.format.schema"},
		{tell("x", `,"tools":[{"type":"function","name":"f","strict":true,"parameters":{"type":"strange"}}]`), "unsupported_parameter", "tools[0].parameters"},
		{tell("x", `,"tool_choice":"required"`), "invalid_value", "tool_choice"},
		{tell("x", `,"tools":[{"type":"function","name":"a b"}]`), "invalid_value", "tools[0]"},
		{tell("x", `,"tools":[{"type":"namespace","name":"a","tools":[{"type":"function","name":"a b"}]}]`), "invalid_value", "tools[0].tools"},
		{tell("x", `,"tools":[{}]`), "missing_parameter", "tools[0].type"},
		{tell("x", `,"reasoning":{"effort":"huge"}`), "invalid_value", "reasoning.effort"},
		{tell("x", `,"metadata":{"a":1}`), "invalid_value", "metadata"},
		{tell("x", `,"max_output_token":5`), "unknown_parameter", "max_output_token"},
		{tell(strings.Repeat("word ", 3000), ""), "context_length_exceeded", "input"},
	} {
		status, _, body := b.ask(t, "POST", "/v1/responses", c.body)
		e := into[problem](t, body).Error
		if status != 400 || e.Code == nil || *e.Code != c.code || e.Param == nil || *e.Param != c.param {
			t.Errorf("%.120s: %d %s", c.body, status, body)
		}
	}
	for _, path := range []string{"/v1/responses/resp_x", "/v1/responses/resp_x/input_items"} {
		if status, _, _ := b.ask(t, "GET", path, ""); status != 404 {
			t.Error(path, status)
		}
	}
}

// TestTruncation: with auto the oldest turns go, whole ones, and the answer says how many items that were.
func TestTruncation(t *testing.T) {
	b := newBench(t, Options{})
	items := []any{map[string]any{"role": "developer", "content": "Rules."}}
	for i := range 30 {
		items = append(items, map[string]any{"role": "user", "content": fmt.Sprintf("question %d %s", i, strings.Repeat("word ", 80))},
			map[string]any{"role": "assistant", "content": fmt.Sprintf("answer %d", i)})
	}
	items = append(items, map[string]any{"role": "user", "content": answered})
	body := `{"input":` + toJSON(items) + `,"truncation":"auto"}`
	status, _, answer := b.ask(t, "POST", "/v1/responses", body)
	got := into[wire](t, answer)
	if status != 200 || got.Dropped == 0 || got.Dropped%2 != 0 || got.Output[0].text() != "It is 42 €." {
		t.Fatal(status, answer)
	}
	prompt := b.lastPrompt(t)
	first := got.Dropped / 2
	if !strings.Contains(prompt, "Rules.") || strings.Contains(prompt, fmt.Sprintf("answer %d<", first-1)) || !strings.Contains(prompt, fmt.Sprintf("question %d ", first)) {
		t.Errorf("%d items dropped, prompt %q", got.Dropped, prompt)
	}
	if got.Usage.InputTokens > 1500 || got.Usage.InputTokens < 1300 {
		t.Errorf("%d tokens are left of the prompt", got.Usage.InputTokens)
	}
	if status, _, _ := b.ask(t, "POST", "/v1/responses", strings.Replace(body, "auto", "disabled", 1)); status != 400 {
		t.Error("cut without being asked", status)
	}
}

// TestBackground: a response may run without a connection, be cancelled, and is failed when the process ended.
func TestBackground(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.log")
	b := newBench(t, Options{Store: keeping(t, path)})
	begin := func(said string) wire {
		status, _, body := b.ask(t, "POST", "/v1/responses", tell(said, `,"background":true`))
		got := into[wire](t, body)
		if status != 200 || got.Status != "queued" {
			t.Fatal(status, body)
		}
		return got
	}
	until := func(id string, done ...string) wire {
		for range 400 {
			_, _, body := b.ask(t, "GET", "/v1/responses/"+id, "")
			if got := into[wire](t, body); slices.Contains(done, got.Status) {
				return got
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Fatal("it never ends")
		return wire{}
	}
	if got := until(begin(reasoned+answered).ID, "completed"); got.Output[1].text() != "It is 42 €." {
		t.Errorf("%+v", got)
	}
	b.slow = 5 * time.Millisecond
	long := begin("<|channel|>final<|message|>" + strings.Repeat("on and ", 400))
	until(long.ID, "in_progress")
	if got := into[wire](t, func() string {
		_, _, s := b.ask(t, "POST", "/v1/responses/"+long.ID+"/cancel", "")
		return s
	}()); got.Status != "cancelled" {
		t.Errorf("%+v", got)
	}
	lost := begin("<|channel|>final<|message|>" + strings.Repeat("on and ", 400))
	until(lost.ID, "in_progress")
	again, err := store.Open(copyOf(t, path), time.Now) // the process ends without a word
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	b = newBench(t, Options{Store: again})
	if got := until(lost.ID, "failed"); got.Error == nil || !strings.Contains(got.Error.Message, "the server ended") {
		t.Errorf("%+v", got)
	}
	plain := into[wire](t, func() string { _, _, s := b.ask(t, "POST", "/v1/responses", tell(answered, "")); return s }())
	if status, _, _ := b.ask(t, "POST", "/v1/responses/"+plain.ID+"/cancel", ""); status != 400 {
		t.Error(status)
	}
}

func TestInputTokens(t *testing.T) {
	b := newBench(t, Options{})
	_, _, body := b.ask(t, "POST", "/v1/responses/input_tokens", tell(answered, ""))
	_, _, answer := b.ask(t, "POST", "/v1/responses", tell(answered, ""))
	want := fmt.Sprintf(`"input_tokens":%d`, into[wire](t, answer).Usage.InputTokens)
	if !strings.Contains(body, want) {
		t.Error(body, want)
	}
}

// TestForgetting: responses go when they have been kept long enough.
func TestForgetting(t *testing.T) {
	now := time.Unix(1700000000, 0)
	clock := func() time.Time { return now }
	held, err := store.Open(filepath.Join(t.TempDir(), "store.log"), clock)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	b := newBench(t, Options{Store: held, Now: clock, KeepTime: 48 * time.Hour})
	create := func() wire {
		_, _, body := b.ask(t, "POST", "/v1/responses", tell(answered, ""))
		return into[wire](t, body)
	}
	first := create()
	now = now.Add(50 * time.Hour)
	second := create()
	if status, _, _ := b.ask(t, "GET", "/v1/responses/"+first.ID, ""); status != 404 {
		t.Error(status)
	}
	if status, _, _ := b.ask(t, "GET", "/v1/responses/"+second.ID, ""); status != 200 {
		t.Error(status)
	}
}
