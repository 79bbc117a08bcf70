package grammar

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ossian/internal/regular"
	"ossian/internal/sample"
	"ossian/internal/token"
)

var update = flag.Bool("update", false, "rewrite the table in docs/structured-output.md")

const (
	vocabSize = 201_088
	stop      = 200_002
	testdata  = "../../testdata/jsonschema/"
)

// What is slow to make is made once for all tests.
var (
	tokens = sync.OnceValue(func() *token.Tokenizer {
		t, err := token.O200kHarmony()
		if err != nil {
			panic(err)
		}
		return t
	})
	vocabulary = sync.OnceValue(func() *Vocabulary { return NewVocabulary(tokens(), vocabSize) })
)

func mustSchema(t testing.TB, raw string) *Grammar {
	t.Helper()
	g, err := FromSchema([]byte(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return g
}

// accepts reads text byte by byte.
func accepts(g *Grammar, text string) bool {
	m := newMachine(g)
	at := m.begin()
	for i := range len(text) {
		at = m.step(at, text[i])
	}
	return m.configs[at].accepts
}

func decodeJSON(t testing.TB, raw []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return v
}

// spellings writes a value as FromSchema says it is written, with members in every order,
// up to a few hundred.
func spellings(v any) []string {
	switch v := v.(type) {
	case json.Number:
		if d, ok := regular.ParseDecimal(v.String()); ok {
			return []string{d.String()}
		}
		return []string{v.String()}
	case string:
		return []string{quote(v)}
	case []any:
		out := []string{"["}
		for i, e := range v {
			if i > 0 {
				out = join2(out, []string{","})
			}
			out = join2(out, spellings(e))
		}
		return join2(out, []string{"]"})
	case map[string]any:
		var keys []string
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		var out []string
		for _, order := range orders(keys) {
			one := []string{"{"}
			for i, k := range order {
				if i > 0 {
					one = join2(one, []string{","})
				}
				one = join2(join2(one, []string{quote(k) + ":"}), spellings(v[k]))
			}
			out = append(out, join2(one, []string{"}"})...)
			if len(out) > 800 {
				break
			}
		}
		return out
	}
	b, _ := json.Marshal(v)
	return []string{string(b)}
}

func join2(a, b []string) []string {
	var out []string
	for _, x := range a {
		for _, y := range b {
			if out = append(out, x+y); len(out) > 800 {
				return out
			}
		}
	}
	return out
}

func orders(keys []string) [][]string {
	if len(keys) == 0 {
		return [][]string{nil}
	}
	if len(keys) > 6 {
		return [][]string{keys}
	}
	var out [][]string
	for i, k := range keys {
		rest := append(slices.Clone(keys[:i]), keys[i+1:]...)
		for _, o := range orders(rest) {
			out = append(out, append([]string{k}, o...))
		}
	}
	return out
}

// oracle is another program's opinion of a schema.
func oracle(t testing.TB, raw []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return s
}

func validate(t testing.TB, s *jsonschema.Schema, text string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// draw picks an allowed id, each alike; false when there is none.
func draw(rng *rand.Rand, mask sample.Mask) (uint32, bool) {
	for range 64 {
		if id := rng.Uint32N(vocabSize); mask.Allows(id) {
			return id, true
		}
	}
	start := rng.Uint32N(vocabSize)
	for i := range uint32(vocabSize) {
		if id := (start + i) % vocabSize; mask.Allows(id) {
			return id, true
		}
	}
	return 0, false
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
