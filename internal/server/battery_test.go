package server

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ossian/internal/chat"
	"ossian/internal/engine"
	"ossian/internal/grammar"
	"ossian/internal/harmony"
	"ossian/internal/model"
)

var batterySize = flag.Int("battery", 40, "generations of the battery of random answers")

// noise is a model whose logits are random: a function of the history and nothing else. No
// weights could be worse.
type noise struct {
	parrot
	row []float32 // random numbers, longer than a row
}

func newNoise(b *bench) *noise {
	n := &noise{row: make([]float32, 201088+1<<16)}
	n.cfg, n.tok, n.seqs = model.Config{Vocab: 201088, MaxContext: 4000}, b.tok, map[model.Seq][]uint32{}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n.row {
		n.row[i] = float32(rng.NormFloat64() * 2)
	}
	return n
}

func (n *noise) Step(ctx context.Context, batch []model.Item) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, item := range batch {
		all := append(slices.Clip(n.seqs[item.Seq]), item.Tokens...)
		n.seqs[item.Seq] = all
		rows := len(item.Logits) / n.cfg.Vocab
		for i := range rows {
			h := fnv.New32a()
			for _, id := range all[max(0, len(all)-rows+1+i-40) : len(all)-rows+1+i] {
				h.Write([]byte{byte(id), byte(id >> 8), byte(id >> 16)})
			}
			copy(item.Logits[i*n.cfg.Vocab:][:n.cfg.Vocab], n.row[h.Sum32()>>16:])
		}
	}
	return nil
}

// adversarial are schemas in which models, parsers and masks go astray.
func adversarial() []string {
	return []string{
		`{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#"}},"v":{"type":["string","null"]}},"required":["v"],"additionalProperties":false}`,
		`{"type":"object","properties":{"<|end|>":{"type":"string"},"final":{"const":"<|return|>"}},"required":["<|end|>","final"],"additionalProperties":false}`,
		`{"type":"string","pattern":"^(\\ud83d\\ude00|é|\"|\\\\){1,6}$"}`,
		`{"type":"string","minLength":20,"maxLength":30}`,
		`{"type":"array","items":{"type":"array","items":{"type":"number","multipleOf":0.05,"exclusiveMinimum":-1,"maximum":1},"minItems":2,"maxItems":2},"maxItems":4}`,
		`{"anyOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"}},"required":["a","b"]}]}`,
		`{"oneOf":[{"properties":{"k":{"const":1}},"required":["k"]},{"properties":{"k":{"const":2},"z":{"type":"null"}},"required":["k","z"]}],"type":"object","maxProperties":3}`,
		`{"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"type":"integer","minimum":10}},"additionalProperties":false,"maxProperties":3}`,
		`{"type":"object","additionalProperties":{"type":"string","format":"date-time"},"propertyNames":{"pattern":"^[a-z]{2,4}$"},"maxProperties":2}`,
		`{"type":"object","properties":{"when":{"format":"date","type":"string"},"who":{"format":"email","type":"string","maxLength":40},"at":{"format":"uri","type":"string","maxLength":40},"ip":{"format":"ipv6","type":"string"}},"required":["when","who","at","ip"],"additionalProperties":false}`,
		`{"enum":["a","ab","abc",{"x":[1,{"y":null}]},1.5,true,null,[]]}`,
		`{"type":"array","prefixItems":[{"type":"boolean"},{"type":"string","maxLength":3}],"items":{"type":"integer","minimum":100,"maximum":999},"minItems":2,"maxItems":5,"contains":{"const":500},"maxContains":1}`,
		`{"if":{"properties":{"t":{"const":"n"}},"required":["t"]},"then":{"properties":{"v":{"type":"number"}},"required":["v"]},"else":{"properties":{"v":{"type":"string","maxLength":4}}},"type":"object","properties":{"t":{"enum":["n","s"]}},"required":["t"],"maxProperties":2}`,
		`{"not":{"type":["object","array","string"]}}`,
		`{"type":"integer","not":{"enum":[0,1,2,3,4,5,6,7,8,9]},"minimum":-100,"maximum":100}`,
		`{"$defs":{"l":{"type":["array","integer"],"items":{"$ref":"#/$defs/l"},"maxItems":3}},"$ref":"#/$defs/l"}`,
	}
}

// trial is one request of the battery.
type trial struct {
	schema   json.RawMessage // of the answer or the arguments
	valid    *jsonschema.Schema
	asTool   bool
	choice   string // auto, required, none or a function
	stream   bool
	effort   string
	tokens   int
	seed     uint64
	responds bool // Responses instead of Chat Completions
}

