package guide

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"ossian/internal/grammar"
	"ossian/internal/harmony"
	"ossian/internal/sample"
	"ossian/internal/token"
)

const size = 201_088

var tokens = sync.OnceValue(func() *token.Tokenizer {
	t, err := token.O200kHarmony()
	if err != nil {
		panic(err)
	}
	return t
})

var format = sync.OnceValue(func() *Format {
	f, err := New(tokens(), grammar.NewVocabulary(tokens(), size))
	if err != nil {
		panic(err)
	}
	return f
})

func schema(t testing.TB, raw string) *grammar.Grammar {
	t.Helper()
	g, err := grammar.FromSchema([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func draw(rng *rand.Rand, mask sample.Mask, special []uint32) uint32 {
	if rng.IntN(4) == 0 { // control tokens would never come by chance
		for _, i := range rng.Perm(len(special)) {
			if mask.Allows(special[i]) {
				return special[i]
			}
		}
	}
	start := rng.Uint32N(size)
	for range 64 {
		if mask.Allows(start) {
			return start
		}
		start = rng.Uint32N(size)
	}
	for i := range uint32(size) {
		if id := (start + i) % size; mask.Allows(id) {
			return id
		}
	}
	return ^uint32(0)
}

// turn draws a turn at random and parses it.
func turn(t *testing.T, p *Plan, l Limits, seed uint64, recipients []string) (messages []harmony.Message, ids []uint32, s *Source) {
	t.Helper()
	f := format()
	enc, err := harmony.New(tokens())
	if err != nil {
		t.Fatal(err)
	}
	parser := enc.NewParserWith(harmony.Assistant, harmony.ParserOptions{Recipients: recipients})
	rng := rand.New(rand.NewPCG(seed, 3))
	special := []uint32{f.start, f.message, f.channel, f.constrain, f.end, f.call, f.ret}
	s = p.Source(l)
	for len(ids) < l.Tokens {
		id := draw(rng, s.Mask(), special)
		if id == ^uint32(0) {
			t.Fatalf("nothing is allowed after %s", tokens().Decode(ids))
		}
		s.Accept(id)
		ids = append(ids, id)
		parser.Push(id)
		if id == f.ret || id == f.call {
			break
		}
	}
	parser.Close()
	for _, w := range parser.Warnings() {
		if last := ids[len(ids)-1]; last == f.ret || last == f.call {
			t.Errorf("%v\n%s", w, tokens().Decode(ids))
		}
	}
	return parser.Messages(), ids, s
}

func TestTurns(t *testing.T) {
	args := schema(t, `{"type":"object","properties":{"city":{"type":"string","maxLength":8},"n":{"type":"integer"}},"required":["city"],"additionalProperties":false}`)
	answer := schema(t, `{"type":"object","properties":{"ok":{"type":"boolean"},"list":{"type":"array","items":{"type":"string"}}},"required":["ok","list"],"additionalProperties":false}`)
	tools := []Tool{{Recipient: "functions.get", Arguments: args}, {Recipient: "functions.get_weather"}, {Recipient: "python", BuiltIn: true, Text: true}, {Recipient: "browser.search", BuiltIn: true}}
	all := []string{"functions.get", "functions.get_weather", "python", "browser.search"}
	calls, answers := map[string]int{}, 0
	for name, o := range map[string]Offer{
		"plain":    {},
		"answer":   {Answer: answer, JSON: true},
		"tools":    {Tools: tools},
		"none":     {Tools: tools, Choice: None, Answer: answer},
		"required": {Tools: tools, Choice: Required},
		"named":    {Tools: tools[:1], Choice: Required},
		"both":     {Tools: tools, Answer: answer, JSON: true},
	} {
		p, err := format().Plan(o)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(12) {
			l := Limits{Tokens: []int{64, 100, 200}[seed%3], Reasoning: []int{0, 5}[seed%2]}
			messages, ids, s := turn(t, p, l, seed, all)
			at := fmt.Sprintf("%s, seed %d: %s", name, seed, tokens().Decode(ids))
			if len(messages) == 0 {
				t.Errorf("no message: %s", at)
				continue
			}
			last := messages[len(messages)-1]
			ended := ids[len(ids)-1] == format().ret || ids[len(ids)-1] == format().call
			text := last.Text()
			switch {
			case last.IsCall():
				calls[last.Recipient]++
				if !slices.ContainsFunc(o.Tools, func(t Tool) bool { return t.Recipient == last.Recipient }) || o.Choice == None {
					t.Errorf("a call that was not offered: %s", at)
				}
				if ended && last.Recipient != "python" && !json.Valid([]byte(text)) {
					t.Errorf("arguments are no JSON: %s", at)
				}
			case last.IsFinal():
				answers++
				if o.Choice == Required {
					t.Errorf("an answer instead of a call: %s", at)
				}
				if o.Answer != nil && !(ended && json.Valid([]byte(text)) && strings.Contains(text, `"ok"`)) {
					t.Errorf("the answer is broken, closed %v: %s", s.Closed(), at)
				}
			default:
				t.Errorf("neither an answer nor a call: %s", at)
			}
			for _, m := range messages {
				if strings.Contains(m.Text(), "<|") {
					t.Errorf("a control token in text: %s", at)
				}
			}
		}
	}
	if answers < 20 || len(calls) < 4 {
		t.Errorf("%d answers, calls %v", answers, calls)
	}
}

// TestNoAllocation holds the way of a token free of garbage once it is warm.
func TestNoAllocation(t *testing.T) {
	p, err := format().Plan(Offer{Answer: schema(t, `{"type":"array","items":{"type":"string"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	s := p.Source(Limits{})
	for _, id := range tokens().EncodeSpecial(nil, `<|channel|>final<|message|>["`, nil) {
		if !s.Mask().Allows(id) {
			t.Fatalf("token %d is not allowed", id)
		}
		s.Accept(id)
	}
	text := tokens().Encode(nil, `abc def","ghi jkl","`)
	around := func() {
		for _, id := range text {
			if !s.Mask().Allows(id) {
				t.Fatalf("token %d is not allowed", id)
			}
			s.Accept(id)
		}
	}
	around()
	if n := testing.AllocsPerRun(20, around); n != 0 {
		t.Errorf("%v allocations for %d tokens", n, len(text))
	}
}
