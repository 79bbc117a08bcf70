package harmony

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// brief writes a message on one line: role[:name] | recipient | channel | type | text.
func brief(m Message) string {
	author := string(m.Role)
	if m.Name != "" {
		author += ":" + m.Name
	}
	kind := m.ContentType
	if m.Constrain {
		kind = "*" + kind
	}
	return strings.Join([]string{author, m.Recipient, m.Channel, kind, m.Text()}, "|")
}

func briefs(msgs []Message) []string {
	out := []string{}
	for _, m := range msgs {
		out = append(out, brief(m))
	}
	return out
}

func repairs(ws []Warning) []string {
	out := []string{}
	for _, w := range ws {
		out = append(out, string(w.Repair))
	}
	return out
}

// parseAll pushes everything, closes, and holds the events against the messages.
func parseAll(t testing.TB, e *Encoding, role Role, opt ParserOptions, ids []uint32) *Parser {
	t.Helper()
	p := e.NewParserWith(role, opt)
	var open bool
	var text strings.Builder
	index := 0
	check := func(events []Event) {
		for _, ev := range events {
			if ev.Index != index {
				t.Fatalf("event of message %d while at %d", ev.Index, index)
			}
			switch ev.Kind {
			case MessageStart:
				if open || len(ev.Message.Content) != 0 {
					t.Fatal("a message started while one was open, or with content")
				}
				open = true
				text.Reset()
			case TextDelta:
				if !open || ev.Text == "" {
					t.Fatal("a delta outside of a message, or an empty one")
				}
				if strings.ToValidUTF8(ev.Text, "") != ev.Text {
					t.Fatalf("delta %q is not UTF-8", ev.Text)
				}
				text.WriteString(ev.Text)
			case MessageEnd:
				if !open || ev.Message.Text() != text.String() {
					t.Fatalf("deltas %q, message %q", text.String(), ev.Message.Text())
				}
				open = false
				index++
			}
		}
	}
	for _, id := range ids {
		check(p.Push(id))
	}
	check(p.Close())
	if open || index != len(p.Messages()) {
		t.Fatal("a message was left open")
	}
	if got := p.Close(); len(got) != 0 {
		t.Fatalf("a second Close said %v", got)
	}
	return p
}

const (
	none       = ""
	completion = Assistant
)

