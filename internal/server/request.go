package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"ossian/internal/openai"
)

// readAll reads a request's body, bounded in size and time.
func (s *Server) readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(s.opt.ReadTime))
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opt.MaxBody))
	if err != nil {
		var size *http.MaxBytesError
		switch {
		case errors.As(err, &size):
			return nil, err
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, failed(http.StatusRequestTimeout, openai.TypeRequest, "request_timeout", "", "the request did not arrive within %v", s.opt.ReadTime)
		}
		return nil, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeJSON, "", "the request did not arrive whole: %v", err)
	}
	// From here on the connection is only watched for the client's leaving.
	_ = rc.SetReadDeadline(time.Time{})
	return data, nil
}

// work does what a request that computes needs before and after: a model, a place among
// the requests, the body, a context that ends when the client leaves, when time is up
// or when the server shall end.
func (s *Server) work(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, m *Model, body []byte) error) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), s.opt.RequestTime, errTooLong)
	defer cancel()
	ctx, drained := context.WithCancelCause(ctx)
	defer drained(nil)
	defer context.AfterFunc(s.base, func() { drained(context.Cause(s.base)) })()

	m := s.model.Load()
	switch {
	case s.draining.Load():
		w.Header().Set("Connection", "close")
		fail(w, r, shuttingDown())
		return
	case m == nil:
		fail(w, r, loading())
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		fail(w, r, overloaded(cap(s.slots)))
		return
	}
	body, err := s.readAll(w, r)
	if err == nil {
		err = do(ctx, m, body)
	}
	if err != nil && exchangeOf(r).status == 0 {
		fail(w, r, failureOf(ctx, err))
	}
}

// ignored tells the client which of its fields changed nothing.
func ignored(w http.ResponseWriter, fields []string) {
	var plain []string
	for _, f := range fields[:min(len(fields), 20)] {
		if len(f) <= 64 && strings.IndexFunc(f, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' }) < 0 {
			plain = append(plain, f)
		}
	}
	if len(plain) > 0 {
		w.Header().Set("Ossian-Ignored", strings.Join(plain, ", "))
	}
}

// replyJSON sends a value as the answer.
func replyJSON(w http.ResponseWriter, v any) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	reply(w, http.StatusOK, []byte(b.String()))
	return nil
}
