package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"ossian/internal/chat"
)

// stream writes server-sent events. The first one commits to status 200; until then an
// error can still have its own status. A client that takes longer than the write time
// for an event is cut off. Several goroutines may send.
type stream struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	limit time.Duration // for one event
	form  form

	mu      sync.Mutex
	begun   bool
	every   time.Duration
	err     error // the connection is broken
	buf     bytes.Buffer
	enc     *json.Encoder
	silence *time.Timer
}

// form is how events look on the wire.
type form uint8

const (
	eventStream form = iota // text/event-stream
	jsonLines               // application/x-ndjson
)

// errGone is a client that does not take what is sent.
var errGone = errors.New("server: the client is gone or too slow")

// newStream makes a stream that, once it has begun or has waited for the first time,
// gives a sign of life whenever it was silent for so long.
func newStream(w http.ResponseWriter, f form, limit, keepAlive time.Duration) *stream {
	s := &stream{w: w, rc: http.NewResponseController(w), limit: limit, form: f, every: keepAlive}
	s.enc = json.NewEncoder(&s.buf)
	s.enc.SetEscapeHTML(false)
	if f == eventStream { // lines of JSON have no comments
		s.silence = time.AfterFunc(keepAlive, s.alive)
	}
	return s
}

func (s *stream) alive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silence == nil { // it has ended
		return
	}
	s.buf.Reset()
	s.buf.WriteString(": still here\n\n")
	_ = s.send()
}

// waiting tells of what comes before the answer: from here on it is a stream. A place in
// the queue is a comment, which programs pass over and people can read.
func (s *stream) waiting(e chat.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
	if e.Kind == chat.Queued && s.form == eventStream {
		fmt.Fprintf(&s.buf, ": place %d in the queue\n\n", e.Place)
	} else if s.begun {
		return s.err
	}
	return s.send()
}

// event sends one event. A name is written only if there is one.
func (s *stream) event(name string, v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
	if s.form == eventStream {
		if name != "" {
			s.buf.WriteString("event: ")
			s.buf.WriteString(name)
			s.buf.WriteByte('\n')
		}
		s.buf.WriteString("data: ")
	}
	if err := s.enc.Encode(v); err != nil { // one line: JSON has no line breaks of its own
		return err
	}
	if s.form == eventStream {
		s.buf.WriteByte('\n')
	}
	return s.send()
}

// done sends the mark that ends a stream of Chat Completions.
func (s *stream) done() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
	s.buf.WriteString("data: [DONE]\n\n")
	return s.send()
}

// close ends the signs of life. Nothing may be sent afterwards.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silence != nil {
		s.silence.Stop()
		s.silence = nil
	}
	if s.begun && s.err == nil {
		_ = s.rc.SetWriteDeadline(time.Now().Add(s.limit)) // for what the server itself still writes
	}
}

// hasBegun reports whether the status is sent.
func (s *stream) hasBegun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// send writes what is in the buffer and sees that it leaves.
func (s *stream) send() error {
	if s.err != nil {
		return s.err
	}
	// A recorder in a test has no deadlines; a connection always has.
	_ = s.rc.SetWriteDeadline(time.Now().Add(s.limit))
	if !s.begun {
		s.begun = true
		h := s.w.Header()
		h.Set("Content-Type", "text/event-stream")
		if s.form == jsonLines {
			h.Set("Content-Type", "application/x-ndjson")
		}
		h.Set("X-Accel-Buffering", "no") // proxies shall pass events on at once
		s.w.WriteHeader(http.StatusOK)
	}
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		s.err = errors.Join(errGone, err)
	} else if err := s.rc.Flush(); err != nil {
		s.err = errors.Join(errGone, err)
	}
	if s.silence != nil {
		s.silence.Reset(s.every)
	}
	return s.err
}
