package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"ossian/internal/chat"
	"ossian/internal/engine"
	"ossian/internal/harmony"
	"ossian/internal/model"
	"ossian/internal/sample"
	"ossian/internal/token"
)

// builtinVocabulary is made once for all tests.
var builtinVocabulary = sync.OnceValues(token.O200kHarmony)

// world is a system whose outside is in memory.
type world struct {
	*system
	out, err bytes.Buffer
	break_   context.CancelFunc // what Ctrl-C does now
	script   *script
	flags    *loadFlags // of the last load
}

// newWorld makes one in which every model says what is given, token by token.
func newWorld(t *testing.T, stdin, said string) *world {
	t.Helper()
	w := &world{}
	w.system = newSystem(strings.NewReader(stdin), &w.out, &w.err)
	w.now = func() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }
	w.seed = func() uint64 { return 99 }
	w.getenv = func(string) string { return "" }
	w.setHeapLimit = func(int64) {}
	w.home = func() (string, error) { return t.TempDir(), nil }
	w.interrupt = func(ctx context.Context) (context.Context, func()) {
		ctx, cancel := context.WithCancel(ctx)
		w.break_ = cancel
		return ctx, cancel
	}
	tok, err := builtinVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	w.script = &script{cfg: model.Config{Vocab: 201088, MaxContext: 2000}, ids: tok.EncodeSpecial(nil, said, nil)}
	w.model = func(_ context.Context, f *loadFlags) (*loaded, error) {
		w.flags = f
		enc, err := harmony.New(tok)
		if err != nil {
			return nil, err
		}
		e := engine.New(w.script, engine.Options{Context: f.Context})
		return &loaded{
			opened: &opened{place: place{name: "scripted"}, backend: w.script, context: e.Context(), loadTime: time.Second},
			tok:    tok, chat: chat.Model{Engine: e, Encoding: enc}, gen: generation{sampling: sample.Params{}},
		}, nil
	}
	return w
}

// run types a command line and returns the exit code.
func (w *world) run(t *testing.T, args ...string) int {
	t.Helper()
	return run(t.Context(), args, w.system)
}

// script is a backend that says what it was given.
type script struct {
	cfg     model.Config
	ids     []uint32
	prompts [][]uint32
	reading bool
	said    int
	say     func(n int) // called before the n-th token
}

func (s *script) Config() *model.Config     { return &s.cfg }
func (s *script) Close() error              { return nil }
func (s *script) Len(model.Seq) int         { return 0 }
func (s *script) FreeSeq(model.Seq)         {}
func (s *script) Trim(model.Seq, int) error { return nil }
func (s *script) NewSeq(int) (model.Seq, error) {
	s.prompts, s.reading = append(s.prompts, nil), true
	return 1, nil
}

func (s *script) Step(_ context.Context, batch []model.Item) error {
	if s.reading {
		last := &s.prompts[len(s.prompts)-1]
		*last = append(*last, batch[0].Tokens...)
	}
	for row := batch[0].Logits; len(row) > 0; row = row[s.cfg.Vocab:] {
		s.reading = false
		if s.say != nil {
			s.say(s.said)
		}
		if len(s.ids) == 0 {
			return io.ErrUnexpectedEOF
		}
		clear(row[:s.cfg.Vocab])
		row[s.ids[0]] = 1
		s.ids, s.said = s.ids[1:], s.said+1
	}
	return nil
}

func (w *world) prompt(t *testing.T, n int) string {
	t.Helper()
	tok, err := builtinVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	if n >= len(w.script.prompts) {
		t.Fatalf("there were %d prompts", len(w.script.prompts))
	}
	return tok.Decode(w.script.prompts[n])
}

const (
	reasoned = "<|channel|>analysis<|message|>17 + 25 = 42.<|end|><|start|>assistant"
	answered = "<|channel|>final<|message|>It is 42.<|return|>"
)

// said is a text as the model says it.
func (w *world) said(t *testing.T, text string) []uint32 {
	t.Helper()
	tok, err := builtinVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	return tok.EncodeSpecial(nil, text, nil)
}