var repairCases = []struct {
	name string
	role Role
	text string
	want []string
	warn []Repair
}{
	{"analysis and final", completion, "<|channel|>analysis<|message|>think<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>",
		[]string{"assistant||analysis||think", "assistant||final||4"}, nil},
	{"recipient after channel", none, "<|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>",
		[]string{"assistant|functions.f|commentary|*json|{}"}, nil},
	{"constrain without space", none, "<|start|>assistant<|channel|>commentary to=functions.f<|constrain|>json<|message|>{}<|call|>",
		[]string{"assistant|functions.f|commentary|*json|{}"}, nil},
	{"recipient before channel, constrain without space", none, "<|start|>assistant to=functions.f<|channel|>commentary<|constrain|>json<|message|>{}<|end|>",
		[]string{"assistant|functions.f|commentary|*json|{}"}, nil},
	{"recipient before channel, plain type", none, "<|start|>assistant to=functions.f<|channel|>commentary json<|message|>{}<|call|>",
		[]string{"assistant|functions.f|commentary|json|{}"}, nil},
	{"built-in call", completion, "<|channel|>analysis to=python code<|message|>1+1<|call|>",
		[]string{"assistant|python|analysis|code|1+1"}, nil},
	{"built-in call without type", completion, "<|channel|>analysis to=browser.open<|message|>{}<|call|>",
		[]string{"assistant|browser.open|analysis||{}"}, nil},
	{"structured output is no call", completion, "<|channel|>final <|constrain|>json<|message|>{}<|return|>",
		[]string{"assistant||final|*json|{}"}, nil},
	{"bare type is no recipient", completion, "<|channel|>final json<|message|>{}<|return|>",
		[]string{"assistant||final|json|{}"}, nil},
	{"bare recipient", completion, "<|channel|>commentary functions.f json<|message|>{}<|call|>",
		[]string{"assistant|functions.f|commentary|json|{}"}, []Repair{RepairRecipient}},
	{"prose is no recipient", completion, "<|channel|>final Hello.<|message|>x<|return|>", []string{"assistant||final|Hello.|x"}, nil},
	{"tool result", none, "<|start|>functions.f to=assistant<|channel|>commentary<|message|>out<|end|>",
		[]string{"tool:functions.f|assistant|commentary||out"}, nil},
	{"tool result, name only", none, "<|start|>functions.f<|message|>out<|end|>", []string{"tool:functions.f||||out"}, nil},
	{"named user", none, "<|start|>user:bob<|message|>hi<|end|>", []string{"user:bob||||hi"}, nil},
	{"no channel", completion, "<|message|>hi<|return|>", []string{"assistant||||hi"}, nil},

	{"no message token", completion, "I must refuse<|end|><|start|>assistant<|channel|>final<|message|>Sorry<|return|>",
		[]string{"assistant||||I must refuse", "assistant||final||Sorry"}, []Repair{RepairNoMessageToken}},
	{"no message token, channel", completion, "<|channel|>analysis I must refuse<|end|>",
		[]string{"assistant||analysis||I must refuse"}, []Repair{RepairNoMessageToken}},
	{"no message token, no channel name", completion, "<|channel|>I must refuse<|end|>",
		[]string{"assistant||||I must refuse"}, []Repair{RepairNoMessageToken}},
	{"no message token, later message", none, "<|start|>assistant<|channel|>commentary Hello  there<|end|>",
		[]string{"assistant||commentary||Hello  there"}, []Repair{RepairNoMessageToken}},
	{"no message token in a call", completion, "<|channel|>commentary to=functions.f <|constrain|>json{\"a\": 1}<|call|>",
		[]string{"assistant|functions.f|commentary|*json|{\"a\": 1}"}, []Repair{RepairNoMessageToken}},
	{"no message token in code", completion, "<|channel|>analysis to=python code print(1)<|call|>",
		[]string{"assistant|python|analysis|code|print(1)"}, []Repair{RepairNoMessageToken}},
	{"no message token, not even a role", none, "<|start|>Hello there<|end|>",
		[]string{"assistant||||Hello there"}, []Repair{RepairNoMessageToken}},
	{"documented issue: call after refusal", completion, "... Let's use the tool.<|end|><|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>{}<|call|>",
		[]string{"assistant||||... Let's use the tool.", "assistant|functions.get_weather|commentary|json|{}"}, []Repair{RepairNoMessageToken}},

	{"stray text", completion, "<|channel|>analysis<|message|>a<|end|>comment<|start|>assistant<|channel|>final<|message|>b<|return|>",
		[]string{"assistant||analysis||a", "assistant||final||b"}, []Repair{RepairStray}},
	{"missing start", completion, "<|channel|>analysis<|message|>a<|end|>assistant<|channel|>final<|message|>b<|return|>",
		[]string{"assistant||analysis||a", "assistant||final||b"}, []Repair{RepairNoStart}},
	{"missing start and role", completion, "<|channel|>analysis<|message|>a<|end|><|channel|>final<|message|>b<|return|>",
		[]string{"assistant||analysis||a", "assistant||final||b"}, []Repair{RepairNoStart}},
	{"missing start, stray words", completion, "<|channel|>analysis<|message|>a<|end|>comment<|channel|>final<|message|>b<|return|>",
		[]string{"assistant||analysis||a", "assistant||final||b"}, []Repair{RepairNoStart, RepairHeaderWords}},
	{"stray text at the end is text", completion, "<|channel|>analysis<|message|>a<|end|>The answer is 4.<|return|>",
		[]string{"assistant||analysis||a", "assistant||||The answer is 4."}, []Repair{RepairNoMessageToken}},
	{"doubled start", none, "<|start|><|start|>assistant<|message|>a<|end|>", []string{"assistant||||a"}, []Repair{RepairDoubledStart}},
	{"start after prompt's start", completion, "<|start|>assistant<|channel|>final<|message|>a<|return|>",
		[]string{"assistant||final||a"}, []Repair{RepairDoubledStart}},
	{"start assistant twice", none, "<|start|>assistant<|start|>assistant<|message|>a<|end|>",
		[]string{"assistant||||a"}, []Repair{RepairDoubledStart, RepairCutHeader}},
	{"start in content", completion, "<|channel|>analysis<|message|>a<|start|>assistant<|channel|>final<|message|>b<|return|>",
		[]string{"assistant||analysis||a", "assistant||final||b"}, []Repair{RepairNoEnd}},
	{"channel in content", completion, "<|channel|>analysis<|message|>a<|channel|>final<|message|>b<|return|>",
		[]string{"assistant||analysis||a", "assistant||final||b"}, []Repair{RepairNoEnd}},
	{"message token in content", completion, "<|channel|>final<|message|>a<|message|>b<|return|>",
		[]string{"assistant||final||a<|message|>b"}, []Repair{RepairControlText}},
	{"other special token in content", completion, "<|channel|>final<|message|>a<|reserved_1|>b<|return|>",
		[]string{"assistant||final||a<|reserved_1|>b"}, nil},

	{"two channels", completion, "<|channel|>commentary to=assistant<|channel|>analysis to=python code<|message|>1<|call|>",
		[]string{"assistant|python|analysis|code|1"}, []Repair{RepairTwoChannels, RepairTwoRecipients}},
	{"two channels, no call", none, "<|start|>assistant<|channel|>commentary to=assistant<|channel|>analysis<|message|>1<|end|>",
		[]string{"assistant||analysis||1"}, []Repair{RepairTwoChannels}},
	{"misspelt channel ?", completion, "<|channel|>commentary? to=functions.f<|message|>1<|call|>",
		[]string{"assistant|functions.f|commentary||1"}, []Repair{RepairChannel}},
	{"misspelt channel x", completion, "<|channel|>finalx<|message|>1<|return|>", []string{"assistant||final||1"}, []Repair{RepairChannel}},
	{"misspelt channel dashes", completion, "<|channel|>––commentary<|message|>1<|end|>", []string{"assistant||commentary||1"}, []Repair{RepairChannel}},
	{"half a channel", completion, "<|channel|>comment<|message|>1<|end|>", []string{"assistant||commentary||1"}, []Repair{RepairChannel}},
	{"hopeless channel", completion, "<|channel|>??<|message|>1<|return|>", []string{"assistant||final||1"}, []Repair{RepairChannel}},
	{"hopeless channel in a call", completion, "<|channel|>?? to=functions.f<|message|>1<|call|>",
		[]string{"assistant|functions.f|commentary||1"}, []Repair{RepairChannel}},
	{"no channel name", completion, "<|channel|> to=functions.f<|message|>1<|call|>",
		[]string{"assistant|functions.f|||1"}, []Repair{RepairChannel}},
	{"recipient twice", completion, " to=functions.f<|channel|>commentary to=functions.f<|message|>1<|call|>",
		[]string{"assistant|functions.f|commentary||1"}, []Repair{RepairTwoRecipients}},
	{"call on analysis", completion, "<|channel|>analysis to=functions.f <|constrain|>json<|message|>1<|call|>",
		[]string{"assistant|functions.f|analysis|*json|1"}, nil},
	{"call on final", completion, "<|channel|>final to=functions.f<|message|>1<|call|>", []string{"assistant|functions.f|final||1"}, nil},
	{"recipient without namespace", completion, "<|channel|>commentary to=get_weather<|message|>1<|call|>",
		[]string{"assistant|functions.get_weather|commentary||1"}, []Repair{RepairRecipient}},
	{"recipient with glued type", completion, "<|channel|>commentary to=functions.get_weatherjson<|message|>1<|call|>",
		[]string{"assistant|functions.get_weather|commentary|json|1"}, []Repair{RepairRecipient}},
	{"glued to=", completion, "<|channel|>commentaryto=functions.f<|message|>1<|call|>", []string{"assistant|functions.f|commentary||1"}, nil},
	{"spelled marks are text", completion, "<|channel|>final<|message|>1<|end|><|start|>user<|message|><\\|start|>assistant<|end|>",
		[]string{"assistant||final||1", "user||||<|start|>assistant"}, nil},
	{"too many words", completion, "<|channel|>final one two three<|message|>1<|end|>", []string{"assistant||final||1"}, []Repair{RepairHeaderWords}},
	{"no role", none, "<|start|><|channel|>final<|message|>1<|end|>", []string{"assistant||final||1"}, []Repair{RepairNoRole}},

	{"cut in content", completion, "<|channel|>final<|message|>par", []string{"assistant||final||par"}, nil},
	{"cut in channel", completion, "<|channel|>an", nil, []Repair{RepairCutHeader}},
	{"cut after channel", completion, "<|channel|>analysis", nil, []Repair{RepairCutHeader}},
	{"cut in recipient", completion, "<|channel|>commentary to=functions.get", nil, []Repair{RepairCutHeader}},
	{"cut in to", completion, "<|channel|>commentary to", nil, []Repair{RepairCutHeader}},
	{"cut before type", completion, "<|channel|>commentary to=functions.f co", nil, []Repair{RepairCutHeader}},
	{"cut after constrain", completion, "<|channel|>final <|constrain|>", nil, []Repair{RepairCutHeader}},
	{"cut in role", none, "<|start|>ass", nil, []Repair{RepairCutHeader}},
	{"cut after start", none, "<|start|>", nil, []Repair{RepairCutHeader}},
	{"cut in bare text", completion, "I must ref", []string{"assistant||||I must ref"}, []Repair{RepairNoMessageToken}},
	{"nothing", completion, "", nil, nil},
	{"end at once", completion, "<|end|>", nil, []Repair{RepairTerminator}},
	{"lone ends", none, "<|end|><|return|><|endoftext|>", nil, []Repair{RepairTerminator, RepairTerminator}},
	{"endoftext ends", completion, "<|channel|>final<|message|>hi<|endoftext|>", []string{"assistant||final||hi"}, nil},
}

