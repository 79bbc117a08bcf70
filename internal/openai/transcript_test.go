package openai

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ossian/internal/chat"
	"ossian/internal/sample"
)

var update = flag.Bool("update", false, "write testdata anew")

// turns are what a model may say, as the events of package chat.
func turns() map[string]struct {
	events []chat.Event
	turn   chat.Turn
} {
	tok := func(id uint32) []sample.Token {
		return []sample.Token{{ID: id, Logprob: -0.5, Top: []sample.TokenProb{{ID: id, Logprob: -0.5}, {ID: id + 1, Logprob: -1}}}}
	}
	return map[string]struct {
		events []chat.Event
		turn   chat.Turn
	}{
		"answer": {[]chat.Event{
			{Kind: chat.Prompt, PromptRead: 3, PromptTokens: 3},
			{Kind: chat.Reasoning, Message: 0, Text: "Easy", Tokens: tok(1)}, {Kind: chat.Reasoning, Message: 0, Text: ".", Tokens: tok(2)},
			{Kind: chat.Answer, Message: 1, Text: "It is", Tokens: tok(3)}, {Kind: chat.Answer, Message: 1, Text: " <42> €", Tokens: tok(4)},
		}, chat.Turn{Finish: chat.FinishStop, PromptTokens: 3, CachedTokens: 2, CompletionTokens: 9, ReasoningTokens: 3}},
		"call": {[]chat.Event{
			{Kind: chat.Preamble, Message: 0, Text: "I look."}, {Kind: chat.CallStart, Message: 1, Call: chat.Call{Name: "functions.weather"}},
			{Kind: chat.CallText, Message: 1, Text: `{"at":`}, {Kind: chat.CallText, Message: 1, Text: `"Oslo"}`},
			{Kind: chat.ToolCall, Message: 1, Call: chat.Call{Name: "functions.weather", Arguments: `{"at":"Oslo"}`}},
		}, chat.Turn{Finish: chat.FinishCalls, Calls: make([]chat.Call, 1), PromptTokens: 3, CompletionTokens: 9}},
		"cut": {[]chat.Event{{Kind: chat.Reasoning, Message: 0, Text: "So"}},
			chat.Turn{Finish: chat.FinishLength, CutIn: chat.Reasoning, PromptTokens: 3, CompletionTokens: 2, ReasoningTokens: 2}},
	}
}

// TestTranscripts: what goes over the wire, event by event, is what was recorded. The
// records were read through by OpenAI's SDKs (test/clients).
func TestTranscripts(t *testing.T) {
	spell := Speller(func(id uint32) ([]byte, bool) { return fmt.Appendf(nil, "<%d>", id), true })
	chatRequest, err := ParseChatRequest([]byte(`{"messages":[{"role":"user","content":"u"}],"logprobs":true,"top_logprobs":1}`))
	if err != nil {
		t.Fatal(err)
	}
	request, err := ParseResponseRequest([]byte(`{"input":"u","include":["reasoning.encrypted_content","message.output_text.logprobs"],"top_logprobs":1,"temperature":0.5,"metadata":{"a":"b"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, said := range turns() {
		n := 0
		id := func() string { n++; return fmt.Sprint(n) }
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		write := func(v any) {
			if err := enc.Encode(v); err != nil {
				t.Fatal(err)
			}
		}
		w := chatRequest.Writer(spell, id)
		for _, e := range said.events {
			if c, ok := w.Event(e); ok {
				write(c)
			}
		}
		write(w.End(said.turn))
		write(w.Choice(0, said.turn))
		write(UsageOf(said.turn))
		r := request.Writer("resp_0", 1700000000, "m", sample.Params{Temperature: 0.5}, spell, id)
		events := r.Start()
		for _, e := range said.events {
			events = append(events, r.Event(e)...)
		}
		for _, e := range append(events, r.End(said.turn, 1700000009)...) {
			write(e)
		}
		golden := filepath.Join("testdata", name+".jsonl")
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), out.String()); d != "" {
			t.Errorf("%s (-recorded +now):\n%s", name, d)
		}
	}
}
