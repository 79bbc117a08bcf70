package server

import (
	"net/http"

	"ossian/internal/openai"
)

func (m *Model) entry(name string) openai.Model {
	return openai.Model{ID: name, Object: "model", Created: m.Created.Unix(), OwnedBy: "ossian", ContextLength: m.Chat.Engine.Context()}
}

func (s *Server) listModels(w http.ResponseWriter, r *http.Request) {
	list := openai.List[openai.Model]{Object: "list", Data: []openai.Model{}}
	if m := s.model.Load(); m != nil {
		for _, name := range m.Names {
			list.Data = append(list.Data, m.entry(name))
		}
	}
	_ = replyJSON(w, list) // plain values
}

func (s *Server) getModel(w http.ResponseWriter, r *http.Request) {
	m := s.model.Load()
	if m == nil {
		fail(w, r, loading())
		return
	}
	if id := r.PathValue("id"); id != "" && m.named(id) {
		_ = replyJSON(w, m.entry(id))
		return
	}
	fail(w, r, noSuchModel(r.PathValue("id"), m.Names))
}

// health says that the process lives.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	_ = replyJSON(w, map[string]string{"status": "ok"})
}

// ready says whether a request would be answered now.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.draining.Load():
		fail(w, r, shuttingDown())
	case s.model.Load() == nil:
		fail(w, r, loading())
	default:
		_ = replyJSON(w, map[string]string{"status": "ready"})
	}
}
