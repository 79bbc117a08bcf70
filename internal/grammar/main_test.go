package grammar

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
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

// read follows a value as FromSchema says it is written, without white space, with members in
// an order that the grammar takes; nowhere when there is none.
func read(m *machine, at uint32, v any) uint32 {
	text := func(at uint32, s string) uint32 {
		for i := range len(s) {
			at = m.step(at, s[i])
		}
		return at
	}
	switch v := v.(type) {
	case json.Number:
		if d, ok := regular.ParseDecimal(v.String()); ok {
			return text(at, d.String())
		}
		return text(at, v.String())
	case string:
		return text(at, quote(v))
	case []any:
		at = text(at, "[")
		for i, e := range v {
			if i > 0 {
				at = text(at, ",")
			}
			at = read(m, at, e)
		}
		return text(at, "]")
	case map[string]any:
		var rest []string
		for k := range v {
			rest = append(rest, k)
		}
		slices.Sort(rest)
		at = text(at, "{")
		for first := true; len(rest) > 0; first = false {
			// The next member is one behind which all others can still come; failing that,
			// any that can come at all.
			next, behind := -1, uint32(nowhere)
			for i, k := range rest {
				to := at
				if !first {
					to = text(to, ",")
				}
				if to = text(to, quote(k)+":"); to == nowhere {
					continue
				}
				if to = read(m, to, v[k]); to == nowhere {
					continue
				}
				all := true
				for j, other := range rest {
					all = all && (i == j || text(to, ","+quote(other)+":") != nowhere)
				}
				if all || next < 0 {
					next, behind = i, to
				}
				if all {
					break
				}
			}
			if next < 0 {
				return nowhere
			}
			at = behind
			rest = slices.Delete(rest, next, next+1)
		}
		return text(at, "}")
	case bool:
		if v {
			return text(at, "true")
		}
		return text(at, "false")
	}
	return text(at, "null")
}

// takes reports whether a value can be written. If the members of the outermost object
// find no order, all orders are tried.
func takes(g *Grammar, v any) bool {
	m := newMachine(g)
	if m.configs[read(m, m.begin(), v)].accepts {
		return true
	}
	members, ok := v.(map[string]any)
	if !ok || len(members) > 5 {
		return false
	}
	text := func(at uint32, s string) uint32 {
		for i := range len(s) {
			at = m.step(at, s[i])
		}
		return at
	}
	for _, order := range orders(slices.Sorted(maps.Keys(members))) {
		at := text(m.begin(), "{")
		for i, k := range order {
			if i > 0 {
				at = text(at, ",")
			}
			at = read(m, text(at, quote(k)+":"), members[k])
		}
		if m.configs[text(at, "}")].accepts {
			return true
		}
	}
	return false
}

func orders(keys []string) [][]string {
	if len(keys) == 0 {
		return [][]string{nil}
	}
	var out [][]string
	for i, k := range keys {
		for _, o := range orders(slices.Delete(slices.Clone(keys), i, i+1)) {
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
