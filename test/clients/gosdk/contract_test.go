package gosdk

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

const question = "What is the capital of Japan?"

func client(t *testing.T) (openai.Client, string) {
	t.Helper()
	url := os.Getenv("OSSIAN_URL")
	if url == "" {
		t.Skip("OSSIAN_URL names no server; ossian serve starts one")
	}
	model := os.Getenv("OSSIAN_SERVED")
	if model == "" {
		model = "nano"
	}
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey("none"), option.WithMaxRetries(0)), model
}

func weather() map[string]any {
	return map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}, "additionalProperties": false}
}

func TestModels(t *testing.T) {
	c, model := client(t)
	page, err := c.Models.List(t.Context())
	if err != nil || len(page.Data) == 0 {
		t.Fatal(err)
	}
	if m, err := c.Models.Get(t.Context(), model); err != nil || m.ID != model {
		t.Error(m, err)
	}
}

func TestChat(t *testing.T) {
	c, model := client(t)
	params := openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)},
		MaxCompletionTokens: openai.Int(200), Logprobs: openai.Bool(true), TopLogprobs: openai.Int(2), Seed: openai.Int(3)}
	whole, err := c.Chat.Completions.New(t.Context(), params)
	if err != nil || !strings.Contains(whole.Choices[0].Message.Content, "Tokyo") {
		t.Fatal(whole, err)
	}
	said := ""
	for _, l := range whole.Choices[0].Logprobs.Content {
		said += l.Token
	}
	if said != whole.Choices[0].Message.Content {
		t.Errorf("log-probabilities of %q", said)
	}
	params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	stream := c.Chat.Completions.NewStreaming(t.Context(), params)
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		if !acc.AddChunk(stream.Current()) {
			t.Fatalf("%+v", stream.Current())
		}
	}
	if stream.Err() != nil || acc.Choices[0].Message.Content != whole.Choices[0].Message.Content || acc.Usage.TotalTokens != whole.Usage.TotalTokens {
		t.Errorf("%v, %+v", stream.Err(), acc)
	}
}

func TestChatTools(t *testing.T) {
	c, model := client(t)
	params := openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("What is the weather in Paris?")},
		MaxCompletionTokens: openai.Int(200),
		Tools: []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: "get_weather", Description: openai.String("Get the current weather in a city."), Parameters: weather(), Strict: openai.Bool(true)})}}
	first, err := c.Chat.Completions.New(t.Context(), params)
	if err != nil || len(first.Choices[0].Message.ToolCalls) != 1 || first.Choices[0].FinishReason != "tool_calls" {
		t.Fatal(first, err)
	}
	call := first.Choices[0].Message.ToolCalls[0]
	params.Messages = append(params.Messages, first.Choices[0].Message.ToParam(), openai.ToolMessage(`{"temperature": 21}`, call.ID))
	if second, err := c.Chat.Completions.New(t.Context(), params); err != nil || second.Choices[0].Message.Content == "" {
		t.Fatal(second, err)
	}
}

func TestResponses(t *testing.T) {
	c, model := client(t)
	params := responses.ResponseNewParams{Model: model, MaxOutputTokens: openai.Int(200),
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(question)}}
	whole, err := c.Responses.New(t.Context(), params)
	if err != nil || !strings.Contains(whole.OutputText(), "Tokyo") || whole.Status != "completed" {
		t.Fatal(whole, err)
	}
	stream := c.Responses.NewStreaming(t.Context(), params)
	text, n := "", int64(0)
	for stream.Next() {
		e := stream.Current()
		if e.SequenceNumber != n {
			t.Errorf("event %d has number %d", n, e.SequenceNumber)
		}
		n++
		if e.Type == "response.output_text.delta" {
			text += e.Delta
		}
	}
	if stream.Err() != nil || text != whole.OutputText() {
		t.Errorf("%v, %q", stream.Err(), text)
	}
	params.PreviousResponseID = openai.String(whole.ID)
	params.Input = responses.ResponseNewParamsInputUnion{OfString: openai.String("What is 17 + 25?")}
	next, err := c.Responses.New(t.Context(), params)
	if err != nil || !strings.Contains(next.OutputText(), "42") {
		t.Error(next, err)
	}
	items, err := c.Responses.InputItems.List(t.Context(), next.ID, responses.InputItemListParams{})
	if err != nil || len(items.Data) < 3 {
		t.Error(items, err)
	}
	if got, err := c.Responses.Get(t.Context(), next.ID, responses.ResponseGetParams{}); err != nil || got.OutputText() != next.OutputText() {
		t.Error(got, err)
	}
	if err := c.Responses.Delete(t.Context(), next.ID); err != nil {
		t.Error(err)
	}
}

func TestSchema(t *testing.T) {
	c, model := client(t)
	r, err := c.Responses.New(t.Context(), responses.ResponseNewParams{Model: model, MaxOutputTokens: openai.Int(200),
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(question)},
		Text: responses.ResponseTextConfigParam{Format: responses.ResponseFormatTextConfigUnionParam{OfJSONSchema: &responses.ResponseFormatTextJSONSchemaConfigParam{
			Name: "city", Schema: weather(), Strict: openai.Bool(true)}}}})
	var got struct{ City *string }
	if err != nil || json.Unmarshal([]byte(r.OutputText()), &got) != nil || got.City == nil {
		t.Error(r, err)
	}
}

func TestErrors(t *testing.T) {
	c, model := client(t)
	_, err := c.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("x")},
		Temperature: param.NewOpt(9.0)})
	var e *openai.Error
	if !errors.As(err, &e) || e.StatusCode != 400 || e.Param != "temperature" || e.Code != "invalid_value" {
		t.Error(err)
	}
}
