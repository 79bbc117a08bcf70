package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"ossian/internal/harmony"
	"ossian/internal/openai"
)

func (s *Server) getResponse(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("stream") == "true" {
		fail(w, r, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeUnsupported, "stream", "a stored response cannot be streamed; leave stream out"))
		return
	}
	k, err := s.load(exchangeOf(r).key, r.PathValue("id"))
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	reply(w, http.StatusOK, k.Response)
}

func (s *Server) deleteResponse(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	k, err := s.load(exchangeOf(r).key, id)
	if err == nil {
		s.mu.Lock()
		j := s.jobs[id]
		s.mu.Unlock()
		if j != nil { // or it would be stored again when it ends
			j.cancel(errCancelled)
			<-j.ended
		}
		err = s.forget(id, k)
	}
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, map[string]any{"id": id, "object": "response", "deleted": true})
}

// inputItems lists what the model was shown, earlier turns included.
func (s *Server) inputItems(w http.ResponseWriter, r *http.Request) {
	owner := exchangeOf(r).key
	k, err := s.load(owner, r.PathValue("id"))
	var items []json.RawMessage
	if err == nil {
		if items, _, err = s.chain(owner, k.Previous); err == nil {
			items = append(items, k.Input...)
		}
	}
	if err == nil {
		var page openai.List[json.RawMessage]
		if page, err = pageOf(items, r, openai.ItemID); err == nil {
			_ = replyJSON(w, page)
			return
		}
	}
	fail(w, r, failureOf(r.Context(), err))
}

// pageOf cuts a list, oldest first, as limit, order and after want it.
func pageOf[T any](all []T, r *http.Request, id func(T) string) (page openai.List[T], err error) {
	q := r.URL.Query()
	limit := 20
	if text := q.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			return page, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "limit", "%q is not a number from 1 to 100", text)
		}
	}
	all = slices.Clone(all)
	switch q.Get("order") {
	case "", "desc":
		slices.Reverse(all)
	case "asc":
	default:
		return page, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "order", "%q is no order; use asc or desc", q.Get("order"))
	}
	if after := q.Get("after"); after != "" {
		at := slices.IndexFunc(all, func(v T) bool { return id(v) == after })
		if at < 0 {
			return page, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "after", "%q is not in the list", after)
		}
		all = all[at+1:]
	}
	page = openai.List[T]{Object: "list", Data: []T{}, HasMore: len(all) > limit}
	page.Data = append(page.Data, all[:min(limit, len(all))]...)
	if n := len(page.Data); n > 0 {
		first, last := id(page.Data[0]), id(page.Data[n-1])
		page.FirstID, page.LastID = &first, &last
	}
	return page, nil
}

// countTokens says how long the prompt of a request would be.
func (s *Server) countTokens(w http.ResponseWriter, r *http.Request) {
	s.work(w, r, func(ctx context.Context, m *Model, body []byte) error {
		req, err := openai.ParseResponseRequest(body)
		if err != nil {
			return err
		}
		c, err := s.response(exchangeOf(r), m, req)
		if err != nil {
			return err
		}
		prompt, err := m.Chat.Prompt(c.conv, harmony.DropCookbook)
		if err != nil {
			return err
		}
		return replyJSON(w, map[string]any{"object": "response.input_tokens", "input_tokens": len(prompt)})
	})
}
