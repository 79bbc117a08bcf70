package server

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Server answers requests. Its Handler may be used without Serve, as tests do.
type Server struct {
	opt      Options
	model    atomic.Pointer[Model]
	draining atomic.Bool
	slots    chan struct{} // one for each request running or waiting
	meter    *meter
	shares   *shares
	started  time.Time

	base   context.Context // of all requests
	cancel context.CancelCauseFunc

	batches     context.Context // of all batches: it ends when the server begins to
	stopBatches context.CancelCauseFunc
	background  sync.WaitGroup // of responses and batches, which have no connection
	mu          sync.Mutex
	jobs        map[string]*job // those that run, by id
	forgot      time.Time       // when old records were last removed
}

// New makes a server that has no model yet: it is alive, but not ready.
func New(opt Options) *Server {
	opt = opt.withDefaults()
	s := &Server{opt: opt, slots: make(chan struct{}, opt.MaxRequests), meter: newMeter(), shares: newShares(opt.Now), started: opt.Now(), jobs: map[string]*job{}}
	s.base, s.cancel = context.WithCancelCause(context.Background())
	s.batches, s.stopBatches = context.WithCancelCause(s.base)
	if opt.Store != nil {
		s.interrupted()
	}
	return s
}

// SetModel makes the server ready.
func (s *Server) SetModel(m *Model) {
	if m.format = m.Chat.Format; m.format == nil {
		m.format = sync.OnceValues(m.newFormat)
	}
	s.model.Store(m)
	if s.opt.Store != nil {
		s.resumeBatches()
	}
}

// named reports whether a request may call the model so. Nothing at all means the one there is.
func (m *Model) named(name string) bool { return name == "" || slices.Contains(m.Names, name) }

// called is the name under which a request is answered: the one that it used.
func (m *Model) called(name string) (string, error) {
	if !m.named(name) {
		return "", noSuchModel(name, m.Names)
	}
	if name == "" {
		name = m.Names[0]
	}
	return name, nil
}

// Handler is the whole of what is served.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		h := r.handle
		if !r.open {
			h = s.keyed(h)
		}
		mux.HandleFunc(r.pattern, h)
	}
	return s.observed(s.guarded(mux))
}

// route is one thing that is served. An open one needs no key.
type route struct {
	pattern string
	open    bool
	handle  http.HandlerFunc
}

func (s *Server) routes() []route {
	return []route{
		{"GET /healthz", true, s.health},
		{"GET /readyz", true, s.ready},
		{"GET /metrics", false, s.metrics},
		{"GET /status", false, s.status},
		{"GET /v1/models", false, s.listModels},
		{"GET /v1/models/{id...}", false, s.getModel},
		{"POST /v1/chat/completions", false, s.chatCompletions},
		{"POST /v1/completions", false, s.completions},
		{"POST /v1/responses", false, s.createResponse},
		{"POST /v1/responses/input_tokens", false, s.countTokens},
		{"GET /v1/responses/{id}", false, s.getResponse},
		{"DELETE /v1/responses/{id}", false, s.deleteResponse},
		{"POST /v1/responses/{id}/cancel", false, s.cancelResponse},
		{"GET /v1/responses/{id}/input_items", false, s.inputItems},
		{"POST /v1/files", false, s.withStore(s.uploadFile)},
		{"GET /v1/files", false, s.withStore(s.listFiles)},
		{"GET /v1/files/{id}", false, s.withStore(s.getFile)},
		{"DELETE /v1/files/{id}", false, s.withStore(s.deleteFile)},
		{"GET /v1/files/{id}/content", false, s.withStore(s.fileContent)},
		{"POST /v1/batches", false, s.withStore(s.createBatch)},
		{"GET /v1/batches", false, s.withStore(s.listBatches)},
		{"GET /v1/batches/{id}", false, s.withStore(s.getBatch)},
		{"POST /v1/batches/{id}/cancel", false, s.withStore(s.cancelBatch)},
		{"POST /v1/messages", false, s.messages},
		{"POST /v1/messages/count_tokens", false, s.countMessages},
		{"GET /api/version", false, s.ollamaVersion},
		{"GET /api/tags", false, s.ollamaTags},
		{"GET /api/ps", false, s.ollamaRunning},
		{"POST /api/show", false, s.ollamaAbout(s.ollamaShow)},
		{"POST /api/pull", false, s.ollamaAbout(s.ollamaPull)},
		{"POST /api/chat", false, s.ollamaChat},
		{"POST /api/generate", false, s.ollamaGenerate},
		{"/", true, s.unknown},
	}
}

// unknown answers for what is not here. It says no more to those without a key.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if method != r.Method && s.serves(other) {
			w.Header().Set("Allow", method)
			fail(w, r, methodWrong(r.Method, r.URL.Path, method))
			return
		}
	}
	fail(w, r, noSuchPath(r.Method, r.URL.Path))
}

func (s *Server) serves(r *http.Request) bool {
	mux := http.NewServeMux()
	for _, route := range s.routes() {
		if route.pattern != "/" {
			mux.HandleFunc(route.pattern, route.handle)
		}
	}
	_, pattern := mux.Handler(r)
	return pattern != ""
}
