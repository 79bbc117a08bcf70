package oracle

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/pkoukk/tiktoken-go"
	loader "github.com/pkoukk/tiktoken-go-loader"
	"github.com/tiktoken-go/tokenizer"

	"ossian/internal/token"
)

// encoder is an implementation.
type encoder struct {
	name     string
	version2 bool // matches with regexp2/v2
	encode   func(text string) []uint32
}

var ours = sync.OnceValue(func() *token.Tokenizer {
	t, err := token.O200kHarmony()
	if err != nil {
		panic(err)
	}
	return t
})

var others = sync.OnceValue(func() []encoder {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		panic(err)
	}
	tiktoken.SetBpeLoader(loader.NewOfflineLoader())
	tik, err := tiktoken.GetEncoding("o200k_base")
	if err != nil {
		panic(err)
	}
	return []encoder{
		{"tiktoken-go/tokenizer", true, func(text string) []uint32 {
			ids, _, err := codec.Encode(text)
			if err != nil {
				panic(err)
			}
			return convert(ids)
		}},
		{"pkoukk/tiktoken-go", false, func(text string) []uint32 { return convert(tik.EncodeOrdinary(text)) }},
	}
})

func convert[T int | uint](ids []T) []uint32 {
	out := make([]uint32, len(ids))
	for i, id := range ids {
		out[i] = uint32(id)
	}
	return out
}

// excused says why o may differ. Both match with regexp2, whose character classes are those
// of Go's unicode package and whose (?i:'s) does not fold the long s, where the reference
// (Rust) has Unicode 16 and folds it. Version 2 of regexp2 also gets two things wrong, for
// which README.md has the smallest examples.
func excused(o encoder, text string) string {
	switch {
	case strings.Contains(text, "'\u017f"):
		return "long s after an apostrophe"
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cn, r) }):
		return "not in Unicode 15"
	case o.version2 && strings.ContainsRune(text, 0x7F):
		return "DEL"
	case o.version2 && brokenBlank.MatchString(text):
		return "line breaks with other white space between them"
	}
	return ""
}

var brokenBlank = regexp.MustCompile(`[\r\n][\s\x0b\x{85}\pZ]*[\t\x0b\f \x{85}\pZ][\r\n]`)

// compare counts by implementation and excuse.
func compare(t testing.TB, text string, count map[string]int) {
	t.Helper()
	got := fmt.Sprint(ours().Encode(nil, text))
	for _, o := range others() {
		why := excused(o, text)
		want := fmt.Sprint(o.encode(text))
		key := fmt.Sprintf("%s, excuse %q: ", o.name, why)
		if got == want {
			count[key+"same"]++
			continue
		}
		count[key+"differs"]++
		if why == "" {
			t.Errorf("%q:\n%s\n%s by %s", text, got, want, o.name)
		}
	}
}

// texts makes random text of few characters, each with another class or role.
func texts(n int, f func(text string)) {
	pool := []rune("  \n\r\t\u00a0\u3000\u0085aAbzZ'sStTrRvVeElLmMdD\u017f0197\u00bd\u0660./!<|>-_\u00e9\u01c5\u02b0あ你한\u0301\u0903\U0001F468\u200d\ufeff\u200b\x00\ufffd")
	rnd := rand.New(rand.NewPCG(7, 8))
	for range n {
		var b []byte
		few := pool[rnd.IntN(len(pool)):]
		for range rnd.IntN(40) {
			switch rnd.IntN(200) {
			case 0, 1, 2, 3, 4, 5:
				b = utf8.AppendRune(b, rune(rnd.IntN(0x3400)))
			case 6, 7:
				b = utf8.AppendRune(b, rune(rnd.IntN(utf8.MaxRune)))
			case 8, 9, 10, 11:
				b = append(b, byte(rnd.IntN(0x80)))
			default:
				if rnd.IntN(2) == 0 {
					b = utf8.AppendRune(b, pool[rnd.IntN(len(pool))])
					continue
				}
				b = utf8.AppendRune(b, few[rnd.IntN(min(len(few), 4))])
			}
		}
		f(string(b))
	}
}

func TestRandom(t *testing.T) {
	count := map[string]int{}
	texts(60_000, func(text string) { compare(t, text, count) })
	report(t, count)
}

func report(t *testing.T, count map[string]int) {
	for _, key := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%7d %s", count[key], key)
	}
}

// TestDump writes texts and our ids for referee.py to check.
func TestDump(t *testing.T) {
	if *dump == "" {
		t.Skip("no -dump")
	}
	f, err := os.Create(*dump)
	if err != nil {
		t.Fatal(err)
	}
	w := json.NewEncoder(f)
	texts(400_000, func(text string) {
		if err := w.Encode([]any{text, ours().Encode(nil, text)}); err != nil {
			t.Fatal(err)
		}
	})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

var dump = flag.String("dump", "", "`file` for TestDump to write")

func TestFiles(t *testing.T) {
	count := map[string]int{}
	for _, text := range corpora(t) {
		for len(text) > 0 {
			n := min(len(text), 5000)
			for n < len(text) && !utf8.RuneStart(text[n]) {
				n++
			}
			compare(t, text[:n], count)
			text = text[n:]
		}
	}
	report(t, count)
}

func FuzzEncode(f *testing.F) {
	ours()
	others() // here, as it takes seconds on a busy machine and a fuzzed call is given ten
	texts(200, func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) {
			compare(t, text, map[string]int{})
		}
	})
}

func corpora(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, pattern := range map[string]string{"english": "../../LICENSE", "go": "../../internal/token/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: nothing there (%v)", pattern, err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out[name] += string(b)
		}
	}
	return out
}

func BenchmarkEncode(b *testing.B) {
	var ids []uint32
	own := encoder{"ossian", false, func(text string) []uint32 {
		ids = ours().Encode(ids[:0], text)
		return ids
	}}
	for name, text := range corpora(b) {
		for _, e := range append([]encoder{own}, others()...) {
			b.Run(name+"/"+e.name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					e.encode(text)
				}
			})
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := token.O200kHarmony(); err != nil {
			b.Fatal(err)
		}
	}
}
