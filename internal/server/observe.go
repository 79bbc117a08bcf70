package server

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"ossian/internal/openai"
)

// exchange is what is known of a request under way, for the log and the metrics:
// counts and names, no text of it.
type exchange struct {
	id     string // of the request
	key    string // id of the key
	code   string // of the error
	status int

	subject string // the field that holds what the model is shown

	prompt, cached, generated int // tokens
	first                     time.Duration
}

type exchangeKey struct{}

// exchangeOf is nil for requests that did not come through observed.
func exchangeOf(r *http.Request) *exchange {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return x
}

// watched notes the status that is sent, and gives the client so long to take the answer.
type watched struct {
	http.ResponseWriter
	x     *exchange
	limit time.Duration
}

func (w *watched) WriteHeader(status int) {
	if w.x.status == 0 {
		w.x.status = status
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.limit))
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.x.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observed numbers requests, logs and counts them, and turns a panic into a 500.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.opt.Now()
		x := &exchange{id: "req_" + s.opt.NewID()}
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
		w.Header().Set("X-Request-Id", x.id)
		ww := &watched{ResponseWriter: w, x: x, limit: s.opt.WriteTime}
		defer func() {
			if p := recover(); p != nil {
				s.opt.Log.Error("a request failed in the program itself; please report it", "id", x.id, "panic", p, "stack", string(debug.Stack()))
				if x.status == 0 {
					fail(ww, r, failed(http.StatusInternalServerError, openai.TypeServer, "internal_error", "", "the request failed in the program itself; its log says where"))
				} else {
					panic(http.ErrAbortHandler) // the stream must not look complete
				}
			}
			took := s.opt.Now().Sub(began)
			s.meter.request(r, x, took)
			level := slog.LevelInfo
			if r.Method == http.MethodGet && x.status < 400 {
				level = slog.LevelDebug // probes come every few seconds
			}
			s.opt.Log.Log(r.Context(), level, "request", x.attrs(r, took)...)
		}()
		next.ServeHTTP(ww, r)
	})
}

func (x *exchange) attrs(r *http.Request, took time.Duration) []any {
	a := []any{"id", x.id, "method", r.Method, "path", r.Pattern, "status", x.status, "ms", took.Milliseconds(), "from", r.RemoteAddr}
	add := func(name string, v any, said bool) {
		if said {
			a = append(a, name, v)
		}
	}
	add("key", x.key, x.key != "")
	add("error", x.code, x.code != "")
	add("prompt_tokens", x.prompt, x.prompt > 0)
	add("cached_tokens", x.cached, x.cached > 0)
	add("generated_tokens", x.generated, x.generated > 0)
	add("first_token_ms", x.first.Milliseconds(), x.first > 0)
	return a
}
