package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ossian/internal/schema"
)

var schemas = flag.String("schemas", testdata+"public.jsonl", "files of schemas with instances, one a line, for the benchmarks")

// used is the processor time of this thread: what others do to the machine is hardly in it.
func used() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func BenchmarkVocabulary(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	tok := tokens()
	t0 := used()
	for range b.N {
		NewVocabulary(tok, vocabSize)
	}
	b.ReportMetric(float64((used()-t0).Milliseconds())/float64(b.N), "cpu-ms/op")
}

type publicSchema struct {
	Name   string
	Schema json.RawMessage
	Tests  []struct {
		Valid bool
		Data  json.RawMessage
	}
}

func readPublic(t testing.TB, pattern string) []publicSchema {
	t.Helper()
	var out []publicSchema
	files, _ := filepath.Glob(pattern)
	for _, f := range files {
		for _, line := range bytes.Split(bytes.TrimSpace(readFile(t, f)), []byte("\n")) {
			var p publicSchema
			if err := json.Unmarshal(line, &p); err != nil {
				t.Fatal(err)
			}
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no schemas in %s", pattern)
	}
	return out
}

// BenchmarkPublic compiles schemas of real programs and follows instances of them token by
// token, as a model would write them. It reports processor time.
//
//	go test ./internal/grammar -run '^$' -bench Public -benchtime 1x -v
func BenchmarkPublic(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	v := vocabulary()
	var compile, masks, accept, first []time.Duration
	refused := map[string]int{}
	valid, accepted, invalid, wrong, all := 0, 0, 0, 0, 0
	for range b.N {
		for _, p := range readPublic(b, *schemas) {
			all++
			t0 := used()
			g, err := FromSchema(p.Schema)
			took := used() - t0
			compile = append(compile, took)
			if took > 500*time.Millisecond {
				b.Logf("%s: %v to compile: %v", p.Name, took, err)
			}
			if err != nil {
				why := "nothing satisfies it"
				var e *schema.Error
				if errors.As(err, &e) {
					why = e.Keyword
					if e.Limit {
						why += " (limit) " + e.Reason
					}
					if e.Keyword == "format" {
						why = "format"
					}
				}
				refused[why]++
				continue
			}
			for _, test := range p.Tests {
				ok := takes(g, decodeJSON(b, test.Data))
				if ok {
					masks, accept, first = follow(v, g, spaced(test.Data), masks, accept, first)
				}
				if !ok && test.Valid {
					b.Logf("%s: refused: %.600s\n%.1800s", p.Name, test.Data, p.Schema)
				}
				if test.Valid {
					valid++
				} else {
					invalid++
				}
				if ok && test.Valid {
					accepted++
				}
				if ok && !test.Valid {
					wrong++
					b.Logf("%s: accepted, though said to be invalid: %.300s\n%.1500s", p.Name, test.Data, p.Schema)
				}
			}
		}
	}
	at := func(d []time.Duration, q float64) time.Duration {
		slices.Sort(d)
		return d[min(len(d)-1, int(q*float64(len(d))))]
	}
	b.Logf("%d schemas, refused: %v", all, refused)
	b.Logf("instances: %d of %d valid ones accepted (members in any order), %d of %d invalid ones accepted", accepted, valid, wrong, invalid)
	b.Logf("compile: median %v, p99 %v, worst %v", at(compile, 0.5), at(compile, 0.99), at(compile, 1))
	b.Logf("mask, %d tokens: median %v, mean %v, p90 %v, p99 %v, worst %v", len(masks), at(masks, 0.5), mean(masks), at(masks, 0.9), at(masks, 0.99), at(masks, 1))
	b.Logf("accept: median %v, p99 %v; first masks: median %v, worst %v", at(accept, 0.5), at(accept, 0.99), at(first, 0.5), at(first, 1))
}

// spaced writes a document with a space behind commas and colons, as models do.
func spaced(raw []byte) string {
	var out []byte
	in, escaped := false, false
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return ""
	}
	for _, c := range compact.Bytes() {
		out = append(out, c)
		switch {
		case escaped:
			escaped = false
		case in && c == '\\':
			escaped = true
		case c == '"':
			in = !in
		case !in && (c == ',' || c == ':'):
			out = append(out, ' ')
		}
	}
	return string(out)
}

func mean(d []time.Duration) time.Duration {
	var sum time.Duration
	for _, x := range d {
		sum += x
	}
	return sum / time.Duration(max(1, len(d)))
}

// follow reads a document as its tokens and times what each takes.
func follow(v *Vocabulary, g *Grammar, text string, masks, accept, first []time.Duration) (m, a, f []time.Duration) {
	t := v.NewMatcher(g, stop)
	for i, id := range append(tokens().Encode(nil, text), stop) {
		t0 := used()
		mask := t.Mask()
		took := used() - t0
		masks = append(masks, took)
		if i == 0 {
			first = append(first, took)
		}
		if !mask.Allows(id) {
			break // members in another order than the schema's
		}
		t0 = used()
		t.Accept(id)
		accept = append(accept, used()-t0)
	}
	return masks, accept, first
}
