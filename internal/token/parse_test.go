package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// object is JSON to be changed by a test before it is parsed.
type object = map[string]any

// tiny is a tokenizer.json of 256 bytes in reverse order, some merges and three specials.
// Its ids are no ranks: "lo" is listed last but merges first.
func tiny() object {
	alpha := newAlphabet()
	spell := make([]string, 256)
	for r, b := range alpha {
		if b > 0 {
			spell[b-1] = string(rune(r))
		}
	}
	vocab := object{}
	for b, s := range spell {
		vocab[s] = 255 - b
	}
	for i, s := range []string{"hel", "he", "el", "hello", "Ġw", "ld", "lo"} {
		vocab[s] = 256 + i
	}
	added := func(id int, content string) any {
		return object{"id": id, "content": content, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}
	}
	return object{
		"version": "1.0", "truncation": nil, "padding": nil, "normalizer": nil,
		"added_tokens": []any{added(270, "<|start|>"), added(265, "<|end|>"), added(266, "<|end|>>")},
		"pre_tokenizer": object{"type": "Sequence", "pretokenizers": []any{
			object{"type": "Split", "pattern": object{"Regex": splitRule}, "behavior": "Isolated", "invert": false},
			object{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
		}},
		"post_processor": object{"type": "ByteLevel"}, "decoder": object{"type": "ByteLevel"},
		"model": object{
			"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
			"fuse_unk": false, "byte_fallback": false, "ignore_merges": true, "vocab": vocab,
			"merges": []any{"l o", "h e", []any{"e", "l"}, "he l", "hel lo", []any{"Ġ", "w"}, "l d"},
		},
	}
}

func marshal(t testing.TB, o object) []byte {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	tok, err := Parse(marshal(t, tiny()))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		ids  []uint32
	}{
		{"hello", []uint32{259}},          // whole
		{"helloo", []uint32{259, 144}},    // lo, he, he+l, hel+lo, o
		{"hell", []uint32{256, 147}},      // he before el
		{"el", []uint32{258}},             // whole
		{"xelo", []uint32{135, 154, 262}}, // lo before el, by the list, though its id is higher
		{" world", []uint32{260, 144, 141, 261}},
		{"\xff\x00", []uint32{0, 255}},
		{"<|end|>", []uint32{195, 131, 154, 145, 155, 131, 193}},
	} {
		if got := tok.Encode(nil, c.text); !slices.Equal(got, c.ids) {
			t.Errorf("Encode(%q) = %d, want %d", c.text, got, c.ids)
		}
		if got := string(slices.Concat(all(tok, c.ids)...)); got != c.text {
			t.Errorf("bytes of %d: %q", c.ids, got)
		}
	}
	if got := tok.EncodeSpecial(nil, "<|start|>hello<|end|>>x<|end|><|end", nil); !slices.Equal(got[:5], []uint32{270, 259, 266, 135, 265}) {
		t.Errorf("EncodeSpecial = %d", got)
	}
	if id, ok := tok.Special("<|start|>"); !ok || id != 270 || tok.Size() != 271 {
		t.Errorf("<|start|> is %d of %d", id, tok.Size())
	}
	for _, id := range []uint32{263, 264, 267, 271} {
		if _, ok := tok.Bytes(id); ok || tok.Decode([]uint32{id}) != "\uFFFD" {
			t.Errorf("%d is a token", id)
		}
	}
	// A long piece is merged the same way.
	long := strings.Repeat("hello", 100)
	var want []uint32
	for range 100 {
		want = append(want, 259)
	}
	if got := tok.Encode(nil, long); !slices.Equal(got, want) {
		t.Errorf("100 hello: %d", got)
	}
	// Without the shortcut, merges alone decide.
	o := tiny()
	o["model"].(object)["ignore_merges"] = false
	o["model"].(object)["merges"] = []any{"e l", "l o"}
	if tok, err = Parse(marshal(t, o)); err != nil {
		t.Fatal(err)
	}
	if got := tok.Encode(nil, "hello"); !slices.Equal(got, []uint32{151, 258, 262}) {
		t.Errorf("hello, merged only: %d", got)
	}
	texts(2000, func(text string) {
		if got := string(slices.Concat(all(tok, tok.Encode(nil, text))...)); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}
	})
}