// TestBattery asks a model of noise for answers under schemas of real programs and hostile ones,
// with tools and choices, at temperature 1.5. Whatever it writes must parse, be valid, call only
// what was offered and hold no control token.
//
//	go test ./internal/server -run TestBattery -battery 20000 -timeout 5h -v
func TestBattery(t *testing.T) {
	b := newBench(t, Options{MaxRequests: 64})
	n := newNoise(b)
	enc, err := harmony.New(b.tok)
	if err != nil {
		t.Fatal(err)
	}
	m := &Model{Names: []string{"noise"}, Tokens: b.tok, Created: time.Unix(0, 0),
		Chat: &chat.Model{Engine: engine.New(n, engine.Options{}), Encoding: enc}}
	m.Chat.Format = sync.OnceValues(m.newFormat)
	b.SetModel(m)

	schemas := batterySchemas(t, b)
	efforts := []string{"low", "medium", "high"}
	count := map[string]int{}
	var mu sync.Mutex
	work := make(chan trial)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for tr := range work {
				outcome := tr.run(t, b)
				mu.Lock()
				count[outcome]++
				mu.Unlock()
			}
		})
	}
	rng := rand.New(rand.NewPCG(9, 9))
	for i := range *batterySize {
		s := schemas[(i*7919)%len(schemas)]
		tr := trial{schema: s.raw, valid: s.valid, effort: efforts[i%3], tokens: 64 + rng.IntN(192), seed: uint64(i), stream: i%4 == 1, responds: i%5 == 2}
		if tr.asTool = s.object && i%3 == 1; tr.asTool {
			tr.choice = []string{"auto", "required", "none", "give"}[rng.IntN(4)]
		}
		work <- tr
		if i > 0 && i%500 == 0 {
			mu.Lock()
			t.Logf("%d: %v", i, count)
			mu.Unlock()
		}
	}
	close(work)
	all.Wait()
	t.Logf("%d generations over %d schemas: %v", *batterySize, len(schemas), count)
}

type batterySchema struct {
	raw    json.RawMessage
	valid  *jsonschema.Schema
	object bool
}

// batterySchemas are those that are enforced and that the other validator takes too.
func batterySchemas(t *testing.T, b *bench) []batterySchema {
	t.Helper()
	data, err := os.ReadFile("../../testdata/jsonschema/public.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var raws []json.RawMessage
	for _, s := range adversarial() {
		raws = append(raws, json.RawMessage(s))
	}
	for _, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var p struct{ Schema json.RawMessage }
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		raws = append(raws, p.Schema)
	}
	var out []batterySchema
	for i, raw := range raws {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if c.AddResource("schema.json", doc) != nil {
			continue
		}
		valid, err := c.Compile("schema.json")
		if err != nil {
			continue
		}
		if _, err := grammar.FromSchema(raw); err != nil {
			if i < len(adversarial()) {
				t.Errorf("%v: %s", err, raw)
			}
			continue
		}
		object := doc.(map[string]any)["type"] == "object"
		out = append(out, batterySchema{raw, valid, object})
	}
	if len(out) < 200 {
		t.Fatalf("only %d schemas", len(out))
	}
	return out
}

func (tr *trial) body() string {
	common := fmt.Sprintf(`"model":"noise","temperature":1.5,"seed":%d,"stream":%v`, tr.seed, tr.stream)
	choice := `"` + tr.choice + `"`
	switch {
	case tr.responds && tr.asTool:
		if tr.choice == "give" {
			choice = `{"type":"function","name":"give"}`
		}
		return fmt.Sprintf(`{%s,"input":"Go.","store":false,"max_output_tokens":%d,"reasoning":{"effort":%q},"tool_choice":%s,"tools":[{"type":"function","name":"give","strict":true,"parameters":%s},{"type":"function","name":"other","parameters":{"type":"object"}}]}`,
			common, tr.tokens, tr.effort, choice, tr.schema)
	case tr.responds:
		return fmt.Sprintf(`{%s,"input":"Go.","store":false,"max_output_tokens":%d,"reasoning":{"effort":%q},"text":{"format":{"type":"json_schema","name":"x","strict":true,"schema":%s}}}`,
			common, tr.tokens, tr.effort, tr.schema)
	case tr.asTool:
		if tr.choice == "give" {
			choice = `{"type":"function","function":{"name":"give"}}`
		}
		return fmt.Sprintf(`{%s,"messages":[{"role":"user","content":"Go."}],"max_tokens":%d,"reasoning_effort":%q,"tool_choice":%s,"tools":[{"type":"function","function":{"name":"give","strict":true,"parameters":%s}},{"type":"function","function":{"name":"other"}}]}`,
			common, tr.tokens, tr.effort, choice, tr.schema)
	}
	return fmt.Sprintf(`{%s,"messages":[{"role":"user","content":"Go."}],"max_tokens":%d,"reasoning_effort":%q,"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":%s}}}`,
		common, tr.tokens, tr.effort, tr.schema)
}

