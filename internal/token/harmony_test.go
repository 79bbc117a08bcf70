package token

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// What gen wrote, and the vocabulary it was made from.
const (
	blobDigest   = "39fb7b9617b232966e08f29b8fe382c88a20b7178bcc070220ac548ae29ecb4f"
	sourceDigest = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
	classDigest  = "bb006339383d2ceb17e1e10245bfef280f2976da9991c6b511d708688f3f5848"
)

func TestBlob(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{"o200k.bin": {o200k, blobDigest}, "class.bin": {classRuns, classDigest}} {
		if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(c.data))); sum != c.want {
			t.Errorf("%s has sha256 %s, want %s. Remedy: go generate ./internal/token, and see what changed", name, sum, c.want)
		}
	}
	tok := harmony(t)
	source := sha256.New()
	for id := range uint32(o200kTokens) {
		b, _ := tok.Bytes(id)
		fmt.Fprintf(source, "%s %d\n", base64.StdEncoding.EncodeToString(b), id)
	}
	if sum := fmt.Sprintf("%x", source.Sum(nil)); sum != sourceDigest {
		t.Errorf("the blob is a vocabulary of sha256 %s, want %s", sum, sourceDigest)
	}
}

func TestDamagedBlob(t *testing.T) {
	for _, blob := range []string{"", o200k[:1000], o200k[:len(o200k)-1], strings.Repeat("\xff", 100)} {
		if _, _, err := inflate(blob); err == nil {
			t.Errorf("a blob of %d bytes is accepted", len(blob))
		}
	}
}

func TestHarmonySpecials(t *testing.T) {
	tok := harmony(t)
	if tok.Size() != 201089 {
		t.Errorf("Size() = %d", tok.Size())
	}
	for name, id := range map[string]uint32{
		"<|startoftext|>": 199998, "<|endoftext|>": 199999, "<|reserved_200000|>": 200000, "<|reserved_200001|>": 200001,
		"<|return|>": 200002, "<|constrain|>": 200003, "<|reserved_200004|>": 200004, "<|channel|>": 200005, "<|start|>": 200006,
		"<|end|>": 200007, "<|message|>": 200008, "<|reserved_200009|>": 200009, "<|reserved_200010|>": 200010,
		"<|reserved_200011|>": 200011, "<|call|>": 200012, "<|reserved_200013|>": 200013, "<|reserved_200018|>": 200018,
		"<|reserved_201087|>": 201087, "<|reserved_201088|>": 201088,
	} {
		got, ok := tok.Special(name)
		if !ok || got != id || tok.SpecialName(id) != name || !tok.IsSpecial(id) || tok.Decode([]uint32{id}) != name {
			t.Errorf("%s: %d, %v, %q", name, got, ok, tok.SpecialName(id))
		}
	}
	if id, _ := tok.Special("<|endofprompt|>"); id != 200018 {
		t.Errorf("<|endofprompt|> is %d", id)
	}
	for _, id := range []uint32{0, 199997, 201089, 1 << 31, ^uint32(0)} {
		if tok.IsSpecial(id) || tok.SpecialName(id) != "" {
			t.Errorf("%d is special", id)
		}
	}
	for _, name := range []string{"", "hello", "<|refusal|>", "<|untrusted|>", "<|reserved_200002|>", "<|reserved_201089|>"} {
		if id, ok := tok.Special(name); ok {
			t.Errorf("%q is special token %d", name, id)
		}
	}
	// Whatever spells a special in ordinary text stays text.
	for id := uint32(o200kTokens); int(id) < tok.Size(); id++ {
		if ids := tok.Encode(nil, tok.SpecialName(id)); len(ids) < 2 || tok.Decode(ids) != tok.SpecialName(id) {
			t.Errorf("Encode(%q) = %d", tok.SpecialName(id), ids)
		}
	}
}

func TestBytes(t *testing.T) {
	tok := harmony(t)
	if b, ok := tok.Bytes(9552); !ok || string(b) != " \xf0\x9f" {
		t.Errorf("9552 is %q", b)
	}
	if b, _ := tok.Bytes(72056); string(b) != strings.Repeat(" ", 128) {
		t.Errorf("72056 is %q", b)
	}
	for _, id := range []uint32{201089, 99999999, ^uint32(0)} {
		if _, ok := tok.Bytes(id); ok {
			t.Errorf("%d is a token", id)
		}
	}
	b, _ := tok.Bytes(0)
	if _ = append(b, 'x'); tok.Decode([]uint32{1}) != "\"" {
		t.Error("appending to Bytes writes over the next token")
	}
	for b := range 256 {
		s := string([]byte{byte(b)})
		if ids := tok.Encode(nil, s); len(ids) != 1 || tok.vocab.spelling(ids[0]) != s {
			t.Errorf("byte %#x: %d", b, ids)
		}
	}
}

