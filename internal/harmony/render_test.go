package harmony

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// spelledOut renders and writes the tokens as text.
func spelledOut(t *testing.T, conv Conversation, opt RenderOptions) string {
	t.Helper()
	v := newToy()
	e, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := e.Render(nil, conv, opt)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, id := range ids {
		bytes, _ := v.Bytes(id)
		b.Write(bytes)
	}
	return b.String()
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	v := newToy()
	v.specials = slices.DeleteFunc(v.specials, func(s string) bool { return s == "<|constrain|>" })
	if _, err := New(v); err == nil || !strings.Contains(err.Error(), "<|constrain|>") {
		t.Errorf("got %v", err)
	}
}

func TestStops(t *testing.T) {
	e, _ := realEncoding(t)
	if got := fmt.Sprint(e.Stops()); got != "[200002 200012 199999]" {
		t.Errorf("stops %s", got)
	}
}

// TestConstrainIsOneToken and has the id 200003; text that spells it has not.
func TestConstrainIsOneToken(t *testing.T) {
	e, v := realEncoding(t)
	got, err := e.RenderMessage(nil, FunctionCall("f", "{}"), false)
	if err != nil {
		t.Fatal(err)
	}
	sameTokens(t, v, "call", v.EncodeSpecial(nil, "<|start|>assistant to=functions.f<|channel|>commentary <|constrain|>json<|message|>{}<|call|>", nil), got)
	if !slices.Contains(got, 200003) {
		t.Error("no constrain token")
	}
	m := text(Assistant, "x")
	m.ContentType = "<|constrain|>json"
	if got, _ = e.RenderMessage(nil, m, false); slices.Contains(got, 200003) {
		t.Error("text became the constrain token")
	}
}

func TestDropCookbook(t *testing.T) {
	reason := func(s string) Message { return AssistantMessage("analysis", s) }
	answer := func(s string) Message { return AssistantMessage("final", s) }
	python := Message{Role: Assistant, Recipient: "python", Channel: "analysis", Content: []Content{Text("code")}}
	result := ToolResult(python, "out")
	bare := result
	bare.Channel = ""
	weather := FunctionCall("f", "{}")
	for _, c := range []struct {
		name string
		in   []Message
		keep string
	}{
		{"closed turn", []Message{UserMessage("u"), reason("a"), answer("f"), UserMessage("v")}, "u f v"},
		{"two closed turns", []Message{UserMessage("u"), reason("a"), answer("f"), UserMessage("v"), reason("b"), answer("g"), UserMessage("w")}, "u f v g w"},
		{"open loop", []Message{UserMessage("u"), reason("a"), weather, ToolResult(weather, "out")}, "u a {} out"},
		{"open loop after an answer", []Message{UserMessage("u"), reason("a"), answer("f"), UserMessage("v"), reason("b"), weather, ToolResult(weather, "out")}, "u f v b {} out"},
		{"closed loop keeps calls", []Message{UserMessage("u"), reason("a"), weather, ToolResult(weather, "out"), reason("b"), answer("f"), UserMessage("v")}, "u {} out f v"},
		{"preamble stays", []Message{UserMessage("u"), reason("a"), AssistantMessage("commentary", "p"), weather, ToolResult(weather, "out"), answer("f"), UserMessage("v")}, "u p {} out f v"},
		{"python on analysis goes with its result", []Message{UserMessage("u"), reason("a"), python, result, answer("f"), UserMessage("v")}, "u f v"},
		{"and with a result that names no channel", []Message{UserMessage("u"), reason("a"), python, bare, answer("f"), UserMessage("v")}, "u f v"},
		{"python in an open loop", []Message{UserMessage("u"), reason("a"), python, bare}, "u a code out"},
		{"answer without channel", []Message{UserMessage("u"), reason("a"), text(Assistant, "f"), UserMessage("v")}, "u f v"},
		{"only reasoning", []Message{UserMessage("u"), reason("a")}, "u a"},
		{"nothing", nil, ""},
	} {
		drop := dropped(c.in, DropCookbook)
		var kept []string
		for i, m := range c.in {
			if !drop(i) {
				kept = append(kept, m.Text())
			}
		}
		if got := strings.Join(kept, " "); got != c.keep {
			t.Errorf("%s: kept %q, want %q", c.name, got, c.keep)
		}
	}
}

