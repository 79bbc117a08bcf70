package chat

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ossian/internal/engine"
	"ossian/internal/harmony"
	"ossian/internal/model"
	"ossian/internal/token"
)

// script is a backend that says what it was given, turn after turn.
type script struct {
	cfg     model.Config
	ids     []uint32
	prompts [][]uint32
	reading bool
	say     func(i int) // called before the i-th token of a turn
	at      int
}

func (s *script) Config() *model.Config     { return &s.cfg }
func (s *script) Close() error              { return nil }
func (s *script) Len(model.Seq) int         { return 0 }
func (s *script) FreeSeq(model.Seq)         {}
func (s *script) Trim(model.Seq, int) error { return nil }
func (s *script) NewSeq(int) (model.Seq, error) {
	s.prompts = append(s.prompts, nil)
	s.reading, s.at = true, 0
	return 1, nil
}

func (s *script) Step(ctx context.Context, batch []model.Item) error {
	if s.reading {
		last := &s.prompts[len(s.prompts)-1]
		*last = append(*last, batch[0].Tokens...)
	}
	row := batch[0].Logits
	if row == nil {
		return nil
	}
	s.reading = false
	if s.say != nil {
		s.say(s.at)
	}
	clear(row)
	row[s.ids[0]] = 1
	s.ids, s.at = s.ids[1:], s.at+1
	return nil
}

type bench struct {
	*script
	*Model
	tok    *token.Tokenizer
	events []Event
}

func newBench(t *testing.T, said string) *bench {
	t.Helper()
	tok, err := token.O200kHarmony()
	if err != nil {
		t.Fatal(err)
	}
	enc, err := harmony.New(tok)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{cfg: model.Config{Vocab: 201088, MaxContext: 2000}, ids: tok.EncodeSpecial(nil, said, nil)}
	return &bench{script: s, Model: &Model{Engine: engine.New(s, engine.Options{}), Encoding: enc}, tok: tok}
}

func (b *bench) emit(e Event) error {
	if e.Kind != Prompt {
		b.events = append(b.events, e)
	}
	return nil
}

func (b *bench) texts(k Kind) string {
	var s strings.Builder
	for _, e := range b.events {
		if e.Kind == k {
			s.WriteString(e.Text)
		}
	}
	return s.String()
}

func ask(text string) harmony.Conversation {
	return harmony.NewConversation(harmony.Settings{System: harmony.DefaultSystem()}, harmony.UserMessage(text))
}

func TestTurn(t *testing.T) {
	b := newBench(t, "<|channel|>analysis<|message|>Easy.\nIt is 42 €.<|end|><|start|>assistant<|channel|>final<|message|>**42** é<|return|>")
	got, err := b.Turn(t.Context(), ask("17 + 25?"), Options{}, b.emit)
	if err != nil {
		t.Fatal(err)
	}
	if got.Reasoning != "Easy.\nIt is 42 €." || got.Answer != "**42** é" || got.Finish != FinishStop || got.CutIn != 0 || len(got.Warnings) != 0 {
		t.Errorf("%+v", got)
	}
	if b.texts(Reasoning) != got.Reasoning || b.texts(Answer) != got.Answer {
		t.Errorf("deltas %q and %q", b.texts(Reasoning), b.texts(Answer))
	}
	if want := len(b.tok.Encode(nil, got.Reasoning)) + 1; got.ReasoningTokens != want {
		t.Errorf("%d reasoning tokens, want %d", got.ReasoningTokens, want)
	}
	if got.PromptTokens != len(b.prompts[0]) || got.CompletionTokens <= got.ReasoningTokens {
		t.Errorf("%+v", got)
	}
	if p := b.tok.Decode(b.prompts[0]); !strings.HasSuffix(p, "<|start|>user<|message|>17 + 25?<|end|><|start|>assistant") {
		t.Errorf("prompt %q", p)
	}
}

func TestToolCall(t *testing.T) {
	b := newBench(t, "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=weather <|constrain|>json<|message|>{\"at\":\"Oslo\"}<|call|>")
	conv := harmony.NewConversation(harmony.Settings{System: harmony.DefaultSystem(),
		Developer: harmony.DeveloperContent{Tools: []harmony.Function{{Name: "weather"}}}}, harmony.UserMessage("Rain?"))
	got, err := b.Turn(t.Context(), conv, Options{}, b.emit)
	if err != nil {
		t.Fatal(err)
	}
	if got.Finish != FinishCalls || len(got.Calls) != 1 || got.Calls[0].Name != "functions.weather" || got.Calls[0].Arguments != `{"at":"Oslo"}` {
		t.Errorf("%+v", got)
	}
	if got.Preamble != "I look." || got.Answer != "" || len(got.Warnings) == 0 || b.texts(Warning) == "" {
		t.Errorf("%+v", got)
	}
	if last := b.events[len(b.events)-1]; last.Kind != ToolCall || last.Call.Name != "functions.weather" {
		t.Errorf("%+v", b.events)
	}
}

