package server

import (
	"context"
	"net/http"

	"ossian/internal/chat"
	"ossian/internal/openai"
)

// completions continues prompts as they stand.
func (s *Server) completions(w http.ResponseWriter, r *http.Request) {
	s.work(w, r, func(ctx context.Context, m *Model, body []byte) error {
		x := exchangeOf(r)
		x.subject = "prompt"
		req, err := openai.ParseCompletionRequest(body)
		if err != nil {
			return err
		}
		name, err := m.called(req.Model)
		if err != nil {
			return err
		}
		n := len(req.Prompts) * req.Sampling.Choices
		if n > s.opt.MaxChoices {
			return failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "n", "this server gives at most %d answers to one request", s.opt.MaxChoices)
		}
		ignored(w, req.Ignored)
		prompts, writers := make([][]uint32, n), make([]*openai.CompletionWriter, n)
		for i := range n {
			p := req.Prompts[i/req.Sampling.Choices]
			if prompts[i] = p.IDs; p.IDs == nil {
				prompts[i] = m.Tokens.Encode(nil, p.Text)
			} else {
				p.Text = m.Tokens.Decode(p.IDs)
			}
			writers[i] = req.Writer(p.Text, m.Tokens.Bytes)
		}
		seed := s.opt.Seed()
		turn := func(i int, emit func(chat.Event) error) (chat.Turn, error) {
			return m.Chat.Continue(ctx, prompts[i], m.Tokens.NewDecoder(), chat.Options{MaxTokens: req.Sampling.MaxTokens, Cap: true, Key: x.key,
				Stop: req.Sampling.Stop, Sampling: req.Sampling.Params(m.Sampling, seed, i)}, emit)
		}
		out := openai.Completion{ID: "cmpl-" + s.opt.NewID(), Object: "text_completion", Created: s.opt.Now().Unix(), Model: name, SystemFingerprint: s.fingerprint()}
		if req.Stream {
			return s.streamCompletion(ctx, w, x, req, out, writers, turn)
		}
		turns, err := s.generate(ctx, x, n, turn, func(i int, e chat.Event) error { writers[i].Event(e); return nil })
		if err != nil {
			return err
		}
		for i, t := range turns {
			out.Choices = append(out.Choices, writers[i].Choice(i, t))
		}
		out.Usage = usageOfPrompts(turns, req.Sampling.Choices)
		return replyJSON(w, out)
	})
}

// usageOfPrompts counts each prompt once.
func usageOfPrompts(turns []chat.Turn, each int) *openai.Usage {
	var sum openai.Usage
	for i := 0; i < len(turns); i += each {
		u := openai.UsageOf(turns[i:min(i+each, len(turns))]...)
		sum.PromptTokens += u.PromptTokens
		sum.CompletionTokens += u.CompletionTokens
		sum.PromptDetails.Cached += u.PromptDetails.Cached
	}
	sum.TotalTokens = sum.PromptTokens + sum.CompletionTokens
	return &sum
}

func (s *Server) streamCompletion(ctx context.Context, w http.ResponseWriter, x *exchange, req *openai.CompletionRequest, piece openai.Completion,
	writers []*openai.CompletionWriter, turn func(int, func(chat.Event) error) (chat.Turn, error)) error {
	out := newStream(w, eventStream, s.opt.WriteTime, s.opt.KeepAlive)
	defer out.close()
	send := func(i int, c openai.CompletionChoice) error {
		c.Index = i
		piece.Choices = []openai.CompletionChoice{c}
		return out.event("", piece)
	}
	begun := make([]bool, len(writers))
	turns, err := s.generate(ctx, x, len(writers), turn, func(i int, e chat.Event) error {
		if e.Kind == chat.Prompt || e.Kind == chat.Queued {
			return out.waiting(e)
		}
		c, ok := writers[i].Event(e)
		if !ok {
			return nil
		}
		if req.Echo && !begun[i] {
			begun[i], c.Text = true, writers[i].Choice(i, chat.Turn{}).Text
		}
		return send(i, c)
	})
	if err != nil {
		return broken(ctx, x, out, err, func(f *failure) error {
			return out.event("error", map[string]openai.ErrorObject{"error": f.ErrorObject})
		})
	}
	for i, t := range turns {
		reason := openai.FinishReason(t)
		if err := send(i, openai.CompletionChoice{FinishReason: &reason}); err != nil {
			return err
		}
	}
	if req.StreamUsage {
		piece.Choices, piece.Usage = []openai.CompletionChoice{}, usageOfPrompts(turns, req.Sampling.Choices)
		if err := out.event("", piece); err != nil {
			return err
		}
	}
	return out.done()
}
