package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ossian/internal/chat"
	"ossian/internal/engine"
	"ossian/internal/harmony"
	"ossian/internal/model"
	"ossian/internal/token"
)

var vocabulary = sync.OnceValues(token.O200kHarmony)

// parrot is a model that says what it is told: the text of the last message that is not
// its own, control tokens included. What it says follows from its history alone, so any
// number of sequences may speak at once.
type parrot struct {
	model.Backend // whatever else there is must not be called
	cfg           model.Config
	tok           *token.Tokenizer
	slow          time.Duration // for a step

	mu   sync.Mutex
	next model.Seq
	seqs map[model.Seq][]uint32
	last []uint32 // history of the last step
}

func (p *parrot) Config() *model.Config { return &p.cfg }
func (p *parrot) Close() error          { return nil }
func (p *parrot) NewSeq(int) (model.Seq, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	p.seqs[p.next] = nil
	return p.next, nil
}
func (p *parrot) FreeSeq(s model.Seq) { p.mu.Lock(); delete(p.seqs, s); p.mu.Unlock() }
func (p *parrot) Len(s model.Seq) int { p.mu.Lock(); defer p.mu.Unlock(); return len(p.seqs[s]) }
func (p *parrot) Trim(s model.Seq, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seqs[s] = p.seqs[s][:n]
	return nil
}

func (p *parrot) Step(ctx context.Context, batch []model.Item) error {
	select {
	case <-time.After(p.slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, item := range batch {
		all := append(slices.Clip(p.seqs[item.Seq]), item.Tokens...)
		p.seqs[item.Seq], p.last = all, all
		rows := len(item.Logits) / p.cfg.Vocab
		for i := range rows {
			row := item.Logits[i*p.cfg.Vocab:][:p.cfg.Vocab]
			clear(row)
			row[p.say(all[:len(all)-rows+1+i])] = 9
		}
	}
	return nil
}

// say is the token that follows a history.
func (p *parrot) say(history []uint32) uint32 {
	special := func(name string) uint32 { id, _ := p.tok.Special(name); return id }
	start, end, message := special("<|start|>"), special("<|end|>"), special("<|message|>")
	assistant := p.tok.Encode(nil, "assistant")[0]
	from := 0 // of the last message that is not the assistant's
	for i := range len(history) - 1 {
		if history[i] == start && history[i+1] != assistant {
			from = i
		}
	}
	at := from + slices.Index(history[from:], message) + 1
	stop := at + slices.Index(history[at:], end)
	script := p.tok.EncodeSpecial(nil, p.tok.Decode(history[at:stop]), nil)
	if said := len(history) - stop - 3; said < len(script) {
		return script[said]
	}
	return special("<|return|>")
}

// bench is a server with a parrot.
type bench struct {
	*Server
	*parrot
	url string
}

func newBench(t *testing.T, opt Options) *bench {
	t.Helper()
	tok, err := vocabulary()
	if err != nil {
		t.Fatal(err)
	}
	enc, err := harmony.New(tok)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if opt.NewID == nil {
		var mu sync.Mutex
		opt.NewID = func() string { mu.Lock(); defer mu.Unlock(); n++; return fmt.Sprint(n) }
	}
	if opt.Now == nil {
		opt.Now = func() time.Time { return time.Unix(1700000000, 0) }
	}
	opt.Version = "test"
	p := &parrot{cfg: model.Config{Vocab: 201088, MaxContext: 2000}, tok: tok, seqs: map[model.Seq][]uint32{}}
	s := New(opt)
	s.SetModel(&Model{Names: []string{"parrot", "also/parrot:1"}, Tokens: tok, Created: opt.Now(),
		Chat: &chat.Model{Engine: engine.New(p, engine.Options{}), Encoding: enc}})
	t.Cleanup(func() { s.cancel(errDraining); s.background.Wait() })
	web := httptest.NewServer(s.Handler())
	t.Cleanup(web.Close)
	return &bench{Server: s, parrot: p, url: web.URL}
}

// ask sends a request and returns the answer's status and body.
func (b *bench) ask(t *testing.T, method, path, body string, headers ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(data)
}

// event is one of a stream.
type event struct{ name, data string }

// events reads a stream as a client does.
func events(t *testing.T, stream string) (list []event) {
	t.Helper()
	var e event
	lines := bufio.NewScanner(strings.NewReader(stream))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "":
			if e.data != "" {
				list = append(list, e)
			}
			e = event{}
		case strings.HasPrefix(line, ":"):
		case strings.HasPrefix(line, "event: "):
			e.name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			e.data += line[len("data: "):]
		default:
			t.Fatalf("line %q in a stream", line)
		}
	}
	return list
}

// into decodes JSON or fails the test.
func into[T any](t *testing.T, data string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

// toJSON is a value on the wire.
func toJSON(v any) string { b, _ := json.Marshal(v); return string(b) }

// quoted is a text as JSON.
func quoted(s string) string { return toJSON(s) }

const (
	reasoned = "<|channel|>analysis<|message|>17 + 25 = 42.<|end|><|start|>assistant"
	answered = "<|channel|>final<|message|>It is 42 €.<|return|>"
	called   = "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{\"at\":\"Oslo\"}<|call|>"
	weather  = `"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]`
)

// user is a request in which a person tells the parrot what to say.
func user(said, more string) string {
	return `{"model":"parrot","messages":[{"role":"user","content":` + quoted(said) + `}]` + more + `}`
}

// copyOf is a file as a crash at this moment would leave it.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(out, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// lastPrompt is what the parrot was last asked.
func (p *parrot) lastPrompt(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tok.Decode(p.last)
}
