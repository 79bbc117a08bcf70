package token

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkText holds everything that is true of any text.
func checkText(t testing.TB, tok *Tokenizer, text string) {
	t.Helper()
	ids := tok.Encode(nil, text)
	var bytes []byte
	for _, id := range ids {
		b, ok := tok.Bytes(id)
		if !ok || tok.IsSpecial(id) {
			t.Fatalf("Encode(%q) yields %d", text, id)
		}
		bytes = append(bytes, b...)
	}
	if string(bytes) != text {
		t.Fatalf("Encode(%q) is the bytes of %q", text, bytes)
	}
	if got := tok.Decode(ids); got != lossyReference([]byte(text)) || utf8.ValidString(text) && got != text {
		t.Fatalf("Decode(Encode(%q)) = %q", text, got)
	}
	if got := tok.EncodeSpecial(nil, text, func(string) bool { return false }); !slices.Equal(got, ids) {
		t.Fatalf("EncodeSpecial(%q) with none allowed = %d, not %d", text, got, ids)
	}
	with := tok.EncodeSpecial(nil, text, nil)
	if got := tok.Decode(with); got != strings.ReplaceAll(lossyReference([]byte(text)), "<|endofprompt|>", "<|reserved_200018|>") {
		t.Fatalf("Decode(EncodeSpecial(%q)) = %q", text, got)
	}
	if len(text) > 600 { // the reference is slow
		return
	}
	var pieces []string
	for i := 0; i < len(text); {
		end := tok.classes.next(text, i)
		pieces = append(pieces, text[i:end])
		i = end
	}
	reference := splitReference(rule(), text)
	if !slices.Equal(pieces, reference) {
		t.Fatalf("pieces of %q:\n got %q\nwant %q", text, pieces, reference)
	}
	var want []uint32
	for _, piece := range reference {
		want = append(want, mergeReference(tok, piece)...)
	}
	if !slices.Equal(ids, want) {
		t.Fatalf("Encode(%q) = %d, want %d", text, ids, want)
	}
}

// checkStream pushes ids one by one. What was returned before is what the bytes before
// say with certainty.
func checkStream(t testing.TB, tok *Tokenizer, ids []uint32) {
	t.Helper()
	var want strings.Builder
	var run []byte
	for _, id := range ids {
		if b, ok := tok.Bytes(id); ok {
			run = append(run, b...)
			continue
		}
		want.WriteString(lossyReference(run) + "\uFFFD")
		run = run[:0]
	}
	want.WriteString(lossyReference(run))

	d := tok.NewDecoder()
	var got string
	for i, id := range ids {
		got += d.Push(id)
		if !strings.HasPrefix(want.String(), got) {
			t.Fatalf("%d: %q after %d ids is no start of %q", ids, got, i+1, want.String())
		}
		if d.n >= utf8.UTFMax {
			t.Fatalf("%d: %d bytes held back", ids, d.n)
		}
	}
	if got += d.Flush(); got != want.String() {
		t.Fatalf("%d: stream %q, want %q", ids, got, want.String())
	}
	if d.Flush() != "" {
		t.Fatal("flushed twice")
	}
	if whole := tok.Decode(ids); whole != got {
		t.Fatalf("%d: Decode %q, stream %q", ids, whole, got)
	}
}

func FuzzEncode(f *testing.F) {
	tok := harmony(f)
	for _, v := range vectors {
		f.Add(v.text)
	}
	for _, s := range []string{
		"\xff\xfe'\xc5\xbf", "a\xf0\x9f", "\xe3\x81A", "ab's'S'\u017f'lL've'RE'd", "BあBあB a", "\u0301ABC \u0301A", "\u0301's",
		"A\u02b0B'll \u01c5x", "\t\u00a0\u2028\r\n \u3000x", " \u0301!", "!/\n/\r/ /", "\u00bd\u2167123", "<|end|><|endofprompt|>",
		// Found by fuzzing to reach new code.
		"A'llAAa'veaAAA'T \xe9a'S", " \u00a0\xe2\x80\xc40\x96\xab   \x800", "🇺🇸👋🏾\xf0\x9f\x87💖", "a\xe2\u2000\x99a", "<|000000",
		"\xce\xec\x83\xf4\xff 0A\xfb\xfb ", "👨\u200d👩\xe20\x8d👧\x8d👦", "0\xd9!\xa2٣٤", "\xef\xac! \xdd§ !", "a\ufeffa",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { checkText(t, tok, text) })
}

