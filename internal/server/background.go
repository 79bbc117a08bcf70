package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"ossian/internal/chat"
	"ossian/internal/openai"
	"ossian/internal/store"
)

// errCancelled is a response that somebody asked to end.
var errCancelled = errors.New("server: the response was cancelled")

// job is a response that runs without a connection.
type job struct {
	cancel context.CancelCauseFunc
	ended  chan struct{}
}

// background stores a response as queued, answers so, and lets it run.
func (c *response) background(w http.ResponseWriter) error {
	c.writer.Response.Status = openai.StatusQueued
	mark := store.Record{Kind: kindRunning, ID: c.id, Data: json.RawMessage("true")}
	if err := c.keep(mark); err != nil {
		return err
	}
	queued := c.writer.Response
	ctx, cancel := context.WithCancelCause(c.s.base)
	j := &job{cancel: cancel, ended: make(chan struct{})}
	c.s.mu.Lock()
	c.s.jobs[c.id] = j
	c.s.mu.Unlock()
	// The request's exchange ends with the request; this one is counted by itself.
	c.x = &exchange{id: c.x.id, key: c.x.key}
	c.s.background.Go(func() {
		c.proceed(ctx)
		cancel(nil)
		c.s.mu.Lock()
		delete(c.s.jobs, c.id)
		c.s.mu.Unlock()
		close(j.ended)
	})
	return replyJSON(w, queued)
}

func (c *response) proceed(ctx context.Context) {
	ctx, stop := context.WithTimeoutCause(ctx, c.s.opt.RequestTime, errTooLong)
	defer stop()
	var turn chat.Turn
	var err error
	select {
	case c.s.slots <- struct{}{}:
		c.writer.Response.Status = openai.StatusInProgress
		if err := c.keep(); err != nil {
			c.s.opt.Log.Error("a background response could not be stored", "id", c.id, "error", err)
		}
		turn, err = c.run(ctx, func(e chat.Event) error { c.writer.Event(e); return nil })
		<-c.s.slots
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	c.s.shares.spend(c.x.key, turn.PromptTokens+turn.CompletionTokens)
	switch {
	case err == nil:
		c.writer.End(turn, c.s.opt.Now().Unix())
	case errors.Is(context.Cause(ctx), errCancelled):
		c.writer.Cancel(turn)
	default:
		c.writer.Fail(failureOf(ctx, err).ErrorObject, turn)
	}
	if err := c.keep(store.Record{Kind: kindRunning, ID: c.id}); err != nil {
		c.s.opt.Log.Error("a background response could not be stored", "id", c.id, "error", err)
	}
}

// interrupted marks what ran in the background when the process last ended.
func (s *Server) interrupted() {
	for _, id := range s.opt.Store.List(kindRunning, time.Time{}) {
		data, ok, err := s.opt.Store.Get(kindResponse, id)
		var k kept
		var res map[string]json.RawMessage
		if ok && err == nil && json.Unmarshal(data, &k) == nil && json.Unmarshal(k.Response, &res) == nil {
			res["status"] = json.RawMessage(`"failed"`)
			res["error"] = json.RawMessage(`{"code":"server_error","message":"the server ended before the response did"}`)
			if k.Response, err = json.Marshal(res); err == nil {
				err = s.keep(id, &k, store.Record{Kind: kindRunning, ID: id})
			}
		} else if err == nil {
			err = s.opt.Store.Delete(kindRunning, id)
		}
		if err != nil {
			s.opt.Log.Error("an interrupted response could not be marked", "id", id, "error", err)
		}
	}
}

func (s *Server) cancelResponse(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	k, err := s.load(exchangeOf(r).key, id)
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	s.mu.Lock()
	j := s.jobs[id]
	s.mu.Unlock()
	if j != nil {
		j.cancel(errCancelled)
		select {
		case <-j.ended:
		case <-r.Context().Done():
		}
		if k, err = s.load(exchangeOf(r).key, id); err != nil {
			fail(w, r, failureOf(r.Context(), err))
			return
		}
	}
	var res struct {
		Background bool `json:"background"`
	}
	if json.Unmarshal(k.Response, &res) != nil || !res.Background {
		fail(w, r, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "response_id", "only responses that run in the background can be cancelled; leave the connection to end another"))
		return
	}
	reply(w, http.StatusOK, k.Response)
}
