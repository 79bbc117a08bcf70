package server

import (
	"strings"
	"testing"

	"ossian/internal/openai"
)

func TestCompletions(t *testing.T) {
	b := newBench(t, Options{})
	prompt := toJSON(b.tok.EncodeSpecial(nil, "<|start|>user<|message|>one two three<|end|><|start|>assistant", nil))
	ask := func(more string) (int, string) {
		status, _, body := b.ask(t, "POST", "/v1/completions", `{"model":"parrot"`+more+`}`)
		return status, body
	}
	status, body := ask(`,"prompt":` + prompt)
	got := into[openai.Completion](t, body)
	if status != 200 || got.Choices[0].Text != "one two three" || *got.Choices[0].FinishReason != "stop" || got.Object != "text_completion" {
		t.Error(status, body)
	}
	_, body = ask(`,"prompt":[` + prompt + `,` + prompt + `],"n":2,"max_tokens":2`)
	many := into[openai.Completion](t, body)
	if len(many.Choices) != 4 || many.Choices[3].Text != "one two" || *many.Choices[3].FinishReason != "length" ||
		many.Usage.PromptTokens != 2*got.Usage.PromptTokens || many.Usage.CompletionTokens != 8 {
		t.Error(body)
	}
	_, body = ask(`,"logprobs":1,"prompt":` + prompt)
	if l := into[openai.Completion](t, body).Choices[0].Logprobs; strings.Join(l.Tokens, "") != "one two three" || len(l.Top) != 3 || len(l.Top[0]) != 1 || l.TextOffset[2]-l.TextOffset[0] != 7 {
		t.Error(body)
	}
	for _, echo := range []string{"", `,"echo":true`} {
		_, body = ask(echo + `,"prompt":` + prompt)
		whole := into[openai.Completion](t, body)
		_, body = ask(echo + `,"stream":true,"stream_options":{"include_usage":true},"prompt":` + prompt)
		list := events(t, body)
		text, usage := "", openai.Usage{}
		for _, e := range list[:len(list)-1] {
			piece := into[openai.Completion](t, e.data)
			for _, c := range piece.Choices {
				text += c.Text
			}
			if piece.Usage != nil {
				usage = *piece.Usage
			}
		}
		if text != whole.Choices[0].Text || usage != *whole.Usage || list[len(list)-1].data != "[DONE]" {
			t.Errorf("streamed %q, whole %q", text, whole.Choices[0].Text)
		}
	}
	for more, param := range map[string]string{
		``:                                       "prompt",
		`,"prompt":""`:                           "prompt",
		`,"prompt":[]`:                           "prompt",
		`,"prompt":{}`:                           "prompt",
		`,"prompt":"x","suffix":"y"`:             "suffix",
		`,"prompt":"x","best_of":3`:              "best_of",
		`,"prompt":"x","echo":true,"logprobs":1`: "echo",
		`,"prompt":"x","n":99`:                   "n",
	} {
		status, body := ask(more)
		if e := into[problem](t, body).Error; status != 400 || e.Param == nil || *e.Param != param {
			t.Error(more, status, body)
		}
	}
	if status, body := ask(`,"prompt":[999999999]`); status != 400 {
		t.Error(status, body)
	}
}
