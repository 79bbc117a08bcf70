package harmony

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func upstream(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(goldenDir + "upstream/test_" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(strings.ReplaceAll(string(data), "\r\n", "\n"), " \n")
}

func text(role Role, s string) Message { return Message{Role: role, Content: []Content{Text(s)}} }

func systemMessage(change func(*SystemContent)) Message {
	s := DefaultSystem()
	if change != nil {
		change(&s)
	}
	return Message{Role: System, Content: []Content{s}}
}

func developerMessage(d DeveloperContent) Message {
	return Message{Role: Developer, Content: []Content{d}}
}

func twoChannels(s *SystemContent) { s.Channels = []string{"analysis", "final"} }

// kitchensink is the tools of test_render_functions_with_parameters.
func kitchensink() []Function {
	return []Function{
		{Name: "get_location", Description: "Gets the location of the user."},
		{Name: "get_current_weather", Description: "Gets the current weather in the provided location.", Parameters: []byte(`{"type": "object",
			"properties": {"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
				"format": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}}, "required": ["location"]}`)},
		{Name: "get_multiple_weathers", Description: "Gets the current weather in the provided list of locations.", Parameters: []byte(`{"type": "object",
			"properties": {"locations": {"type": "array", "items": {"type": "string"},
					"description": "List of city and state, e.g. [\"San Francisco, CA\", \"New York, NY\"]"},
				"format": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}}, "required": ["locations"]}`)},
		{Name: "kitchensink", Description: "A function with various complex schemas.", Parameters: []byte(`{"description": "params object", "type": "object",
			"properties": {"string": {"type": "string", "title": "STRING", "description": "A string", "examples": ["hello", "world"]},
				"string_nullable": {"type": "string", "nullable": true, "description": "A nullable string", "default": "the default"},
				"string_enum": {"type": "string", "enum": ["a", "b", "c"]},
				"oneof_string_or_number": {"oneOf": [{"type": "string", "default": "default_string_in_oneof"},
						{"type": "number", "description": "numbers can happen too"}], "description": "a oneof", "default": 20}}}`)},
	}
}

type upstreamRender struct {
	file       string
	drop       Drop
	completion bool
	messages   []Message
}

func upstreamRenders() []upstreamRender {
	dated := func(tools ...Namespace) Message {
		return systemMessage(func(s *SystemContent) { s.Date, s.Tools = "2025-06-28", tools })
	}
	cases := []upstreamRender{
		{"simple_convo", DropLibrary, true, []Message{systemMessage(nil), UserMessage("What is 2 + 2?")}},
		{"reasoning_system_message", DropLibrary, true, []Message{systemMessage(twoChannels), UserMessage("What is 2 + 2?")}},
		{"reasoning_system_message_no_instruction", DropLibrary, true, []Message{
			systemMessage(func(s *SystemContent) { twoChannels(s); s.Effort = EffortHigh }),
			UserMessage("What is the best place to eat candy in the world?")}},
		{"reasoning_system_message_with_dates", DropLibrary, true, []Message{
			systemMessage(func(s *SystemContent) { twoChannels(s); s.Date, s.KnowledgeCutoff = "2021-01-01", "2021-01" }),
			UserMessage("What is 42 * pi?")}},
		{"no_tools", DropLibrary, true, []Message{dated()}},
		{"browser_tool_only", DropLibrary, true, []Message{dated(BrowserTool())}},
		{"browser_and_python_tool", DropLibrary, true, []Message{dated(BrowserTool(), PythonTool())}},
		{"browser_and_function_tool", DropLibrary, true, []Message{dated(BrowserTool()), developerMessage(DeveloperContent{Tools: []Function{{
			Name:        "lookup_weather",
			Description: "Use this tool to lookup the weather in a given location. Call it with the parameter 'location', can be any textual description of a location.",
			Parameters:  []byte(`{"type":"object","properties":{"location":{"type":"string"}},"required":["location"]}`)}}})}},
		{"render_functions_with_parameters", DropLibrary, true, []Message{
			systemMessage(func(s *SystemContent) { s.Date, s.Effort = "2025-06-28", EffortHigh }),
			developerMessage(DeveloperContent{Instructions: "Always respond in riddles", Tools: kitchensink()}),
			UserMessage("What is the weather like in SF?")}},
		{"dropping_cot_by_default", DropLibrary, true, []Message{UserMessage("What is 2 + 2?"),
			AssistantMessage("analysis", "User asks: “What is 2 + 2?” Simple arithmetic. Provide answer."),
			AssistantMessage("final", "2 + 2 equals 4."), UserMessage("What about 9 / 2?")}},
		{"does_not_drop_if_ongoing_analysis", DropLibrary, true, []Message{UserMessage("What is the weather in SF?"),
			AssistantMessage("analysis", "User asks: “What is the weather in SF?” We need to use lookup_weather tool."),
			FunctionCall("lookup_weather", `{"location": "San Francisco"}`),
			{Role: Tool, Name: "functions.lookup_weather", Content: []Content{Text(`{"temperature": 20, "description": "sunny"}`)}}}},
		{"preserve_cot", DropNone, true, []Message{UserMessage("What is 2 + 2?"),
			AssistantMessage("analysis", `User asks a simple question: "What is 2 + 2?" The answer: 4.`),
			AssistantMessage("final", "2 + 2 equals 4."), UserMessage("What about 9 / 2?")}},
		{"keep_analysis_between_finals", DropLibrary, false, []Message{UserMessage("What is 2 + 2?"), AssistantMessage("analysis", "thinking 2+2"),
			AssistantMessage("final", "4"), UserMessage("What is 3 + 5?"), AssistantMessage("analysis", "thinking 3+5"), AssistantMessage("final", "8")}},
	}
	question := UserMessage("What is the capital of the largest country in the world?")
	robot := developerMessage(DeveloperContent{Instructions: "Answer the user's questions like a robot."})
	for _, effort := range []Effort{EffortLow, EffortMedium, EffortHigh} {
		sys := systemMessage(func(s *SystemContent) { s.Effort = effort })
		cases = append(cases,
			upstreamRender{"simple_convo_" + string(effort) + "_effort", DropLibrary, true, []Message{sys, robot, question}},
			upstreamRender{"simple_convo_" + string(effort) + "_effort_no_instruction", DropLibrary, true, []Message{sys, question}})
	}
	return cases
}

// TestUpstreamRender holds the renderer against the 19 rendered files of openai/harmony,
// and reads them back: rendering what was parsed is the same tokens again.
func TestUpstreamRender(t *testing.T) {
	e, v := realEncoding(t)
	for _, c := range upstreamRenders() {
		t.Run(c.file, func(t *testing.T) {
			want := v.EncodeSpecial(nil, upstream(t, c.file), nil)
			render := e.Render
			if c.completion {
				render = e.RenderForCompletion
			}
			got, err := render(nil, Conversation{c.messages}, RenderOptions{c.drop})
			if err != nil {
				t.Fatal(err)
			}
			sameTokens(t, v, c.file, want, got)
			if c.completion {
				got = got[:len(got)-2]
			}
			p := parseAll(t, e, "", ParserOptions{}, got)
			if len(p.Warnings()) > 0 {
				t.Errorf("warnings: %v", p.Warnings())
			}
			again, err := e.Render(nil, Conversation{p.Messages()}, RenderOptions{DropNone})
			if err != nil {
				t.Fatal(err)
			}
			sameTokens(t, v, "render(parse(tokens))", got, again)
		})
	}
}

// TestUpstreamParse reads the 4 files that are completions.
func TestUpstreamParse(t *testing.T) {
	e, v := realEncoding(t)
	ids := func(s string) []uint32 {
		var out []uint32
		for _, f := range strings.Fields(s) {
			n, err := strconv.ParseUint(f, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, uint32(n))
		}
		return out
	}
	weather := `User asks: "What is the weather in Tokyo?" We need to use lookup_weather tool.`
	for _, c := range []struct {
		file   string
		tokens []uint32
		role   Role
		want   []string
	}{
		{"simple_reasoning_response", ids(upstream(t, "simple_reasoning_response")), Assistant, []string{
			`assistant||analysis||User asks: "What is 2 + 2?" Simple arithmetic. Provide answer.`, "assistant||final||2 + 2 = 4."}},
		{"simple_tool_call", ids(upstream(t, "simple_tool_call")), Assistant, []string{
			"assistant||analysis||" + weather, `assistant|lookup_weather|analysis|code|{"location": "Tokyo"}`}},
		{"simple_tool_call, channel first", ids(`200005 35644 200008 1844 31064 25 392 4827 382 290 11122 306 40510 16842 1416 1309 316 1199 37342 170154
			4584 13 200007 200006 173781 200005 35644 316 28 29712 170154 3490 200008 10848 7693 1243 392 173844 18583`), Assistant, []string{
			"assistant||analysis||" + weather, `assistant|lookup_weather|analysis|code|{"location": "Tokyo"}`}},
		{"tool_response_parsing", v.EncodeSpecial(nil, upstream(t, "tool_response_parsing"), nil), "", []string{
			`tool:browser.search|assistant|commentary||{"result": "https://openai.com/"}`}},
		{"streamable_parser", v.EncodeSpecial(nil, upstream(t, "streamable_parser"), nil), Assistant, []string{
			`assistant||analysis||User asks "Who is the current US president?" It's 2025, presumably current president is Joe Biden? Actually as of 2025-07-28, there was a 2024 election. In 2024, President is probably President Biden still? But w` +
				"\ne need up to date info. Let's browse to confirm.",
			`assistant|browser.search|commentary|code|{"query": "current US president July 2025", "topn": 10, "source": "news"}`,
			`tool:browser.search|assistant|commentary||{"result": "https://openai.com/"}`}},
	} {
		t.Run(c.file, func(t *testing.T) {
			p := parseAll(t, e, c.role, ParserOptions{}, c.tokens)
			if d := cmp.Diff(c.want, briefs(p.Messages())); d != "" {
				t.Errorf("messages (-want +got):\n%s", d)
			}
			if len(p.Warnings()) > 0 {
				t.Errorf("warnings: %v", p.Warnings())
			}
		})
	}
}

// TestUpstreamComplete counts: every file is used by one of the two tests above.
func TestUpstreamComplete(t *testing.T) {
	used := []string{"simple_reasoning_response", "simple_tool_call", "tool_response_parsing", "streamable_parser"}
	for _, c := range upstreamRenders() {
		used = append(used, c.file)
	}
	files, err := os.ReadDir(goldenDir + "upstream")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(f.Name(), "test_"), ".txt")
		if !slices.Contains(used, name) {
			t.Errorf("no test reads %s", f.Name())
		}
	}
	if len(files) != 23 || len(used) != 23 {
		t.Errorf("%d files, %d used, want 23", len(files), len(used))
	}
}