func TestCut(t *testing.T) {
	for said, want := range map[string]Kind{
		"<|channel|>analysis<|message|>It is so and":                                    Reasoning,
		"<|channel|>final<|message|>It is so and":                                       Answer,
		"<|channel|>commentary<|message|>It is so and":                                  Preamble,
		"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"half\": 1": ToolCall,
		"<|channel|>analysis<|message|>Done.<|end|><|start|>assistant":                  0,
	} {
		b := newBench(t, said)
		got, err := b.Turn(t.Context(), ask("?"), Options{MaxTokens: len(b.ids)}, b.emit)
		if err != nil || got.Finish != FinishLength || got.CutIn != want || len(got.Calls) != 0 {
			t.Errorf("%s: %+v, %v", said, got, err)
		}
	}
}

func TestUnfinishedCharacter(t *testing.T) {
	b := newBench(t, "<|channel|>final<|message|>")
	whole := b.tok.Encode(nil, "\xf0\x9f") // the start of an emoji
	b.ids = append(b.ids, whole...)
	got, err := b.Turn(t.Context(), ask("?"), Options{MaxTokens: len(b.ids)}, b.emit)
	if err != nil || got.Answer != b.texts(Answer) || !strings.ContainsRune(got.Answer, '\uFFFD') {
		t.Errorf("%+v, deltas %q, %v", got, b.texts(Answer), err)
	}
}

