package grammar

import (
	"math/rand/v2"
	"testing"
)

// TestMaskIsNaive holds the mask of a walk against every token tried on its own.
func TestMaskIsNaive(t *testing.T) {
	v := vocabulary()
	for name, raw := range map[string]string{
		"any":      `{}`,
		"strings":  `{"type":"array","items":{"type":"string","minLength":2,"maxLength":9}}`,
		"long":     `{"type":"string","maxLength":300}`,
		"pattern":  `{"type":"string","pattern":"^[a-zé€😀]{1,8}$"}`,
		"not":      `{"type":"string","pattern":"^[^x]+$"}`,
		"object":   `{"type":"object","properties":{"a":{"type":"integer"},"b":{"enum":["x","xy",12,null]},"é":{"type":"number","minimum":0.5}},"required":["b"]}`,
		"tree":     `{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#"}},"n":{"anyOf":[{"type":"string"},{"type":"string","format":"date"}]}}}`,
		"patterns": `{"type":"object","patternProperties":{"^a":{"type":"integer"},"b$":{"type":"integer","minimum":3}},"additionalProperties":false}`,
	} {
		g := mustSchema(t, raw)
		m := v.NewMatcher(g, stop)
		rng := rand.New(rand.NewPCG(7, 7))
		for step := range 25 {
			mask := m.Mask()
			for id := range uint32(vocabSize) {
				want := id == stop && m.Done()
				if !tokens().IsSpecial(id) {
					want = m.follow(m.at, id) != nowhere
				}
				if mask.Allows(id) != want {
					b, _ := tokens().Bytes(id)
					t.Fatalf("%s, step %d: token %q: allowed %v", name, step, b, mask.Allows(id))
				}
			}
			id, ok := draw(rng, mask)
			if !ok {
				t.Fatalf("%s: nothing is allowed", name)
			}
			if id == stop {
				break
			}
			m.Accept(id)
		}
	}
}

// TestWalk writes documents at random, which another program must find valid.
func TestWalk(t *testing.T) {
	for _, raw := range []string{
		`{"type":"object","properties":{"a":{"type":"string","maxLength":5},"b":{"type":"array","items":{"type":"integer","multipleOf":3},"minItems":1,"maxItems":3},"c":{"type":"boolean"}},"required":["a","b"],"additionalProperties":false}`,
		`{"type":"string","format":"date-time"}`, `{"type":"string","format":"email","maxLength":30}`, `{"type":"string","format":"uri","maxLength":20}`,
		`{"type":"string","format":"ipv6"}`, `{"type":"string","format":"time"}`, `{"type":"string","format":"uuid"}`,
		`{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"null"}},"required":["kind","x"],"additionalProperties":false},{"type":"object","properties":{"kind":{"const":"b"}},"required":["kind"],"maxProperties":1}]}`,
		`{"type":"array","prefixItems":[{"type":"integer","minimum":-3,"maximum":7}],"items":{"enum":["x",{"y":[1,2]},false]},"maxItems":3,"contains":{"const":false}}`,
		`{"allOf":[{"$ref":"#/$defs/base"},{"properties":{"n":{"maximum":5}}}],"$defs":{"base":{"type":"object","properties":{"n":{"type":"number","minimum":4.5}},"required":["n"],"additionalProperties":{"type":"null"},"propertyNames":{"maxLength":2},"maxProperties":2}}}`,
	} {
		g := mustSchema(t, raw)
		s := oracle(t, []byte(raw))
		done := 0
		for seed := range uint64(8) {
			m := vocabulary().NewMatcher(g, stop)
			rng := rand.New(rand.NewPCG(seed, 1))
			var ids []uint32
			for n := range 400 {
				if n == 60 { // enough: what is the shortest end?
					left := m.Left()
					text, _, _ := m.Closing(nil)
					if len(text) != left {
						t.Errorf("%d bytes are left, but the end is %q\n%s", left, text, raw)
					}
					ids = tokens().Encode(ids, string(text))
					if !m.AcceptBytes(string(text)) {
						t.Errorf("the end %q is not allowed\n%s", text, raw)
					}
				}
				id, ok := uint32(stop), m.Done()
				if !ok {
					id, ok = draw(rng, m.Mask())
				}
				if !ok {
					t.Fatalf("nothing is allowed\n%s\n%s", raw, tokens().Decode(ids))
				}
				if id == stop {
					done++
					text := tokens().Decode(ids)
					if err := validate(t, s, text); err != nil {
						t.Errorf("%s\n%s\n%v", raw, text, err)
					}
					break
				}
				m.Accept(id)
				ids = append(ids, id)
			}
		}
		if done != 8 {
			t.Errorf("%d of 8 were completed: %s", done, raw)
		}
	}
}
