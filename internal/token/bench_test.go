package token

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpora are text of different kinds, about 1 MB each, made of what the repository has.
func corpora(t testing.TB) map[string]string {
	t.Helper()
	read := func(pattern string) (text string) {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: nothing there (%v)", pattern, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text += string(b)
		}
		return text
	}
	var many strings.Builder
	for _, v := range vectors {
		many.WriteString(v.text + "\n")
	}
	fill := func(s string) string { return strings.Repeat(s, 1+(1<<20)/len(s)) }
	return map[string]string{
		"english": fill(read("../../LICENSE")),
		"go":      fill(read("*.go")),
		"vectors": fill(many.String()),
		"digits":  fill("3141592653589793 "),
		"a":       fill("a"),
		"carets":  fill("^"),
		"letters": fill("thequickbrownfoxjumpsoverthelazydog"),
		"hangul":  fill("안녕하세요세계"),
		"lines":   fill("\n"),
		"marks":   fill("\u0301"),
	}
}

func BenchmarkEncode(b *testing.B) {
	tok := harmony(b)
	for name, text := range corpora(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var ids []uint32
			for b.Loop() {
				ids = tok.Encode(ids[:0], text)
			}
			b.ReportMetric(float64(len(text))/float64(len(ids)), "bytes/token")
		})
	}
}

func BenchmarkScan(b *testing.B) {
	tok := harmony(b)
	for name, text := range corpora(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for i := 0; i < len(text); {
					i = tok.classes.next(text, i)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	tok := harmony(b)
	text := corpora(b)["english"]
	ids := tok.Encode(nil, text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		d := tok.NewDecoder()
		for _, id := range ids {
			d.Push(id)
		}
	}
}

func BenchmarkO200kHarmony(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := O200kHarmony(); err != nil {
			b.Fatal(err)
		}
	}
}