func TestEmitError(t *testing.T) {
	broken := errors.New("broken pipe")
	b := newBench(t, "<|channel|>final<|message|>a b c d e f<|return|>")
	got, err := b.Turn(t.Context(), ask("?"), Options{}, func(e Event) error {
		if e.Kind == Answer && e.Text == " c" {
			return broken
		}
		return nil
	})
	if err != broken || got.Answer != "a b c" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSession(t *testing.T) {
	b := newBench(t, "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hello.<|return|>"+
		"<|channel|>final<|message|>Again.<|return|>")
	s := NewSession(b.Model, "2026-01-31")
	s.Settings.Developer.Instructions = "Be brief."
	for _, text := range []string{"One", "Two"} {
		if _, kept, err := s.Send(t.Context(), text, b.emit); err != nil || !kept {
			t.Fatal(kept, err)
		}
	}
	p := b.tok.Decode(b.prompts[1])
	want := "# Instructions\n\nBe brief.<|end|><|start|>user<|message|>One<|end|>" +
		"<|start|>assistant<|channel|>final<|message|>Hello.<|end|><|start|>user<|message|>Two<|end|><|start|>assistant"
	if !strings.Contains(p, "Current date: 2026-01-31\n\nReasoning: medium") || !strings.HasSuffix(p, want) {
		t.Errorf("second prompt %q", p)
	}
	if len(s.History()) != 5 {
		t.Errorf("%d messages", len(s.History()))
	}
	s.Reset()
	if len(s.History()) != 0 {
		t.Error("not forgotten")
	}
}

// TestSessionCancelled: without any answer the question is taken back, with some it stays.
func TestSessionCancelled(t *testing.T) {
	for _, want := range []bool{false, true} {
		b := newBench(t, "<|channel|>analysis<|message|>Hm, hm, hm.<|end|><|start|>assistant<|channel|>final<|message|>Hello you there.<|return|>")
		ctx, cancel := context.WithCancel(t.Context())
		at := 4
		if want {
			at = len(b.ids) - 2
		}
		b.say = func(i int) {
			if i == at {
				cancel()
			}
		}
		s := NewSession(b.Model, "")
		got, kept, err := s.Send(ctx, "One", b.emit)
		if err != nil || got.Finish != FinishCancelled || kept != want || (len(s.History()) > 0) != want {
			t.Errorf("cancelled at %d: %+v, kept %v, %v", at, got, kept, err)
		}
		if want {
			if diff := cmp.Diff([]string{"One", "Hm, hm, hm.", "Hello you there."}, func() (texts []string) {
				for _, m := range s.History() {
					texts = append(texts, m.Text())
				}
				return
			}()); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestSessionTooLong(t *testing.T) {
	b := newBench(t, "")
	s := NewSession(b.Model, "")
	_, kept, err := s.Send(t.Context(), strings.Repeat("word ", 3000), b.emit)
	if ce := (*engine.ContextError)(nil); !errors.As(err, &ce) || kept || len(s.History()) != 0 {
		t.Errorf("kept %v, %v", kept, err)
	}
}

// TestStop: a stop text ends the turn, and nothing of it is told, however the tokens cut it.
func TestStop(t *testing.T) {
	const head = "<|channel|>analysis<|message|>No STOP here.<|end|><|start|>assistant<|channel|>final<|message|>"
	for _, c := range []struct {
		said  string
		stops []string
		want  string
		found string
	}{
		{"one two three<|return|>", []string{" two"}, "one", " two"},
		{"one two three<|return|>", []string{"ree", "o th"}, "one tw", "o th"},
		{"one two three<|return|>", []string{"three!", "x"}, "one two three", ""},
		{"one two three<|return|>", []string{"e"}, "on", "e"},
		{"a\n\nb<|return|>", []string{"\n\n"}, "a", "\n\n"},
		{"aaab<|return|>", []string{"aab"}, "a", "aab"},
		{"STOP<|return|>", []string{"STOP"}, "", "STOP"},
	} {
		b := newBench(t, head+c.said)
		got, err := b.Turn(t.Context(), ask("?"), Options{Stop: c.stops}, b.emit)
		if err != nil || got.Answer != c.want || b.texts(Answer) != c.want || got.StopText != c.found || got.Finish != FinishStop || got.CutIn != 0 {
			t.Errorf("%q in %q: %+v, deltas %q, %v", c.stops, c.said, got, b.texts(Answer), err)
		}
		if got.Reasoning != "No STOP here." {
			t.Errorf("reasoning %q", got.Reasoning)
		}
	}
}

// TestTokens: log-probabilities come with the deltas, each token once, none of headers and stop texts.
func TestTokens(t *testing.T) {
	const said = "<|channel|>analysis<|message|>Hm 😀.<|end|><|start|>assistant<|channel|>final<|message|>one two three four<|return|>"
	for _, stop := range []string{"", " three"} {
		b := newBench(t, said)
		opt := Options{}
		opt.Sampling.Logprobs = 1
		if stop != "" {
			opt.Stop = []string{stop}
		}
		if _, err := b.Turn(t.Context(), ask("?"), opt, b.emit); err != nil {
			t.Fatal(err)
		}
		said := map[Kind][]uint32{}
		for _, e := range b.events {
			for _, tok := range e.Tokens {
				said[e.Kind] = append(said[e.Kind], tok.ID)
				if len(tok.Top) != 1 || tok.Top[0].ID != tok.ID {
					t.Errorf("%+v", tok)
				}
			}
		}
		for _, k := range []Kind{Reasoning, Answer} {
			if got := b.tok.Decode(said[k]); got != b.texts(k) {
				t.Errorf("tokens %q, text %q", got, b.texts(k))
			}
		}
	}
}

// TestCallDeltas: the pieces of a call, joined, are its arguments, also of one that is cut.
func TestCallDeltas(t *testing.T) {
	b := newBench(t, "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"half\": 1")
	if _, err := b.Turn(t.Context(), ask("?"), Options{MaxTokens: len(b.ids)}, b.emit); err != nil {
		t.Fatal(err)
	}
	if b.events[0].Kind != CallStart || b.events[0].Call.Name != "functions.f" || b.texts(CallText) != "{\"half\": 1" {
		t.Errorf("%+v", b.events)
	}
}

// TestCap: a bound beyond the context is one that the context sets.
func TestCap(t *testing.T) {
	b := newBench(t, "<|channel|>final<|message|>Hi<|return|>")
	if got, err := b.Turn(t.Context(), ask("?"), Options{MaxTokens: 1 << 30, Cap: true}, b.emit); err != nil || got.Answer != "Hi" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestContinue: a prompt goes on without messages; the end is no text, other control tokens are.
func TestContinue(t *testing.T) {
	for _, c := range []struct {
		said, want string
		opt        Options
		finish     Finish
	}{
		{"one two é<|return|>", "one two é", Options{}, FinishStop},
		{"one<|end|>two<|return|>", "one<|end|>two", Options{}, FinishStop},
		{"one two three<|return|>", "one", Options{Stop: []string{" tw"}}, FinishStop},
		{"one two three<|return|>", "one two", Options{MaxTokens: 2, Stop: []string{" two four"}}, FinishLength},
	} {
		b := newBench(t, c.said)
		got, err := b.Continue(t.Context(), []uint32{1, 2, 3}, b.tok.NewDecoder(), c.opt, b.emit)
		if err != nil || got.Answer != c.want || b.texts(Answer) != c.want || got.Finish != c.finish || got.PromptTokens != 3 {
			t.Errorf("%q: %+v, deltas %q, %v", c.said, got, b.texts(Answer), err)
		}
	}
}