func TestTrainingKeepsTheLastReasoning(t *testing.T) {
	e, v := realEncoding(t)
	conv := Conversation{[]Message{UserMessage("u"), AssistantMessage("analysis", "old"), AssistantMessage("final", "f"),
		UserMessage("v"), AssistantMessage("analysis", "new"), AssistantMessage("final", "g")}}
	got, err := e.RenderForTraining(nil, conv, RenderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := "<|start|>user<|message|>u<|end|><|start|>assistant<|channel|>final<|message|>f<|end|><|start|>user<|message|>v<|end|>" +
		"<|start|>assistant<|channel|>analysis<|message|>new<|end|><|start|>assistant<|channel|>final<|message|>g<|return|>"
	sameTokens(t, v, "training", v.EncodeSpecial(nil, want, nil), got)
}

func TestResponseFormats(t *testing.T) {
	conv := Conversation{[]Message{developerMessage(DeveloperContent{Instructions: "I", Tools: []Function{{Name: "f"}}, ResponseFormats: []ResponseFormat{
		{Name: "shopping_list", Description: "what to buy\nin order", Schema: []byte("{\"type\": \"object\",\n \"properties\": {\"b\": {}, \"a\": {}}}")},
		{Name: "bare", Schema: []byte(`true`)}}})}}
	want := "<|start|>developer<|message|># Instructions\n\nI\n\n# Tools\n\n## functions\n\nnamespace functions {\n\ntype f = () => any;\n\n} // namespace functions" +
		"\n\n# Response Formats\n\n## shopping_list\n\n// what to buy\n// in order\n{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{}}}\n\n## bare\n\ntrue<|end|>"
	if d := cmp.Diff(want, spelledOut(t, conv, RenderOptions{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestRenderErrors(t *testing.T) {
	e, _ := New(newToy())
	deep := strings.Repeat(`{"items":`, 200) + "1" + strings.Repeat("}", 200)
	functions := func(fs ...Function) Message { return developerMessage(DeveloperContent{Tools: fs}) }
	for _, c := range []struct {
		m     Message
		field string
	}{
		{text("narrator", "x"), "role"},
		{text("", "x"), "role"},
		{text(Tool, "x"), "name"},
		{Message{Role: User, Content: []Content{SystemContent{}}}, "content"},
		{Message{Role: System, Content: []Content{DeveloperContent{}}}, "content"},
		{Message{Role: User, Content: []Content{nil}}, "content"},
		{systemMessage(func(s *SystemContent) { s.Effort = "huge" }), "effort"},
		{systemMessage(func(s *SystemContent) { s.Tools = []Namespace{BrowserTool(), BrowserTool()} }), "tools"},
		{functions(Function{}), "tools"},
		{functions(Function{Name: "f", Parameters: []byte(`{"type":`)}), "tools"},
		{functions(Function{Name: "f", Parameters: []byte(`{} {}`)}), "tools"},
		{functions(Function{Name: "f", Parameters: []byte(deep)}), "tools"},
		{developerMessage(DeveloperContent{Tools: []Function{{Name: "f"}}, Namespaces: []Namespace{{Name: "functions"}}}), "tools"},
		{developerMessage(DeveloperContent{ResponseFormats: []ResponseFormat{{Name: "f"}}}), "response_formats"},
	} {
		dst := []uint32{7}
		got, err := e.RenderForCompletion(dst, Conversation{[]Message{UserMessage("fine"), c.m}}, RenderOptions{})
		var re *RenderError
		if !errors.As(err, &re) || re.Message != 1 || re.Field != c.field {
			t.Errorf("%+v: got %v, want message 1, field %s", c.m, err, c.field)
		}
		if !slices.Equal(got, dst) {
			t.Errorf("%+v: dst changed to %v", c.m, got)
		}
	}
}

func TestParseEffort(t *testing.T) {
	for in, want := range map[string]Effort{"": EffortMedium, "low": EffortLow, "High": EffortHigh, "minimal": EffortLow, "none": EffortLow, "max": EffortHigh} {
		if got, err := ParseEffort(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := ParseEffort("extreme"); err == nil {
		t.Error("extreme was taken")
	}
}

func TestNewConversation(t *testing.T) {
	call := FunctionCall("f", "{}")
	conv := NewConversation(Settings{System: SystemContent{Identity: "I"}}, UserMessage("u"), call, ToolResult(call, "o"))
	want := "<|start|>system<|message|>I<|end|><|start|>user<|message|>u<|end|>" +
		"<|start|>assistant to=functions.f<|channel|>commentary <|constrain|>json<|message|>{}<|call|>" +
		"<|start|>functions.f to=assistant<|channel|>commentary<|message|>o<|end|>"
	if d := cmp.Diff(want, spelledOut(t, conv, RenderOptions{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if conv := NewConversation(Settings{Developer: DeveloperContent{Instructions: "d"}}); len(conv.Messages) != 2 {
		t.Errorf("%d messages", len(conv.Messages))
	}
}

// TestRealTokens are the library's cases that need the real vocabulary.
func TestRealTokens(t *testing.T) {
	e, v := realEncoding(t)
	head := v.EncodeSpecial(nil, "<|start|>assistant<|channel|>analysis<|message|>", nil)
	p := e.NewParser("")
	for _, id := range head {
		p.Push(id)
	}
	heart := v.Encode(nil, "💖")
	if len(heart) < 2 {
		t.Fatal("the heart is one token")
	}
	if ev := p.Push(heart[0]); len(ev) != 0 {
		t.Errorf("half a code point gave %v", ev)
	}
	if ev := p.Push(heart[1]); len(ev) != 1 || ev[0].Text != "💖" {
		t.Errorf("the second half gave %v", ev)
	}
	if m, ok := p.Current(); !ok || brief(m) != "assistant||analysis||💖" {
		t.Errorf("current %v %v", m, ok)
	}
	for _, c := range []struct {
		ids  []uint32
		want string
	}{
		{[]uint32{9552, 9552}, " \uFFFD \uFFFD"},
		{append([]uint32{9552}, v.Encode(nil, " interesting story")...), " \uFFFD interesting story"},
		{[]uint32{4294967295, 9552, 4294967295, 55}, "\uFFFD \uFFFD\uFFFDX"},
		{[]uint32{200014, 201088}, "<|reserved_200014|><|reserved_201088|>"},
		{v.Encode(nil, "Hello Müller, Γειά σου, नमस्ते, 안녕하세요, nai\u0308ve 😊👋🏾👨‍👩‍👧‍👦🇺🇸."), "Hello Müller, Γειά σου, नमस्ते, 안녕하세요, nai\u0308ve 😊👋🏾👨‍👩‍👧‍👦🇺🇸."},
	} {
		p := parseAll(t, e, "", ParserOptions{}, slices.Concat(head, c.ids))
		if got := p.Messages()[0].Text(); got != c.want {
			t.Errorf("%v: %q, want %q", c.ids, got, c.want)
		}
	}
}
