package server

import (
	"net/http"

	"ossian/internal/engine"
)

// Status is what a running server tells of itself: /status.
type Status struct {
	Version       string   `json:"version"`
	Ready         bool     `json:"ready"`
	UptimeSeconds float64  `json:"uptime_s"`
	Models        []string `json:"models"` // names of the one that is served
	Context       int      `json:"context"`
	Running       int      `json:"running"`
	Waiting       int      `json:"waiting"`
	KVBytes       int64    `json:"kv_bytes"`
	KVLimit       int64    `json:"kv_limit_bytes"`
	PromptTokens  int64    `json:"prompt_tokens"`
	CachedTokens  int64    `json:"cached_tokens"`
	Generated     int64    `json:"generated_tokens"`
}

// engine gives the figures of the model's engine, and which share of its memory is in use.
func (s *Server) engine() (e engine.Stats, use float64) {
	if m := s.model.Load(); m != nil {
		e = m.Chat.Engine.Stats()
	}
	if e.KVLimit > 0 {
		use = float64(e.KVBytes) / float64(e.KVLimit)
	}
	return e, use
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	e, _ := s.engine()
	st := Status{Version: s.opt.Version, UptimeSeconds: s.opt.Now().Sub(s.started).Seconds(), Models: []string{},
		Running: e.Running, Waiting: e.Waiting, KVBytes: e.KVBytes, KVLimit: e.KVLimit,
		PromptTokens: s.meter.prompt.Load(), CachedTokens: s.meter.cached.Load(), Generated: s.meter.generated.Load()}
	if m := s.model.Load(); m != nil {
		st.Ready, st.Models, st.Context = !s.draining.Load(), m.Names, m.Chat.Engine.Context()
	}
	_ = replyJSON(w, st)
}