// FuzzDecode takes three bytes for an id.
func FuzzDecode(f *testing.F) {
	tok := harmony(f)
	f.Add([]byte{0x50, 0x25, 0, 0x50, 0x25, 0, 1, 0, 0})
	f.Add([]byte{0x50, 0x25, 0, 0xff, 0xff, 0xff, 0x46, 0x0d, 0x03})
	f.Fuzz(func(t *testing.T, data []byte) {
		var ids []uint32
		for ; len(data) > 2; data = data[3:] {
			ids = append(ids, uint32(data[0])|uint32(data[1])<<8|uint32(data[2])<<16)
		}
		checkStream(t, tok, ids)
	})
}

// texts makes random text of few characters, each with another class or role.
func texts(n int, f func(text string)) {
	pool := []rune("  \n\r\t\u00a0\u3000\u0085aAbzZ'sStTrRvVeElLmMdD\u017f0197\u00bd\u0660./!<|>-_\u00e9\u01c5\u02b0あ你한\u0301\u0903\U0001F468\u200d\ufeff\u200b\x00\ufffd\U0001105c")
	rnd := rand.New(rand.NewPCG(1, 2))
	for range n {
		var b []byte
		few := pool[rnd.IntN(len(pool)):]
		for range rnd.IntN(24) {
			switch rnd.IntN(12) {
			case 0:
				b = append(b, byte(rnd.Uint32()))
			case 1:
				b = utf8.AppendRune(b, rune(rnd.IntN(utf8.MaxRune)))
			case 2, 3, 4, 5, 6:
				b = utf8.AppendRune(b, few[rnd.IntN(min(len(few), 4))])
			default:
				b = utf8.AppendRune(b, pool[rnd.IntN(len(pool))])
			}
		}
		f(string(b))
	}
}

func TestEncodeProperties(t *testing.T) {
	tok := harmony(t)
	texts(20_000, func(text string) { checkText(t, tok, text) })
}

func TestStreamProperties(t *testing.T) {
	tok := harmony(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	var parts []uint32 // tokens that are no text alone
	for id := range uint32(o200kTokens) {
		if b, _ := tok.Bytes(id); !utf8.Valid(b) {
			parts = append(parts, id)
		}
	}
	if len(parts) != 1562 {
		t.Errorf("%d tokens are not UTF-8, want 1562", len(parts))
	}
	for _, id := range parts {
		checkStream(t, tok, []uint32{id})
		checkStream(t, tok, []uint32{id, id, 24912})
	}
	for range 20_000 {
		ids := make([]uint32, rnd.IntN(12))
		for i := range ids {
			switch rnd.IntN(4) {
			case 0:
				ids[i] = rnd.Uint32N(harmonySize + 50)
			case 1:
				ids[i] = rnd.Uint32N(256)
			case 2:
				ids[i] = ^uint32(0) - rnd.Uint32N(2)
			default:
				ids[i] = parts[rnd.IntN(len(parts))]
			}
		}
		checkStream(t, tok, ids)
	}
	// Any text, as single bytes: every split there is.
	texts(5_000, func(text string) {
		var ids []uint32
		for _, b := range []byte(text) {
			ids = append(ids, tok.bytes[b])
		}
		checkStream(t, tok, ids)
		if got := tok.Decode(ids); got != lossyReference([]byte(text)) {
			t.Fatalf("%q by bytes: %q", text, got)
		}
	})
}
