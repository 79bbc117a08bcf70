package harmony

import (
	"encoding/json"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ossian/internal/token"
)

const goldenDir = "../../testdata/harmony/"

// vocabulary is the real one, made once for all tests.
var vocabulary = sync.OnceValues(token.O200kHarmony)

func realEncoding(t testing.TB) (*Encoding, *token.Tokenizer) {
	t.Helper()
	v, err := vocabulary()
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	return e, v
}

// The neutral form of testdata/harmony/README.md.
type (
	neutralMessage struct {
		Role        Role             `json:"role"`
		Name        string           `json:"name"`
		Channel     string           `json:"channel"`
		Recipient   string           `json:"recipient"`
		ContentType string           `json:"content_type"`
		Constrain   bool             `json:"constrain"`
		Content     []neutralContent `json:"content"`
		Text        string           `json:"text"` // of parsed messages
	}
	neutralContent struct {
		Text   string `json:"text"`
		System *struct {
			Identity         string             `json:"identity"`
			KnowledgeCutoff  string             `json:"knowledge_cutoff"`
			Date             string             `json:"date"`
			Effort           Effort             `json:"effort"`
			Tools            []neutralNamespace `json:"tools"`
			Channels         []string           `json:"channels"`
			ChannelsOptional bool               `json:"channels_optional"`
		} `json:"system"`
		Developer *struct {
			Instructions string             `json:"instructions"`
			Tools        []neutralFunction  `json:"tools"`
			Namespaces   []neutralNamespace `json:"namespaces"`
		} `json:"developer"`
	}
	neutralNamespace struct{ Namespace }
	neutralFunction  struct {
		Name           string          `json:"name"`
		Description    string          `json:"description"`
		Parameters     json.RawMessage `json:"parameters"`
		ParametersJSON string          `json:"parameters_json"`
	}
)

func (f neutralFunction) function() Function {
	if f.ParametersJSON != "" {
		f.Parameters = json.RawMessage(f.ParametersJSON)
	}
	return Function{Name: f.Name, Description: f.Description, Parameters: f.Parameters}
}

// UnmarshalJSON reads the name of a built-in, or a namespace written out.
func (n *neutralNamespace) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"browser"`:
		n.Namespace = BrowserTool()
		return nil
	case `"python"`:
		n.Namespace = PythonTool()
		return nil
	}
	var w struct {
		Name        string            `json:"name"`
		Description string            `json:"description"`
		Functions   []neutralFunction `json:"functions"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	n.Name, n.Description = w.Name, w.Description
	for _, f := range w.Functions {
		n.Functions = append(n.Functions, f.function())
	}
	return nil
}

func namespaces(in []neutralNamespace) []Namespace {
	var out []Namespace
	for _, n := range in {
		out = append(out, n.Namespace)
	}
	return out
}

func (m neutralMessage) message() Message {
	out := Message{Role: m.Role, Name: m.Name, Channel: m.Channel, Recipient: m.Recipient, ContentType: m.ContentType, Constrain: m.Constrain}
	for _, c := range m.Content {
		switch {
		case c.System != nil:
			s := c.System
			out.Content = append(out.Content, SystemContent{Identity: s.Identity, KnowledgeCutoff: s.KnowledgeCutoff, Date: s.Date,
				Effort: s.Effort, Tools: namespaces(s.Tools), Channels: s.Channels, ChannelsOptional: s.ChannelsOptional})
		case c.Developer != nil:
			d := DeveloperContent{Instructions: c.Developer.Instructions, Namespaces: namespaces(c.Developer.Namespaces)}
			for _, f := range c.Developer.Tools {
				d.Tools = append(d.Tools, f.function())
			}
			out.Content = append(out.Content, d)
		default:
			out.Content = append(out.Content, Text(c.Text))
		}
	}
	return out
}