func all(tok *Tokenizer, ids []uint32) (b [][]byte) {
	for _, id := range ids {
		x, _ := tok.Bytes(id)
		b = append(b, x)
	}
	return b
}

// TestParseOfBuiltIn writes the built-in vocabulary as merges by rank, as the model's own
// tokenizer.json does, and finds the same ids.
func TestParseOfBuiltIn(t *testing.T) {
	own := harmony(t)
	alpha := newAlphabet()
	var spell [256]string
	for r, b := range alpha {
		if b > 0 {
			spell[b-1] = string(rune(r))
		}
	}
	write := func(s string) (out string) {
		for i := range len(s) {
			out += spell[s[i]]
		}
		return out
	}
	const n = 20_000
	vocab, merges := object{}, []any{}
	for id := range uint32(n) {
		s := own.vocab.spelling(id)
		vocab[write(s)] = id
		for i := 1; i < len(s); i++ {
			l, okL := own.vocab.lookup(s[:i])
			r, okR := own.vocab.lookup(s[i:])
			if okL && okR && l < n && r < n {
				merges = append(merges, []string{write(s[:i]), write(s[i:])})
			}
		}
	}
	o := tiny()
	o["added_tokens"] = []any{}
	o["model"].(object)["vocab"], o["model"].(object)["merges"] = vocab, merges
	tok, err := Parse(marshal(t, o))
	if err != nil {
		t.Fatal(err)
	}
	texts(5000, func(text string) {
		got := tok.Encode(nil, text)
		var want []uint32
		for i := 0; i < len(text); {
			end := own.classes.next(text, i)
			want = append(want, mergeUnder(own, text[i:end], n)...)
			i = end
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Encode(%q) = %d, want %d", text, got, want)
		}
	})
}

// mergeUnder merges with the ids below n only.
func mergeUnder(t *Tokenizer, s string, n uint32) (ids []uint32) {
	var parts []string
	for i := range len(s) {
		parts = append(parts, s[i:i+1])
	}
	for {
		best, at := n, 0
		for i := 0; i+1 < len(parts); i++ {
			if id, ok := t.vocab.lookup(parts[i] + parts[i+1]); ok && id < best {
				best, at = id, i
			}
		}
		if best == n {
			break
		}
		parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
	}
	for _, p := range parts {
		id, _ := t.vocab.lookup(p)
		ids = append(ids, id)
	}
	return ids
}