// TestWholeVocabulary encodes the bytes of each token, with and without the shortcut
// for whole pieces, and by the heap.
func TestWholeVocabulary(t *testing.T) {
	tok := harmony(t)
	longest, pieces := 0, 0
	for id := range uint32(o200kTokens) {
		s := tok.vocab.spelling(id)
		longest = max(longest, len(s))
		want := []uint32{id}
		if tok.classes.next(s, 0) == len(s) {
			pieces++
			if got := tok.Encode(nil, s); !slices.Equal(got, want) {
				t.Errorf("Encode(%q) = %d, want %d", s, got, id)
			}
		} else if got := tok.Encode(nil, s); tok.vocab.spelling(got[0]) != s[:len(tok.vocab.spelling(got[0]))] {
			t.Errorf("Encode(%q) = %d", s, got)
		}
		if got := tok.merge(nil, s); !slices.Equal(got, want) {
			t.Errorf("%q merges to %d, want %d", s, got, id)
		}
		if got := tok.mergeLong(nil, s); !slices.Equal(got, want) {
			t.Errorf("%q merges by the heap to %d, want %d", s, got, id)
		}
		if got := tok.Decode(want); got != lossyReference([]byte(s)) || utf8.ValidString(s) && got != s {
			t.Errorf("Decode(%d) = %q", id, got)
		}
	}
	if longest != 128 || pieces < 190_000 {
		t.Errorf("longest token %d bytes, %d are one piece", longest, pieces)
	}
}

func TestLongPieces(t *testing.T) {
	tok := harmony(t)
	// Around the border between the two ways of merging, both agree.
	for n := 100; n < 160; n++ {
		for _, s := range []string{"a", "^", "ab", "thequickbrownfox", "안녕", "\n", "\u0301", "\xff", "ha"} {
			s = strings.Repeat(s, n)[:n]
			long := tok.mergeLong(nil, s)
			if n <= short {
				if got := tok.merge(nil, s); !slices.Equal(got, long) {
					t.Fatalf("%q: %d and %d", s, got, long)
				}
			}
			if got := mergeReference(tok, s); !slices.Equal(got, long) {
				t.Fatalf("%q: %d, want %d", s, long, got)
			}
		}
	}
	// A megabyte of one piece takes a fraction of a second; quadratic would be minutes.
	for name, text := range corpora(t) {
		text = text[:1<<17]
		ids := tok.Encode(nil, text)
		if got := tok.Decode(ids); got != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%s: round trip", name)
		}
	}
	if got := tok.Encode(nil, strings.Repeat("a", 1<<20)); len(got) != 1<<17 {
		t.Errorf("1 MiB of a: %d ids", len(got))
	}
}

func TestAllocations(t *testing.T) {
	tok := harmony(t)
	text := "Hello, world! 12345 naïve 안녕하세요 zqxjkvbp\n"
	ids := tok.Encode(nil, text)
	dst := make([]uint32, 0, 64)
	d := tok.NewDecoder()
	for name, f := range map[string]func(){
		"Encode":        func() { tok.Encode(dst, text) },
		"EncodeSpecial": func() { tok.EncodeSpecial(dst, "<|start|>assistant<|channel|>", nil) },
		"Push":          func() { d.Push(ids[0]); d.Push(ids[1]) },
		"Bytes":         func() { tok.Bytes(ids[0]) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func TestDecoderVectors(t *testing.T) {
	tok := harmony(t)
	worked, xy := tok.Encode(nil, "worked"), tok.Encode(nil, "XY")
	wave := []uint32{28823, 233, 52622, 122}
	for _, c := range []struct {
		ids  []uint32
		want []string // what each Push returns, then Flush
	}{
		{append([]uint32{9552, 9552}, worked...), []string{" ", "\uFFFD ", "\uFFFDworked", ""}},
		{append([]uint32{9552}, xy...), []string{" ", "\uFFFDXY", ""}},
		{[]uint32{9552}, []string{" ", "\uFFFD"}},
		{[]uint32{9552, ^uint32(0), 64}, []string{" ", "\uFFFD\uFFFD", "a", ""}},
		{[]uint32{64, 1 << 31, 64}, []string{"a", "\uFFFD", "a", ""}},
		{[]uint32{9552, 200007}, []string{" ", "\uFFFD<|end|>", ""}},
		{wave, []string{"", "👋", "", "🏾", ""}},
	} {
		d := tok.NewDecoder()
		var got []string
		for _, id := range c.ids {
			got = append(got, d.Push(id))
		}
		if got = append(got, d.Flush()); !slices.Equal(got, c.want) {
			t.Errorf("%d: %q, want %q", c.ids, got, c.want)
		}
		checkStream(t, tok, c.ids)
	}
}
