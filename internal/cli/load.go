package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/chat"
	"ossian/internal/engine"
	"ossian/internal/grammar"
	"ossian/internal/guide"
	"ossian/internal/harmony"
	"ossian/internal/model"
	"ossian/internal/plan"
	"ossian/internal/token"
)

// stepTokens is how many tokens of prompts go into a step. Whoever comes waits for one such step at most; larger ones were no
// faster where it was measured (bench/20b.md: 128 and 512 tokens at one rate).
const stepTokens = 256

// opened is a model that can compute: enough to compare logits, which needs no text.
type opened struct {
	place
	weights  *model.Weights
	backend  model.Backend
	context  int // positions a sequence may take
	plan     plan.Plan
	loadTime time.Duration
	held     string // how weights and vectors are kept, for people
}

func (m *opened) close() {
	_ = m.backend.Close()
	if m.weights != nil {
		_ = m.weights.Close()
	}
}

// loaded is a model ready to talk.
type loaded struct {
	*opened
	tok  *token.Tokenizer
	chat chat.Model
	gen  generation
}

// open finds a model, reads its weights and puts a backend on them.
func (s *system) open(ctx context.Context, f *loadFlags) (*opened, error) {
	at, err := s.find(f.Model)
	if err != nil {
		return nil, err
	}
	return s.openAt(ctx, at, f)
}

func (s *system) openAt(ctx context.Context, at place, f *loadFlags) (*opened, error) {
	start := s.now()
	p, err := s.plan(at, f)
	if err != nil {
		return nil, err
	}
	m := &opened{place: at, context: p.Context, plan: p}
	m.weights, err = s.weights(ctx, at, f, p.Hold)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	backend, err := cpu.New(m.weights, f.options())
	if err != nil {
		_ = m.weights.Close()
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	m.backend, m.held = backend, held(at, m.weights, backend)
	m.loadTime = s.now().Sub(start)
	return m, nil
}

// load is open, with all that is needed to talk. What is quickly read is read first.
func (s *system) load(ctx context.Context, f *loadFlags) (*loaded, error) {
	start := s.now()
	at, err := s.find(f.Model)
	if err != nil {
		return nil, err
	}
	m := &loaded{}
	if m.tok, err = readTokenizer(at); err != nil {
		return nil, err
	}
	if m.chat.Encoding, err = harmony.New(m.tok); err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	if m.gen, err = readGeneration(at.fsys); err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	cfg, err := model.ReadConfig(at.fsys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	if last := lastMeaningful(m.tok); int64(last) >= int64(cfg.Vocab) {
		return nil, fmt.Errorf("%s has %d rows, but its vocabulary uses ids up to %d; put the tokenizer.json that belongs to it beside config.json", at, cfg.Vocab, last)
	}
	if m.opened, err = s.openAt(ctx, at, f); err != nil {
		return nil, err
	}
	s.heapLimit(m.plan)
	m.chat.Engine = engine.New(m.backend, engine.Options{Context: m.context, Memory: m.plan.Need.KV, Chunk: stepTokens, Draft: engine.MaxDraft, Valid: m.sayable})
	m.chat.Stop = m.stops(append(m.gen.eos, cfg.EOS...))
	m.chat.Format = sync.OnceValues(func() (*guide.Format, error) {
		return guide.New(m.tok, grammar.NewVocabulary(m.tok, cfg.Vocab))
	})
	go m.chat.Format() // a fifth of a second that the first answer need not wait for
	m.loadTime = s.now().Sub(start)
	return m, nil
}

// sayable reports whether an id may be chosen: it stands for something. Reserved ids
// and rows beyond the vocabulary do not.
func (m *loaded) sayable(id uint32) bool {
	_, ok := m.tok.Bytes(id)
	return ok && !reserved(m.tok, id)
}

func reserved(tok *token.Tokenizer, id uint32) bool {
	const prefix = "<|reserved_"
	name := tok.SpecialName(id)
	return len(name) > len(prefix) && name[:len(prefix)] == prefix
}

// lastMeaningful is the highest id that is not reserved.
func lastMeaningful(tok *token.Tokenizer) uint32 {
	for id := uint32(tok.Size()); id > 0; id-- {
		if _, ok := tok.Bytes(id - 1); ok && !reserved(tok, id-1) {
			return id - 1
		}
	}
	return 0
}

// stops are the ids a checkpoint ends on, but for <|end|>: another message follows it.
func (m *loaded) stops(eos []uint32) []uint32 {
	var ids []uint32
	for _, id := range eos {
		if end, ok := m.tok.Special("<|end|>"); !ok || id != end {
			ids = append(ids, id)
		}
	}
	return ids
}

// readTokenizer reads the model's own tokenizer.json or what its GGUF file says, or takes the
// built-in vocabulary.
func readTokenizer(at place) (*token.Tokenizer, error) {
	data, err := readSmall(at.fsys, "tokenizer.json")
	if errors.Is(err, fs.ErrNotExist) {
		tok, found, err := ggufTokenizer(at)
		if !found {
			return token.O200kHarmony()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		return tok, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	tok, err := token.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return tok, nil
}

// session starts a conversation as the flags want it.
func (m *loaded) session(f *talkFlags, sys *system) *chat.Session {
	date := f.Date
	if date == "" {
		date = sys.today()
	}
	s := chat.NewSession(&m.chat, date)
	s.Settings.System.Effort = f.effort()
	s.Settings.Developer.Instructions = f.Instructions
	s.Options.MaxTokens = f.MaxTokens
	s.Options.NoDraft = !f.Draft
	s.Options.Sampling = f.sampling(m.gen.sampling)
	if f.Seed == nil {
		s.Options.Sampling.Seed = sys.seed()
	}
	return s
}