func TestParseRefuses(t *testing.T) {
	model := func(key string, v any) func(object) {
		return func(o object) { o["model"].(object)[key] = v }
	}
	step := func(i int, key string, v any) func(object) {
		return func(o object) { o["pre_tokenizer"].(object)["pretokenizers"].([]any)[i].(object)[key] = v }
	}
	vocab := func(key string, v any) func(object) {
		return func(o object) { o["model"].(object)["vocab"].(object)[key] = v }
	}
	added := func(key string, v any) func(object) {
		return func(o object) { o["added_tokens"].([]any)[0].(object)[key] = v }
	}
	for _, c := range []struct {
		where  string
		change func(object)
	}{
		{"model.type", model("type", "Unigram")},
		{"model.type", model("type", nil)},
		{"model.dropout", model("dropout", 0.1)},
		{"model.unk_token", model("unk_token", "<unk>")},
		{"model.end_of_word_suffix", model("end_of_word_suffix", "</w>")},
		{"model.other", model("other", 1)},
		{"model.merges", model("merges", object{})},
		{"model.merges[0]", model("merges", []any{"ab"})},
		{"model.merges[0]", model("merges", []any{" a"})},
		{"model.merges[0]", model("merges", []any{"l o x"})},
		{"model.merges[0]", model("merges", []any{[]any{"l"}})},
		{"model.merges[0]", model("merges", []any{[]any{"l", "o", "w"}})},
		{"model.merges[0]", model("merges", []any{[]any{1, 2}})},
		{"model.merges[0]", model("merges", []any{7})},
		{"model.merges[0]", model("merges", []any{"he lo"})},
		{"model.merges[0]", model("merges", []any{"<|end|> >"})},
		{"model.merges[1]", model("merges", []any{"l o", []any{"l", "o"}})},
		{"model.vocab", model("vocab", []any{})},
		{"model.vocab", model("vocab", object{})},
		{"model.vocab", vocab("zz", -1)},
		{"model.vocab", vocab("zz", nil)},
		{"model.vocab", vocab("zz", "1")},
		{"model.vocab", vocab("zz", 1.5)},
		{"model.vocab", vocab("zz", 1e300)},
		{"model.vocab", vocab("zz", maxIDs)},
		{"model.vocab", vocab("zz", 3)},
		{"model.vocab", vocab("zz", 270)},
		{"model.vocab", vocab("z z", 300)},
		{"model.vocab", vocab("日", 300)},
		{"model.vocab", vocab("", 300)},
		{"model.vocab", vocab(strings.Repeat("a", maxToken+1), 300)},
		{"model.vocab", func(o object) { delete(o["model"].(object)["vocab"].(object), "a") }},
		{"pre_tokenizer", func(o object) { delete(o, "pre_tokenizer") }},
		{"pre_tokenizer", func(o object) { o["pre_tokenizer"] = nil }},
		{"pre_tokenizer", step(0, "pattern", object{"Regex": `\p{N}|.`})},
		{"pre_tokenizer", step(0, "pattern", object{"String": " "})},
		{"pre_tokenizer", step(0, "behavior", "Removed")},
		{"pre_tokenizer", step(0, "invert", true)},
		{"pre_tokenizer", step(1, "add_prefix_space", true)},
		{"pre_tokenizer", step(1, "use_regex", true)},
		{"pre_tokenizer", step(1, "use_regex", nil)},
		{"normalizer", func(o object) { o["normalizer"] = object{"type": "NFC"} }},
		{"decoder", func(o object) { o["decoder"] = object{"type": "Metaspace"} }},
		{"added_tokens[0]", added("special", false)},
		{"added_tokens[0]", added("rstrip", true)},
		{"added_tokens[0]", added("id", nil)},
		{"added_tokens[0]", added("id", -1)},
		{"added_tokens[0]", added("id", maxIDs)},
		{"added_tokens[0]", added("content", "")},
		{"added_tokens[1]", added("content", "<|end|>")},
		{"added_tokens[1]", added("id", 265)},
		{"the file", func(o object) { delete(o, "model") }},
		{"model", func(o object) { o["model"] = nil }},
		{"surprise", func(o object) { o["surprise"] = 1 }},
	} {
		o := tiny()
		c.change(o)
		_, err := Parse(marshal(t, o))
		var e *Error
		if !errors.As(err, &e) || e.Where != c.where || e.Problem == "" || e.Remedy == "" {
			t.Errorf("at %s: error %v", c.where, err)
		}
	}
	whole := marshal(t, tiny())
	for _, s := range []string{"", "null", "[]", "{", string(whole[:len(whole)/2]), string(whole) + "{}"} {
		var e *Error
		if _, err := Parse([]byte(s)); !errors.As(err, &e) {
			t.Errorf("%.20q…: error %v", s, err)
		}
	}
	twice := strings.Replace(string(whole), `"vocab":{`, `"vocab":{"\u0061":400,`, 1)
	if _, err := Parse([]byte(twice)); err == nil {
		t.Error("a token listed twice is accepted")
	}
}

func FuzzParse(f *testing.F) {
	whole := string(marshal(f, tiny()))
	f.Add(whole)
	f.Add(strings.ReplaceAll(whole, "true", "false"))
	f.Add(`{"model":{"vocab":{"a":1048574},"merges":["a a"]}}`)
	f.Fuzz(func(t *testing.T, data string) {
		tok, err := Parse([]byte(data))
		if err != nil {
			if e := new(Error); !errors.As(err, &e) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		const text = "hello <|start|> world \xff\r\n日本"
		if got := string(slices.Concat(all(tok, tok.Encode(nil, text))...)); got != text {
			t.Fatalf("%q", got)
		}
	})
}

func ExampleError() {
	_, err := Parse([]byte(`{"normalizer": {"type": "NFC"}}`))
	fmt.Println(err)
	// Output: tokenizer.json: normalizer: set to {"type": "NFC"} (only the byte-level BPE of the gpt-oss family is supported; use the tokenizer.json that came with the model)
}
