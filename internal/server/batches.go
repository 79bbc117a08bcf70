package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"ossian/internal/openai"
	"ossian/internal/store"
)

const kindBatch = "batch" // a keptBatch

// keptBatch is a batch as it is stored, and who may see it.
type keptBatch struct {
	Owner string       `json:"owner"`
	Batch openai.Batch `json:"batch"`
}

// The states of a batch beside those of responses.
const (
	batchValidating = "validating"
	batchFinalizing = "finalizing"
	batchCancelling = "cancelling"
	batchExpired    = "expired"
)

func (b *keptBatch) open() bool {
	switch b.Batch.Status {
	case batchValidating, openai.StatusInProgress, batchFinalizing, batchCancelling:
		return true
	}
	return false
}

func (s *Server) createBatch(w http.ResponseWriter, r *http.Request) {
	body, err := s.readAll(w, r)
	var req *openai.BatchRequest
	if err == nil {
		req, err = openai.ParseBatchRequest(body)
	}
	if err == nil && s.batchable(req.Endpoint) == nil {
		err = &openai.Error{Param: "endpoint", Code: openai.CodeUnsupported, Message: "use /v1/chat/completions, /v1/responses or /v1/completions"}
	}
	owner := exchangeOf(r).key
	if err == nil {
		_, err = s.file(owner, req.InputFileID)
	}
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	now := s.opt.Now()
	b := &keptBatch{Owner: owner, Batch: openai.Batch{ID: "batch_" + s.opt.NewID(), Object: "batch", Endpoint: req.Endpoint, InputFileID: req.InputFileID,
		CompletionWindow: req.CompletionWindow, Status: batchValidating, CreatedAt: now.Unix(), ExpiresAt: now.Add(24 * time.Hour).Unix(), Metadata: req.Metadata}}
	if err := s.keepBatch(b); err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	answer := b.Batch
	s.startBatch(b)
	_ = replyJSON(w, answer)
}

func (s *Server) keepBatch(b *keptBatch, more ...store.Record) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return s.opt.Store.Put(append(more, store.Record{Kind: kindBatch, ID: b.Batch.ID, Data: data})...)
}

// batch finds a batch that a key may see.
func (s *Server) batch(owner, id string) (*keptBatch, error) {
	b := &keptBatch{}
	data, ok, err := s.opt.Store.Get(kindBatch, id)
	if err == nil && ok {
		err = json.Unmarshal(data, b)
	}
	if err == nil && (!ok || b.Owner != owner) {
		err = failed(http.StatusNotFound, openai.TypeRequest, "not_found", "batch_id", "there is no batch %q here", id)
	}
	return b, err
}

func (s *Server) getBatch(w http.ResponseWriter, r *http.Request) {
	b, err := s.batch(exchangeOf(r).key, r.PathValue("id"))
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, b.Batch)
}

func (s *Server) listBatches(w http.ResponseWriter, r *http.Request) {
	owner := exchangeOf(r).key
	var all []openai.Batch
	for _, id := range s.opt.Store.List(kindBatch, time.Time{}) {
		if b, err := s.batch(owner, id); err == nil {
			all = append(all, b.Batch)
		}
	}
	page, err := pageOf(all, r, func(b openai.Batch) string { return b.ID })
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, page)
}

// cancelBatch ends a batch; what was answered until then is kept.
func (s *Server) cancelBatch(w http.ResponseWriter, r *http.Request) {
	b, err := s.batch(exchangeOf(r).key, r.PathValue("id"))
	if err == nil && !b.open() {
		err = failed(http.StatusConflict, openai.TypeRequest, openai.CodeValue, "batch_id", "the batch has ended: it is %s", b.Batch.Status)
	}
	if err == nil {
		s.mu.Lock()
		j := s.jobs[b.Batch.ID]
		s.mu.Unlock()
		if j != nil {
			j.cancel(errCancelled)
			select {
			case <-j.ended:
			case <-r.Context().Done():
			}
		}
		b, err = s.batch(exchangeOf(r).key, b.Batch.ID)
	}
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, b.Batch)
}

// batchable is the handler of an endpoint whose requests may come in batches.
func (s *Server) batchable(endpoint string) http.HandlerFunc {
	switch endpoint {
	case "/v1/chat/completions":
		return s.chatCompletions
	case "/v1/responses":
		return s.createResponse
	case "/v1/completions":
		return s.completions
	}
	return nil
}

// startBatch lets a batch run until it ends, is cancelled, or the server shall end; then
// it goes on when the next one begins.
func (s *Server) startBatch(b *keptBatch) {
	ctx, cancel := context.WithCancelCause(s.batches)
	j := &job{cancel: cancel, ended: make(chan struct{})}
	s.mu.Lock()
	s.jobs[b.Batch.ID] = j
	s.mu.Unlock()
	s.background.Go(func() {
		if err := s.runBatch(ctx, b); err != nil {
			s.opt.Log.Error("a batch stopped; it goes on when the server is started again", "id", b.Batch.ID, "error", err)
		}
		cancel(nil)
		s.mu.Lock()
		delete(s.jobs, b.Batch.ID)
		s.mu.Unlock()
		close(j.ended)
	})
}

// resumeBatches goes on with what had not ended when the process last did.
func (s *Server) resumeBatches() {
	for _, id := range s.opt.Store.List(kindBatch, time.Time{}) {
		var b keptBatch
		if data, ok, err := s.opt.Store.Get(kindBatch, id); err == nil && ok && json.Unmarshal(data, &b) == nil && b.open() {
			s.startBatch(&b)
		}
	}
}
