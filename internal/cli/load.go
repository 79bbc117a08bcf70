package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/chat"
	"ossian/internal/engine"
	"ossian/internal/harmony"
	"ossian/internal/model"
	"ossian/internal/token"
)

// defaultContext is what a sequence may take when nobody says: room for a long talk,
// at a cost in memory that is paid only as the context fills.
const defaultContext = 32768

// loaded is a model ready to talk.
type loaded struct {
	name     string
	tok      *token.Tokenizer
	chat     chat.Model
	gen      generation
	weights  *model.Weights
	backend  model.Backend
	eng      *engine.Engine
	loadTime time.Duration
}

func (m *loaded) close() {
	_ = m.backend.Close()
	if m.weights != nil {
		_ = m.weights.Close()
	}
}

// load finds a model, reads it and puts the parts together.
func (s *system) load(ctx context.Context, f *loadFlags) (*loaded, error) {
	start := s.now()
	at, err := s.find(f.Model)
	if err != nil {
		return nil, err
	}
	m := &loaded{name: at.name}
	var special string
	if m.tok, special, err = readTokenizer(at); err != nil {
		return nil, err
	}
	if m.chat.Encoding, err = harmony.New(m.tok); err != nil {
		return nil, fmt.Errorf("%s: %w", special, err)
	}
	if m.gen, err = readGeneration(at.fsys); err != nil {
		return nil, fmt.Errorf("model %s: %w", at.name, err)
	}
	p := s.progress("loading "+at.name, f.Quiet)
	m.weights, err = openWeights(ctx, at, p)
	p.done()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("model %s: %w", at.name, err)
	}
	if err = s.assemble(m, f); err != nil {
		_ = m.weights.Close()
		return nil, fmt.Errorf("model %s: %w", at.name, err)
	}
	m.loadTime = s.now().Sub(start)
	return m, nil
}

// assemble puts backend and engine on the weights.
func (s *system) assemble(m *loaded, f *loadFlags) error {
	cfg := &m.weights.Config
	if f.Context > cfg.MaxContext {
		return fmt.Errorf("--context %d is beyond the model's limit of %d", f.Context, cfg.MaxContext)
	}
	if rows := int(lastMeaningful(m.tok)) + 1; rows > cfg.Vocab {
		return fmt.Errorf("its vocabulary uses ids up to %d, but it has %d rows; put the tokenizer.json that belongs to it beside config.json", rows-1, cfg.Vocab)
	}
	backend, err := cpu.New(m.weights, cpu.Options{Threads: f.Threads})
	if err != nil {
		return err
	}
	m.backend = backend
	context := f.Context
	if context == 0 {
		context = min(defaultContext, cfg.MaxContext)
	}
	m.eng = engine.New(m.backend, engine.Options{Context: context, Chunk: cpu.DefaultChunk, Valid: m.sayable})
	m.chat.Engine = m.eng
	m.chat.Stop = m.stops(append(m.gen.eos, cfg.EOS...))
	return nil
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

// readTokenizer reads the model's own tokenizer.json, or takes the built-in vocabulary;
// it says which.
func readTokenizer(at place) (*token.Tokenizer, string, error) {
	data, err := readSmall(at.fsys, "tokenizer.json")
	if errors.Is(err, fs.ErrNotExist) {
		tok, err := token.O200kHarmony()
		return tok, "the built-in vocabulary", err
	}
	if err != nil {
		return nil, "", fmt.Errorf("model %s: %w", at.name, err)
	}
	tok, err := token.Parse(data)
	if err != nil {
		return nil, "", fmt.Errorf("model %s: %w", at.name, err)
	}
	return tok, "model " + at.name + ": tokenizer.json", nil
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
	s.Options.Sampling = f.sampling(m.gen.sampling)
	if f.Seed == nil {
		s.Options.Sampling.Seed = sys.seed()
	}
	return s
}
