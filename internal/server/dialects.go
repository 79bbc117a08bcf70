package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"ossian/internal/anthropic"
	"ossian/internal/chat"
	"ossian/internal/harmony"
	"ossian/internal/ollama"
	"ossian/internal/openai"
)

// errorBody is a failure in the shape of the API that was called.
func errorBody(path string, f *failure) []byte {
	var v any
	switch {
	case strings.HasPrefix(path, "/api/"):
		v = map[string]string{"error": f.Message}
	case strings.HasPrefix(path, "/v1/messages"):
		v = anthropic.Error(f.ErrorObject, f.status)
	default:
		return openai.ErrorBody(f.ErrorObject)
	}
	body, err := json.Marshal(v)
	if err != nil { // strings only: it cannot fail
		return openai.ErrorBody(f.ErrorObject)
	}
	return body
}

// asked is a request of another dialect, ready to run.
type asked struct {
	name string
	turn func(int, func(chat.Event) error) (chat.Turn, error)
	conv harmony.Conversation
}

// prepare does for another dialect what chatCompletions does for its own.
func (s *Server) prepare(ctx context.Context, x *exchange, m *Model, req *openai.ChatRequest) (a asked, err error) {
	if a.name, err = m.called(req.Model); err != nil {
		return a, err
	}
	req.Date = s.opt.Date()
	if a.conv, err = req.ToConversation(); err != nil {
		return a, err
	}
	opt := chat.Options{MaxTokens: req.Sampling.MaxTokens, Cap: true, Stop: req.Sampling.Stop, Key: x.key,
		Sampling: req.Sampling.Params(m.Sampling, s.opt.Seed(), 0), Drop: harmony.DropCookbook}
	if opt.Guide, err = m.constrain(req.Constraint()); err != nil {
		return a, err
	}
	a.turn = func(_ int, emit func(chat.Event) error) (chat.Turn, error) {
		return m.Chat.Turn(ctx, a.conv, opt, emit)
	}
	return a, nil
}

// messages is Anthropic's endpoint.
func (s *Server) messages(w http.ResponseWriter, r *http.Request) {
	s.work(w, r, func(ctx context.Context, m *Model, body []byte) error {
		x := exchangeOf(r)
		x.subject = "messages"
		req, err := anthropic.Parse(body, false)
		if err != nil {
			return err
		}
		a, err := s.prepare(ctx, x, m, &req.ChatRequest)
		if err != nil {
			return err
		}
		ignored(w, req.Ignored)
		writer := req.Writer("msg_"+s.opt.NewID(), a.name, s.opt.NewID)
		if !req.Stream {
			turns, err := s.generate(ctx, x, 1, a.turn, func(_ int, e chat.Event) error { writer.Event(e); return nil })
			if err != nil {
				return err
			}
			writer.End(turns[0])
			return replyJSON(w, writer.Message)
		}
		out := newStream(w, eventStream, s.opt.WriteTime, s.opt.KeepAlive)
		defer out.close()
		send := func(events []anthropic.Event) error {
			for i := range events {
				if err := out.event(events[i].Type, events[i]); err != nil {
					return err
				}
			}
			return nil
		}
		started := false
		turns, err := s.generate(ctx, x, 1, a.turn, func(_ int, e chat.Event) error {
			if e.Kind == chat.Queued {
				return out.waiting(e)
			}
			if !started {
				started = true
				if err := send(writer.Start(e.PromptTokens)); err != nil {
					return err
				}
			}
			return send(writer.Event(e))
		})
		if err != nil {
			return broken(ctx, x, out, err, func(f *failure) error { return out.event("error", anthropic.Error(f.ErrorObject, f.status)) })
		}
		return send(writer.End(turns[0]))
	})
}

// countMessages says how long the prompt of a request would be.
func (s *Server) countMessages(w http.ResponseWriter, r *http.Request) {
	s.work(w, r, func(ctx context.Context, m *Model, body []byte) error {
		x := exchangeOf(r)
		req, err := anthropic.Parse(body, true)
		if err != nil {
			return err
		}
		a, err := s.prepare(ctx, x, m, &req.ChatRequest)
		if err != nil {
			return err
		}
		prompt, err := m.Chat.Prompt(a.conv, harmony.DropCookbook)
		if err != nil {
			return err
		}
		return replyJSON(w, map[string]int{"input_tokens": len(prompt)})
	})
}

// ollamaChat and ollamaGenerate are Ollama's endpoints that compute.
func (s *Server) ollamaChat(w http.ResponseWriter, r *http.Request)     { s.ollama(w, r, false) }
func (s *Server) ollamaGenerate(w http.ResponseWriter, r *http.Request) { s.ollama(w, r, true) }

