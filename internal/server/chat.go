package server

import (
	"context"
	"encoding/json"
	"net/http"

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
		name, err := m.called(req.Model)
		if err != nil {
			return err
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
		form, err := m.constrain(req.Constraint())
		if err != nil {
			return err
		}
		ignored(w, req.Ignored)
		c := &completion{s: s, m: m, r: r, req: req, conv: conv, form: form, seed: s.opt.Seed(),
			id: "chatcmpl-" + s.opt.NewID(), created: s.opt.Now().Unix(), name: name}
		if req.Stream {
			return c.stream(ctx, w)
		}
		return c.whole(ctx, w)
	})
}

// completion is one request for Chat Completions.
type completion struct {
	s    *Server
	m    *Model
	r    *http.Request
	req  *openai.ChatRequest
	conv harmony.Conversation
	form func(tokens int) engine.MaskSource // that the answers must have; nil: any
	seed uint64

	id      string
	created int64
	name    string
}

// run lets the model give every answer asked for.
func (c *completion) run(ctx context.Context, event func(i int, e chat.Event) error) ([]chat.Turn, error) {
	x := exchangeOf(c.r)
	return c.s.generate(ctx, x, c.req.Sampling.Choices, func(i int, emit func(chat.Event) error) (chat.Turn, error) {
		return c.m.Chat.Turn(ctx, c.conv, chat.Options{MaxTokens: c.req.Sampling.MaxTokens, Cap: true, Stop: c.req.Sampling.Stop, Guide: c.form,
			Key: x.key, Sampling: c.req.Sampling.Params(c.m.Sampling, c.seed, i), Drop: harmony.DropCookbook}, emit)
	}, event)
}

func (c *completion) writers() []*openai.ChatWriter {
	writers := make([]*openai.ChatWriter, c.req.Sampling.Choices)
	for i := range writers {
		writers[i] = c.req.Writer(c.m.Tokens.Bytes, func() string { return "call_" + c.s.opt.NewID() })
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
		if e.Kind == chat.Prompt || e.Kind == chat.Queued {
			return out.waiting(e)
		}
		if choice, ok := writers[i].Event(e); ok {
			return send(i, choice)
		}
		return nil
	})
	if err != nil {
		return broken(ctx, exchangeOf(c.r), out, err, func(f *failure) error {
			return out.event("error", map[string]openai.ErrorObject{"error": f.ErrorObject})
		})
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

// fingerprint changes with whatever may change the answer to the same request and seed.
func (s *Server) fingerprint() string { return "fp_ossian_" + s.opt.Version }
