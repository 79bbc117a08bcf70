package server

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// seeds are requests of every kind, to be spoilt.
func seeds() map[string]string {
	call := `{"role":"assistant","content":null,"reasoning":"r","tool_calls":[{"id":"c","type":"function","function":{"name":"weather","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"t"}]}`
	return map[string]string{
		"/v1/chat/completions": `{"model":"parrot","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},` + call + `],"max_tokens":1,"stream":true,"n":2,"stop":["a"],"seed":1,` +
			`"logit_bias":{"5":1},"logprobs":true,"top_logprobs":1,"tool_choice":"auto","response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}},` + weather + `}`,
		"/v1/responses": `{"model":"parrot","instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"u"}]},{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"r"}]},` +
			`{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"}],"max_output_tokens":1,"stream":true,"include":["reasoning.encrypted_content"],` +
			`"text":{"format":{"type":"text"}},"reasoning":{"effort":"low"},"tools":[{"type":"function","name":"f","parameters":{"type":"object"}},{"type":"namespace","name":"x","tools":[]}],"truncation":"auto"}`,
		"/v1/completions": `{"model":"parrot","prompt":["a",""],"max_tokens":1,"logprobs":1,"echo":false,"n":1}`,
		"/v1/messages": `{"model":"parrot","max_tokens":1,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"thinking","thinking":"t"},` +
			`{"type":"tool_use","id":"t1","name":"w","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"}]}],"tools":[{"name":"w","input_schema":{"type":"object"}}],"thinking":{"type":"enabled"}}`,
		"/api/chat":     `{"model":"parrot","messages":[{"role":"user","content":"u"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{}}}]},{"role":"tool","content":"r"}],"options":{"num_predict":1,"stop":["x"]},"think":"low","format":"json"}`,
		"/api/generate": `{"model":"parrot","prompt":"p","system":"s","options":{"num_predict":1},"stream":false}`,
		"/v1/batches":   `{"input_file_id":"file-1","endpoint":"/v1/responses","completion_window":"24h"}`,
	}
}

// spoil changes a request so that its JSON, its shape or its values are wrong.
func spoil(r *rand.Rand, body string) string {
	junk := []string{"null", "[]", "{}", "-1", "1e400", `"\ud800"`, `"<|start|>"`, "true", `[[[[[[`, `{"a":`, "9007199254740993", "\x00", "\xff", `"` + strings.Repeat("a", 300) + `"`, strings.Repeat("[", 2000)}
	b := []byte(body)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(b))
		switch r.IntN(5) {
		case 0: // a byte
			b[at] = byte(r.IntN(256))
		case 1: // an end
			b = b[:at+1]
		case 2: // a piece goes
			b = append(b[:at:at], b[min(len(b), at+1+r.IntN(20)):]...)
		case 3: // something comes between
			b = append(append(b[:at:at], junk[r.IntN(len(junk))]...), b[at:]...)
		case 4: // a value is replaced
			if colon := bytes.IndexByte(b[at:], ':'); colon >= 0 {
				from := at + colon + 1
				to := from
				for to < len(b) && !strings.ContainsRune(",}]", rune(b[to])) {
					to++
				}
				b = append(append(b[:from:from], junk[r.IntN(len(junk))]...), b[to:]...)
			}
		}
		if len(b) == 0 {
			return ""
		}
	}
	return string(b)
}

// TestMalformed: whatever is sent, the answer is a status below 500 in a proper shape,
// nothing panics, and memory stays.
func TestMalformed(t *testing.T) {
	requests := 8000                                                       // in the first half caches that have a bound are filled
	if n, err := strconv.Atoi(os.Getenv("OSSIAN_MALFORMED")); err == nil { // for a long look
		requests = n
	}
	b := newBench(t, Options{})
	h := b.Handler()
	r := rand.New(rand.NewPCG(1, 2))
	paths := []string{"/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/messages", "/api/chat", "/api/generate", "/v1/batches"}
	bodies := seeds()
	var early runtime.MemStats
	for n, sent := 0, 0; sent < requests; n++ {
		if sent == requests/2 && early.HeapAlloc == 0 {
			runtime.GC()
			runtime.ReadMemStats(&early)
		}
		path := paths[r.IntN(len(paths))]
		body := spoil(r, bodies[path])
		if json.Valid([]byte(body)) && n%10 != 0 && path != "/v1/batches" {
			continue // most of what may still mean something takes time and shows nothing
		}
		sent++
		req := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code >= 500 || w.Code != 200 && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s %q: %d %s", path, body, w.Code, w.Body)
		}
	}
	var late runtime.MemStats
	time.Sleep(10 * time.Millisecond)
	runtime.GC()
	runtime.ReadMemStats(&late)
	if late.HeapAlloc > early.HeapAlloc+early.HeapAlloc/5+4<<20 {
		t.Errorf("the heap grew from %d to %d bytes", early.HeapAlloc, late.HeapAlloc)
	}
}

// FuzzStream: what the writer of events writes, a reader reads as it was meant, whatever
// the texts are and however they are cut.
func FuzzStream(f *testing.F) {
	f.Add("response.output_text.delta", "a\nb\r\n\ndata: x\u2028", uint8(3))
	f.Add("", "event: y\n\n: c", uint8(1))
	f.Fuzz(func(t *testing.T, name, text string, n uint8) {
		if strings.ContainsAny(name, "\r\n\x00") { // names are our own
			return
		}
		w := httptest.NewRecorder()
		s := newStream(w, eventStream, time.Second, time.Hour)
		want := []string{}
		for i := range int(n%8) + 1 {
			piece := text[min(i, len(text)):]
			if err := s.event(name, map[string]string{"text": piece}); err != nil {
				t.Fatal(err)
			}
			want = append(want, strings.ToValidUTF8(piece, "\uFFFD"))
		}
		s.close()
		list := events(t, w.Body.String())
		if len(list) != len(want) {
			t.Fatalf("%d events of %d in %q", len(list), len(want), w.Body)
		}
		for i, e := range list {
			got := into[map[string]string](t, e.data)["text"]
			if e.name != name || strings.ReplaceAll(got, "\uFFFD", "") != strings.ReplaceAll(want[i], "\uFFFD", "") {
				t.Fatalf("event %d is %q %q, want %q", i, e.name, got, want[i])
			}
		}
	})
}
