package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"ossian/internal/openai"
	"ossian/internal/store"
)

// kindLine is the answer to one request of a batch, by batch and line, until the batch ends.
const kindLine = "line"

// batchWidth is how many requests of a batch run at once: enough to fill a step, and not
// so many that others wait.
const batchWidth = 4

func lineID(batch string, i int) string { return fmt.Sprintf("%s/%06d", batch, i) }

// runBatch answers what has no answer yet. An answer is on the disk before the next
// request is begun in its place, so a crash repeats at most those that ran.
func (s *Server) runBatch(ctx context.Context, b *keptBatch) error {
	now := func() *int64 { t := s.opt.Now().Unix(); return &t }
	content, err := s.content(b.Batch.InputFileID)
	var lines []openai.BatchLine
	var wrong []openai.BatchError
	if err == nil {
		lines, wrong = openai.ParseBatchLines(content, b.Batch.Endpoint)
	} else {
		wrong = []openai.BatchError{{Code: "file_not_found", Message: err.Error()}}
	}
	if len(wrong) > 0 {
		b.Batch.Status, b.Batch.FailedAt, b.Batch.Errors = openai.StatusFailed, now(), &openai.BatchErrors{Object: "list", Data: wrong}
		return s.keepBatch(b)
	}
	if b.Batch.Status == batchValidating {
		b.Batch.Status, b.Batch.InProgressAt = openai.StatusInProgress, now()
	}
	b.Batch.Counts = openai.BatchCounts{Total: len(lines)}
	var todo []int
	for i := range lines {
		if ok, err := s.counted(b, i); err != nil {
			return err
		} else if !ok {
			todo = append(todo, i)
		}
	}
	if err := s.keepBatch(b); err != nil {
		return err
	}
	if err := s.answerLines(ctx, b, lines, todo); err != nil {
		return err
	}
	b.Batch.Status = openai.StatusCompleted
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errCancelled):
		b.Batch.Status = openai.StatusCancelled
		b.Batch.CancellingAt, b.Batch.CancelledAt = now(), now()
	case cause != nil:
		return nil // the server ends; the batch goes on with the next one
	case s.opt.Now().Unix() > b.Batch.ExpiresAt && b.Batch.Counts.Completed+b.Batch.Counts.Failed < len(lines):
		b.Batch.Status, b.Batch.ExpiredAt = batchExpired, now()
	default:
		b.Batch.FinalizingAt, b.Batch.CompletedAt = now(), now()
	}
	return s.finishBatch(b, len(lines))
}

// counted counts an answer that is there.
func (s *Server) counted(b *keptBatch, i int) (bool, error) {
	data, ok, err := s.opt.Store.Get(kindLine, lineID(b.Batch.ID, i))
	var out openai.BatchOutput
	if err == nil && ok {
		err = json.Unmarshal(data, &out)
	}
	if !ok || err != nil {
		return false, err
	}
	b.count(out)
	return true, nil
}

func (b *keptBatch) count(out openai.BatchOutput) {
	if out.Response != nil && out.Response.StatusCode == http.StatusOK {
		b.Batch.Counts.Completed++
	} else {
		b.Batch.Counts.Failed++
	}
}

// answerLines runs requests until all are answered or ctx ends.
func (s *Server) answerLines(ctx context.Context, b *keptBatch, lines []openai.BatchLine, todo []int) error {
	handle := s.batchable(b.Batch.Endpoint)
	next := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range min(batchWidth, len(todo)) {
		workers.Go(func() {
			for i := range next {
				out, ok := s.answerLine(ctx, b.Owner, handle, lines[i])
				if !ok {
					continue // it was cut off and has no answer
				}
				data, err := json.Marshal(out)
				mu.Lock()
				b.count(out)
				if err == nil {
					err = s.keepBatch(b, store.Record{Kind: kindLine, ID: lineID(b.Batch.ID, i), Data: data})
				}
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	for _, i := range todo {
		mu.Lock()
		broken := failed != nil
		mu.Unlock()
		if broken || s.opt.Now().Unix() > b.Batch.ExpiresAt {
			break
		}
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	workers.Wait()
	return failed
}

// answerLine runs one request as if it had come by itself. ok is false if ctx ended before its answer.
func (s *Server) answerLine(ctx context.Context, owner string, handle http.HandlerFunc, l openai.BatchLine) (out openai.BatchOutput, ok bool) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		x := &exchange{id: "req_" + s.opt.NewID(), key: owner}
		r, err := http.NewRequestWithContext(context.WithValue(ctx, exchangeKey{}, x), http.MethodPost, l.URL, bytes.NewReader(l.Body))
		if err != nil {
			return openai.BatchOutput{CustomID: l.CustomID, Error: map[string]string{"code": "invalid_url", "message": err.Error()}}, true
		}
		a := &answer{head: http.Header{}}
		handle(&watched{ResponseWriter: a, x: x, limit: s.opt.WriteTime}, r)
		if ctx.Err() != nil {
			return out, false
		}
		if x.status != http.StatusServiceUnavailable && x.status != http.StatusTooManyRequests {
			body := json.RawMessage(bytes.TrimSpace(a.body.Bytes()))
			return openai.BatchOutput{ID: "batch_req_" + s.opt.NewID(), CustomID: l.CustomID,
				Response: &openai.BatchResponse{StatusCode: x.status, RequestID: x.id, Body: body}}, true
		}
		select { // there is no room now; a batch has time
		case <-time.After(wait):
		case <-ctx.Done():
			return out, false
		}
	}
}

// answer keeps what a handler answers.
type answer struct {
	head http.Header
	body bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.head }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answer) WriteHeader(int)             {}

// finishBatch makes files of the answers, in the order of the requests, and ends the batch.
func (s *Server) finishBatch(b *keptBatch, lines int) error {
	var good, bad bytes.Buffer
	var gone []store.Record
	for i := range lines {
		data, ok, err := s.opt.Store.Get(kindLine, lineID(b.Batch.ID, i))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		gone = append(gone, store.Record{Kind: kindLine, ID: lineID(b.Batch.ID, i)})
		var out openai.BatchOutput
		if err := json.Unmarshal(data, &out); err != nil {
			return err
		}
		to := &good
		if out.Response == nil || out.Response.StatusCode != http.StatusOK {
			to = &bad
		}
		to.Write(data)
		to.WriteByte('\n')
	}
	for _, f := range []struct {
		content *bytes.Buffer
		id      **string
		name    string
	}{{&good, &b.Batch.OutputFileID, "_output.jsonl"}, {&bad, &b.Batch.ErrorFileID, "_error.jsonl"}} {
		if f.content.Len() == 0 {
			continue
		}
		kept, err := s.keepFile(b.Owner, openai.File{Filename: b.Batch.ID + f.name, Purpose: "batch_output", CreatedAt: s.opt.Now().Unix()}, f.content.Bytes())
		if err != nil {
			return err
		}
		*f.id = &kept.ID
	}
	return s.keepBatch(b, gone...)
}
