package grammar

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"ossian/internal/regular"
)

// pieces is a vocabulary of any byte strings; the last id is a special token.
type pieces [][]byte

func (p pieces) Size() int                { return len(p) }
func (p pieces) IsSpecial(id uint32) bool { return int(id) == len(p)-1 }
func (p pieces) Bytes(id uint32) ([]byte, bool) {
	if int(id) >= len(p) {
		return nil, false
	}
	return p[id], true
}

func fuzzSchemas() []string {
	return []string{
		`{}`, `{"type":"string"}`, `{"type":"string","minLength":1,"maxLength":3}`, `{"type":"string","pattern":"^[a-zé€😀\"\\\\]+$"}`,
		`{"type":"array","items":{"anyOf":[{"type":"string","maxLength":2},{"type":"integer"},{"enum":["abcabc","ab"]}]}}`,
		`{"type":"object","properties":{"a":{"type":"number"},"ab":{"type":"string","maxLength":300},"é":{}},"required":["ab"]}`,
		`{"type":"object","patternProperties":{"^a":{"type":"null"},"b":{"type":["null","integer"]}},"additionalProperties":{"type":"string","pattern":"^[^a]*$"}}`,
		`{"type":"object","properties":{"k":{"$ref":"#"}},"additionalProperties":false}`,
		`{"not":{"type":["object","array"]}}`,
	}
}

// FuzzMask cuts random text into a vocabulary and holds every mask of a walk against all tokens
// tried one by one.
func FuzzMask(f *testing.F) {
	f.Add(uint8(5), uint64(1), []byte(`{"ab":"é😀\u00e9\ud83d\ude00","x":[1,2.5e3,null]}, {"a":"`))
	f.Add(uint8(2), uint64(2), []byte("\"aé\\u20AC\xf0\x9f\x98\x80\"\xe2\x82"))
	f.Add(uint8(6), uint64(3), []byte(`{"abb":null,"b":12,"ccc":"bcd","`))
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, text []byte) {
		if len(text) > 400 {
			return
		}
		all := fuzzSchemas()
		g := mustSchema(t, all[int(which)%len(all)])
		rng := rand.New(rand.NewPCG(seed, 5))
		var p pieces
		for b := range 256 {
			p = append(p, []byte{byte(b)})
		}
		for range min(300, 4*len(text)) {
			from := rng.IntN(len(text))
			p = append(p, text[from:min(len(text), from+1+rng.IntN(8))])
		}
		p = append(p, []byte("<|stop|>"))
		v := NewVocabulary(p, len(p))
		m := v.NewMatcher(g, uint32(len(p)-1))
		for range 30 {
			mask := m.Mask()
			var allowed []uint32
			for id := range uint32(len(p)) {
				want := m.Done()
				if !p.IsSpecial(id) {
					want = m.follow(m.at, id) != nowhere
				}
				if want {
					allowed = append(allowed, id)
				}
				// Of pieces that are spelled alike the tree has one.
				if mask.Allows(id) != want && !(want && twin(p, id)) {
					t.Fatalf("%q: allowed %v", p[id], mask.Allows(id))
				}
			}
			if len(allowed) == 0 {
				t.Fatal("nothing is allowed")
			}
			id := allowed[rng.IntN(len(allowed))]
			if p.IsSpecial(id) {
				return
			}
			left := m.Left()
			if text, _, _ := m.Closing(nil); len(text) != left {
				t.Fatalf("%d bytes are left, but the end is %q", left, text)
			}
			m.Accept(id)
		}
	})
}

func twin(p pieces, id uint32) bool {
	for i := range id {
		if bytes.Equal(p[i], p[id]) {
			return true
		}
	}
	return false
}

// FuzzString holds the reading of JSON strings against the standard library: what is
// accepted is a JSON string in UTF-8 without halves of surrogate pairs whose text the
// pattern matches, and the other way round, but for escapes that nobody writes.
func FuzzString(f *testing.F) {
	for _, s := range []string{`"a"`, `"\u00e9é"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\ud83d"`, "\"\xed\xa0\x80\"", "\"\xe0\x85\x81\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
		`"\n\/\\\""`, `"\x"`, "\"\n\"", `"\u0041"`, `"\u003c"`, `"\u001F"`, `"`, `""`, "\"\xc3\"", `"\uFFFF"`, "\"\xf4\x8f\xbf\xbf\""} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(3))
	}
	exprs := []string{`^[^]*$`, `^[a-zé]*$`, `^.{0,3}$`, `[😀é\n]`}
	f.Fuzz(func(t *testing.T, text []byte, which uint8) {
		expr := exprs[int(which)%len(exprs)]
		d, err := regular.Search(expr, regular.NewBudget(1e6))
		if err != nil {
			t.Fatal(err)
		}
		dr := &draft{}
		r := dr.rule("string")
		term, err := dr.terminal(d, true)
		if err != nil {
			t.Fatal(err)
		}
		dr.final[dr.term(dr.rules[r].start, term)] = true
		g, err := dr.finish(r)
		if err != nil {
			t.Fatal(err)
		}
		var s string
		want := json.Unmarshal(text, &s) == nil && text[0] == '"' && text[len(text)-1] == '"' && utf8.Valid(text) && halves(string(text)) && d.Match(s)
		got := accepts(g, string(text))
		if got && !want || !got && want && !needless(string(text)) {
			t.Errorf("%q with %s: accepted %v", text, expr, got)
		}
	})
}

// halves reports whether every surrogate that is spelled out has its other half.
func halves(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		if i++; s[i] != 'u' {
			continue
		}
		switch v := strings.ToLower(s[i+1 : i+5]); {
		case v >= "d800" && v < "dc00":
			if i+11 > len(s) || s[i+5:i+7] != `\u` {
				return false
			}
			if low := strings.ToLower(s[i+7 : i+11]); low < "dc00" || low > "dfff" {
				return false
			}
			i += 10
		case v >= "dc00" && v <= "dfff":
			return false
		default:
			i += 4
		}
	}
	return true
}

// needless reports whether a character of ASCII is spelled in a way that no writer of JSON uses.
func needless(s string) bool {
	for i := 0; i+5 < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		if s[i+1] == 'u' && s[i+2] == '0' && s[i+3] == '0' && s[i+4] >= '2' && s[i+4] <= '7' {
			return true
		}
		i++
	}
	return false
}