func readGolden(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(goldenDir + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

type renderGolden struct {
	Tail  []uint32 `json:"completion_tail"`
	Cases []struct {
		Name         string           `json:"name"`
		Messages     []neutralMessage `json:"messages"`
		Drop         []uint32         `json:"drop"`
		Keep         []uint32         `json:"keep"` // absent: as Drop
		TrainingLast uint32           `json:"training_last"`
	} `json:"cases"`
}

func conversationOf(msgs []neutralMessage) Conversation {
	var conv Conversation
	for _, m := range msgs {
		conv.Messages = append(conv.Messages, m.message())
	}
	return conv
}

func sameTokens(t *testing.T, v *token.Tokenizer, what string, want, got []uint32) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("%s: tokens differ\ntext (-want +got):\n%s\nwant %v\ngot  %v", what, cmp.Diff(v.Decode(want), v.Decode(got)), want, got)
	}
}

func TestRenderGoldens(t *testing.T) {
	e, v := realEncoding(t)
	var golden renderGolden
	readGolden(t, "render.json", &golden)
	if len(golden.Cases) < 60 {
		t.Fatalf("only %d conversations", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			conv := conversationOf(c.Messages)
			if c.Keep == nil {
				c.Keep = c.Drop
			}
			for _, r := range []struct {
				what string
				drop Drop
				want []uint32
			}{{"with drop", DropLibrary, c.Drop}, {"without drop", DropNone, c.Keep}} {
				got, err := e.Render(nil, conv, RenderOptions{r.drop})
				if err != nil {
					t.Fatal(err)
				}
				sameTokens(t, v, r.what, r.want, got)
				prefix := []uint32{1, 2}
				got, err = e.RenderForCompletion(prefix, conv, RenderOptions{r.drop})
				if err != nil {
					t.Fatal(err)
				}
				sameTokens(t, v, r.what+" for completion", slices.Concat([]uint32{1, 2}, r.want, golden.Tail), got)
			}
			got, err := e.RenderForTraining(nil, conv, RenderOptions{DropLibrary})
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(c.Drop)
			want[len(want)-1] = c.TrainingLast
			sameTokens(t, v, "for training", want, got)

			var each []uint32
			for _, m := range conv.Messages {
				if each, err = e.RenderMessage(each, m, hasFunctions(conv)); err != nil {
					t.Fatal(err)
				}
			}
			sameTokens(t, v, "message by message", c.Keep, each)
		})
	}
	t.Logf("%d conversations", len(golden.Cases))
}

// noRoundTrip are the conversations whose tokens say less than the conversation, and what is lost.
var noRoundTrip = map[string]string{
	"several contents": "texts are encoded one by one, and read as one",
	"split specials":   "as above",
	"white space":      "as above",
	"header parts":     "recipient all is not written, but ends the message with a call",
	"odd header texts": "a header part with spaces is two parts",
	"evil everywhere":  "as above",
}

// TestRoundTrip reads every golden rendering and writes it again.
func TestRoundTrip(t *testing.T) {
	e, v := realEncoding(t)
	var golden renderGolden
	readGolden(t, "render.json", &golden)
	for _, c := range golden.Cases {
		if c.Keep == nil {
			c.Keep = c.Drop
		}
		p := parseAll(t, e, "", ParserOptions{Channels: []string{"plan"}}, c.Keep)
		got, err := e.Render(nil, Conversation{p.Messages()}, RenderOptions{DropNone})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if noRoundTrip[c.Name] != "" {
			continue
		}
		if len(p.Warnings()) > 0 {
			t.Errorf("%s: warnings %v", c.Name, p.Warnings())
		}
		sameTokens(t, v, c.Name, c.Keep, got)
	}
}

type parseGolden struct {
	Cases []struct {
		Name     string           `json:"name"`
		Role     Role             `json:"role"`
		Tokens   []uint32         `json:"tokens"`
		Messages []neutralMessage `json:"messages"`
	} `json:"cases"`
}

func TestParseGoldens(t *testing.T) {
	e, _ := realEncoding(t)
	var golden parseGolden
	readGolden(t, "parse.json", &golden)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			want := []Message{}
			for _, m := range c.Messages {
				out := m.message()
				out.Content = []Content{Text(m.Text)}
				want = append(want, out)
			}
			p := parseAll(t, e, c.Role, ParserOptions{}, c.Tokens)
			got := append([]Message{}, p.Messages()...)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("messages (-want +got):\n%s\nwarnings %v", d, p.Warnings())
			}
		})
	}
	t.Logf("%d completions", len(golden.Cases))
}