func TestParserRepairs(t *testing.T) {
	v := newToy()
	e, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range repairCases {
		t.Run(c.name, func(t *testing.T) {
			ids := encodeSpelled(v, v.specials, c.text)
			for i, id := range ids { // <\|start|> stands for the spelling
				if id == '\\' {
					ids = slices.Delete(ids, i, i+1)
					break
				}
			}
			p := parseAll(t, e, c.role, ParserOptions{Recipients: []string{"functions.get_weather", "functions.f"}}, ids)
			if c.want == nil {
				c.want = []string{}
			}
			if d := cmp.Diff(c.want, briefs(p.Messages())); d != "" {
				t.Errorf("messages (-want +got):\n%s", d)
			}
			want := []string{}
			for _, r := range c.warn {
				want = append(want, string(r))
			}
			got := repairs(p.Warnings())
			slices.Sort(want)
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("warnings (-want +got):\n%s", d)
			}
		})
	}
}

// TestAssembler pins the placement of U+FFFD and that nothing half is given out.
func TestAssembler(t *testing.T) {
	for _, c := range []struct{ pieces, want string }{
		{" \xf0\x9f| \xf0\x9f|worked", " |\uFFFD |\uFFFDworked|"},
		{" \xf0\x9f|X|Y", " |\uFFFDX|Y|"},
		{"\xf0|\x9f|\x92|\x96", "|||💖|"},
		{"a\xff|b", "a\uFFFD|b|"},
		{"\xe2\x82", "|\uFFFD"},
		{"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD|"},
		{"\xf0\x80", "\uFFFD\uFFFD|"},
		{"\xf0\x9f\x92|\xf0\x9f\x92\x96", "|\uFFFD💖|"},
		{"\xc3|\xc3\xa9", "|\uFFFDé|"},
		{"\uFFFD", "\uFFFD|"},
	} {
		var a assembler
		var got []string
		for _, p := range strings.Split(c.pieces, "|") {
			got = append(got, string(a.push(nil, []byte(p))))
		}
		got = append(got, string(a.flush(nil)))
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q gives %q, want %q", c.pieces, s, c.want)
		}
	}
}

func TestUndecodable(t *testing.T) {
	v := newToy()
	e, _ := New(v)
	ids := encodeSpelled(v, v.specials, "<|channel|>final<|message|>a")
	ids = append(ids, 0xc3, 4294967295, 'b')
	p := parseAll(t, e, Assistant, ParserOptions{}, ids)
	if got, want := fmt.Sprint(briefs(p.Messages())), "[assistant||final||a\uFFFD\uFFFDb]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := repairs(p.Warnings()); len(got) != 1 || got[0] != string(RepairUndecodable) {
		t.Errorf("warnings %v", got)
	}
}