func (s *Server) ollama(w http.ResponseWriter, r *http.Request, generate bool) {
	s.work(w, r, func(ctx context.Context, m *Model, body []byte) error {
		x := exchangeOf(r)
		x.subject = "messages"
		req, err := ollama.Parse(body, generate)
		if err != nil {
			return err
		}
		if req.Empty {
			name, err := m.called(req.Model)
			if err != nil {
				return err
			}
			return replyJSON(w, ollama.Ready(name, generate, s.opt.Now()))
		}
		a, err := s.prepare(ctx, x, m, &req.ChatRequest)
		if err != nil {
			return err
		}
		if req.Raw {
			opt := chat.Options{MaxTokens: req.Sampling.MaxTokens, Cap: true, Stop: req.Sampling.Stop, Key: x.key, Sampling: req.Sampling.Params(m.Sampling, s.opt.Seed(), 0)}
			a.turn = func(_ int, emit func(chat.Event) error) (chat.Turn, error) {
				return m.Chat.Continue(ctx, m.Tokens.Encode(nil, req.Prompt), m.Tokens.NewDecoder(), opt, emit)
			}
		}
		began := s.opt.Now()
		writer := req.Writer(a.name, generate)
		if !req.Stream {
			turns, err := s.generate(ctx, x, 1, a.turn, func(_ int, e chat.Event) error { writer.Event(e, began); return nil })
			if err != nil {
				return err
			}
			return replyJSON(w, writer.End(turns[0], true, began, s.opt.Now()))
		}
		out := newStream(w, jsonLines, s.opt.WriteTime, s.opt.KeepAlive)
		defer out.close()
		turns, err := s.generate(ctx, x, 1, a.turn, func(_ int, e chat.Event) error {
			if e.Kind == chat.Prompt || e.Kind == chat.Queued {
				return out.waiting(e)
			}
			if line, ok := writer.Event(e, s.opt.Now()); ok {
				return out.event("", line)
			}
			return nil
		})
		if err != nil {
			return broken(ctx, x, out, err, func(f *failure) error { return out.event("", map[string]string{"error": f.Message}) })
		}
		return out.event("", writer.End(turns[0], false, began, s.opt.Now()))
	})
}

func (m *Model) facts() ollama.Facts {
	return ollama.Facts{Parameters: m.Parameters, Bytes: m.Bytes, Context: m.Chat.Engine.Context(), Modified: m.Created}
}

func (s *Server) ollamaVersion(w http.ResponseWriter, r *http.Request) {
	_ = replyJSON(w, map[string]string{"version": ollama.Version})
}

func (s *Server) ollamaTags(w http.ResponseWriter, r *http.Request)    { s.tags(w, false) }
func (s *Server) ollamaRunning(w http.ResponseWriter, r *http.Request) { s.tags(w, true) }

func (s *Server) tags(w http.ResponseWriter, running bool) {
	var list any = map[string][]string{"models": {}}
	if m := s.model.Load(); m != nil {
		list = ollama.Tags(m.Names, m.facts(), running)
	}
	_ = replyJSON(w, list)
}

// ollamaAbout answers what is asked about one model by name: show, and pull, which has
// nothing to do for the model that is here and fetches no other.
func (s *Server) ollamaAbout(answer func(w http.ResponseWriter, m *Model, stream bool) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m := s.model.Load()
		if m == nil {
			fail(w, r, loading())
			return
		}
		body, err := s.readAll(w, r)
		var req struct {
			Model  string `json:"model"`
			Name   string `json:"name"` // as older clients call it
			Stream *bool  `json:"stream"`
		}
		if err == nil {
			if err = json.Unmarshal(body, &req); err != nil {
				err = &openai.Error{Code: openai.CodeJSON, Message: err.Error()}
			}
		}
		if err == nil {
			if req.Model == "" {
				req.Model = req.Name
			}
			if _, err = m.called(req.Model); err == nil {
				err = answer(w, m, req.Stream == nil || *req.Stream)
			}
		}
		if err != nil {
			fail(w, r, failureOf(r.Context(), err))
		}
	}
}

func (s *Server) ollamaShow(w http.ResponseWriter, m *Model, _ bool) error {
	return replyJSON(w, ollama.Show(m.facts()))
}

func (s *Server) ollamaPull(w http.ResponseWriter, _ *Model, stream bool) error {
	success := map[string]string{"status": "success"}
	if !stream {
		return replyJSON(w, success)
	}
	out := newStream(w, jsonLines, s.opt.WriteTime, time.Hour)
	defer out.close()
	if err := out.event("", map[string]string{"status": "pulling manifest"}); err != nil {
		return nil // the client has left
	}
	_ = out.event("", success)
	return nil
}