// run asks and judges. It returns what the trial came to.
func (tr *trial) run(t *testing.T, b *bench) string {
	path := "/v1/chat/completions"
	if tr.responds {
		path = "/v1/responses"
	}
	status, _, text := b.ask(t, "POST", path, tr.body())
	if status != 200 {
		t.Errorf("status %d: %s\n%s", status, text, tr.body())
		return fmt.Sprint(status)
	}
	r, ok := tr.reply(t, text)
	if !ok {
		t.Errorf("unreadable: %.2000s\n%s", text, tr.body())
		return "unreadable"
	}
	for _, s := range []string{r.content, r.reasoning, r.arguments} {
		for _, c := range []string{"<|start|>", "<|message|>", "<|channel|>", "<|call|>", "<|constrain|>"} {
			if strings.Contains(s, c) {
				t.Errorf("a control token in %q", s)
			}
		}
	}
	bad := func(format string, args ...any) string {
		t.Errorf("%s\n%+v\n%s", fmt.Sprintf(format, args...), r, tr.body())
		return "bad"
	}
	holds := func(text string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err == nil {
			err = tr.valid.Validate(v)
		}
		return err
	}
	switch {
	case r.call != "":
		if !tr.asTool || tr.choice == "none" || r.call != "give" && r.call != "other" || tr.choice == "give" && r.call != "give" {
			return bad("a call that was not offered: %q", r.call)
		}
		if r.call == "give" {
			if err := holds(r.arguments); err != nil {
				if r.finish == "length" {
					return "incomplete, and said to be"
				}
				return bad("arguments: %v", err)
			}
		}
		return "call, " + r.finish
	case tr.asTool && tr.choice != "auto" && tr.choice != "none":
		if r.finish != "length" {
			return bad("no call, and it ended with %s", r.finish)
		}
		return "no call in time"
	case tr.asTool:
		if r.content == "" && r.finish != "length" {
			return bad("no answer, and it ended with %s", r.finish)
		}
		return "text, " + r.finish
	}
	err := holds(r.content)
	switch {
	case err == nil:
		return "valid, " + r.finish
	case r.finish == "length":
		return "incomplete, and said to be"
	}
	return bad("the answer: %v", err)
}

// said is what came back.
type said struct{ content, reasoning, call, arguments, finish string }

func (tr *trial) reply(t *testing.T, text string) (r said, ok bool) {
	if tr.responds {
		return tr.response(text)
	}
	type message struct {
		Content   string
		Reasoning string
		ToolCalls []struct {
			Function struct{ Name, Arguments string }
		} `json:"tool_calls"`
	}
	add := func(m message) {
		r.content += m.Content
		r.reasoning += m.Reasoning
		for _, c := range m.ToolCalls {
			r.call += c.Function.Name
			r.arguments += c.Function.Arguments
		}
	}
	bodies := []string{text}
	if tr.stream {
		bodies = nil
		for _, e := range events(t, text) {
			if e.data != "[DONE]" {
				bodies = append(bodies, e.data)
			}
		}
	}
	for _, body := range bodies {
		var c struct {
			Choices []struct {
				Message, Delta message
				FinishReason   string `json:"finish_reason"`
			}
		}
		if json.Unmarshal([]byte(body), &c) != nil {
			return r, false
		}
		for _, ch := range c.Choices {
			add(ch.Message)
			add(ch.Delta)
			if ch.FinishReason != "" {
				r.finish = ch.FinishReason
			}
		}
	}
	return r, r.finish != ""
}

func (tr *trial) response(text string) (r said, ok bool) {
	if tr.stream { // the last event has it all
		at := strings.LastIndex(text, "\ndata: ")
		var e struct{ Response json.RawMessage }
		if at < 0 || json.Unmarshal([]byte(text[at+len("\ndata: "):]), &e) != nil {
			return r, false
		}
		text = string(e.Response)
	}
	var res struct {
		Status string
		Output []struct {
			Type, Name, Arguments, Status string
			Content                       []struct{ Text string }
		}
	}
	if json.Unmarshal([]byte(text), &res) != nil {
		return r, false
	}
	r.finish = map[string]string{"completed": "stop", "incomplete": "length"}[res.Status]
	for _, o := range res.Output {
		switch o.Type {
		case "function_call":
			r.call, r.arguments = o.Name, o.Arguments
		case "message", "reasoning":
			for _, c := range o.Content {
				if o.Type == "message" {
					r.content += c.Text
				} else {
					r.reasoning += c.Text
				}
			}
		}
	}
	return r, r.finish != ""
}
