package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"ossian/internal/chat"
	"ossian/internal/engine"
	"ossian/internal/harmony"
	"ossian/internal/openai"
)

func (s *Server) chatCompletions(w http.ResponseWriter, r *http.Request) {
	s.work(w, r, func(ctx context.Context, m *Model, body []byte) error {
		exchangeOf(r).subject = "messages"
		req, err := openai.ParseChatRequest(body)
		if err != nil {
			return err
		}
		if !m.named(req.Model) {
			return noSuchModel(req.Model, m.Names)
		}
		if req.Sampling.Choices > s.opt.MaxChoices {
			return failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "n", "this server gives at most %d answers to one request", s.opt.MaxChoices)
		}
		if req.Date == "" {
			req.Date = s.opt.Date()
		}
		conv, err := req.ToConversation()
		if err != nil {
			return err
		}
		mask, err := m.constrain(req.Constraint())
		if err != nil {
			return err
		}
		ignored(w, req.Ignored)
		c := &completion{s: s, m: m, r: r, req: req, conv: conv, mask: mask, seed: s.opt.Seed(),
			id: "chatcmpl-" + s.opt.NewID(), created: s.opt.Now().Unix(), name: m.Names[0]}
		if req.Model != "" {
			c.name = req.Model
		}
		if req.Stream {
			return c.stream(ctx, w)
		}
		return c.whole(ctx, w)
	})
}

// constrain makes masks for what a request demands of its answers' form, one an answer;
// nil when it demands nothing.
func (m *Model) constrain(c *openai.Constraint) (func() (engine.MaskSource, error), error) {
	if c == nil {
		return nil, nil
	}
	if m.Constrain == nil {
		return nil, c.Refusal()
	}
	if _, err := m.Constrain(c); err != nil { // before anything is computed
		return nil, err
	}
	return func() (engine.MaskSource, error) { return m.Constrain(c) }, nil
}

// completion is one request for Chat Completions.
type completion struct {
	s    *Server
	m    *Model
	r    *http.Request
	req  *openai.ChatRequest
	conv harmony.Conversation
	mask func() (engine.MaskSource, error)
	seed uint64

	id      string
	created int64
	name    string
}

// run lets the model give every answer asked for. event is called for each with its
// number and never by two goroutines at once.
func (c *completion) run(ctx context.Context, event func(i int, e chat.Event) error) ([]chat.Turn, error) {
	n := c.req.Sampling.Choices
	turns, errs := make([]chat.Turn, n), make([]error, n)
	watch := c.s.watch(exchangeOf(c.r))
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			opt := chat.Options{MaxTokens: c.req.Sampling.MaxTokens, Cap: true, Stop: c.req.Sampling.Stop,
				Sampling: c.req.Sampling.Params(c.m.Sampling, c.seed, i), Drop: harmony.DropCookbook}
			if c.mask != nil {
				if opt.Mask, errs[i] = c.mask(); errs[i] != nil {
					return
				}
			}
			turns[i], errs[i] = c.m.Chat.Turn(ctx, c.conv, opt, func(e chat.Event) error {
				mu.Lock()
				defer mu.Unlock()
				watch.event(e)
				return event(i, e)
			})
		})
	}
	all.Wait()
	err := errors.Join(errs...)
	watch.end(ctx, err, turns...)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return turns, err
}

func (c *completion) writers() []*openai.ChatWriter {
	writers := make([]*openai.ChatWriter, c.req.Sampling.Choices)
	for i := range writers {
		writers[i] = c.req.Writer(c.m.Spell, func() string { return "call_" + c.s.opt.NewID() })
	}
	return writers
}

func (c *completion) whole(ctx context.Context, w http.ResponseWriter) error {
	writers := c.writers()
	turns, err := c.run(ctx, func(i int, e chat.Event) error {
		writers[i].Event(e)
		return nil
	})
	if err != nil {
		return err
	}
	out := openai.ChatCompletion{ID: c.id, Object: "chat.completion", Created: c.created, Model: c.name,
		Usage: openai.UsageOf(turns...), ServiceTier: "default", SystemFingerprint: c.s.fingerprint()}
	for i, t := range turns {
		out.Choices = append(out.Choices, writers[i].Choice(i, t))
	}
	return replyJSON(w, out)
}

func (c *completion) stream(ctx context.Context, w http.ResponseWriter) error {
	out := newStream(w, eventStream, c.s.opt.WriteTime, c.s.opt.KeepAlive)
	defer out.close()
	writers := c.writers()
	chunk := openai.ChatChunk{ID: c.id, Object: "chat.completion.chunk", Created: c.created, Model: c.name,
		ServiceTier: "default", SystemFingerprint: c.s.fingerprint()}
	if c.req.StreamUsage {
		chunk.Usage = json.RawMessage("null")
	}
	send := func(i int, choice openai.ChunkChoice) error {
		choice.Index = i
		chunk.Choices = []openai.ChunkChoice{choice}
		return out.event("", chunk)
	}
	turns, err := c.run(ctx, func(i int, e chat.Event) error {
		if e.Kind == chat.Prompt {
			return out.begin() // the model works on it: from here on it is a stream
		}
		if choice, ok := writers[i].Event(e); ok {
			return send(i, choice)
		}
		return nil
	})
	if err != nil {
		return c.broken(ctx, out, err)
	}
	for i, t := range turns {
		if err := send(i, writers[i].End(t)); err != nil {
			return err
		}
	}
	if c.req.StreamUsage {
		chunk.Choices = []openai.ChunkChoice{}
		if chunk.Usage, err = json.Marshal(openai.UsageOf(turns...)); err != nil {
			return err
		}
		if err := out.event("", chunk); err != nil {
			return err
		}
	}
	return out.done()
}

// broken ends a stream with an error event, if it is too late for a status.
func (c *completion) broken(ctx context.Context, out *stream, err error) error {
	if !out.hasBegun() || errors.Is(err, errGone) {
		return err
	}
	f := failureOf(ctx, err)
	if x := exchangeOf(c.r); x != nil && f.Code != nil {
		x.code = *f.Code
	}
	if err := out.event("error", map[string]openai.ErrorObject{"error": f.ErrorObject}); err != nil {
		return err
	}
	return errGone // what there was to say has been said
}

// fingerprint changes with whatever may change the answer to the same request and seed.
func (s *Server) fingerprint() string { return "fp_ossian_" + s.opt.Version }
