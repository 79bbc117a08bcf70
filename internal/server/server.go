package server

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ossian/internal/openai"
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
	about   string
	fields  []string // of the request, where it is an object of the API
}

func (s *Server) routes() []route {
	return []route{
		{"GET /healthz", true, s.health, "Says that the process lives.", nil},
		{"GET /readyz", true, s.ready, "Says whether a request would be answered now.", nil},
		{"GET /metrics", false, s.metrics, "Counts in the text format of Prometheus.", nil},
		{"GET /status", false, s.status, "What the server does, as ossian ps shows it.", nil},
		{"GET /openapi.json", false, s.describe, "This description.", nil},
		{"GET /v1/models", false, s.listModels, "Lists the model that is served, under all its names.", nil},
		{"GET /v1/models/{id...}", false, s.getModel, "Describes the model.", nil},
		{"POST /v1/chat/completions", false, s.chatCompletions, "Answers a conversation.", openai.ChatFields()},
		{"POST /v1/completions", false, s.completions, "Continues prompts as they stand.", openai.CompletionFields()},
		{"POST /v1/responses", false, s.createResponse, "Answers, with items in and out.", openai.ResponseFields()},
		{"POST /v1/responses/input_tokens", false, s.countTokens, "Counts the tokens of a request's prompt.", openai.ResponseFields()},
		{"GET /v1/responses/{id}", false, s.getResponse, "Gives a stored response.", nil},
		{"DELETE /v1/responses/{id}", false, s.deleteResponse, "Deletes a stored response.", nil},
		{"POST /v1/responses/{id}/cancel", false, s.cancelResponse, "Ends a response that runs in the background.", nil},
		{"GET /v1/responses/{id}/input_items", false, s.inputItems, "Lists what the model was shown.", nil},
		{"POST /v1/files", false, s.withStore(s.uploadFile), "Takes a file.", nil},
		{"GET /v1/files", false, s.withStore(s.listFiles), "Lists files.", nil},
		{"GET /v1/files/{id}", false, s.withStore(s.getFile), "Describes a file.", nil},
		{"DELETE /v1/files/{id}", false, s.withStore(s.deleteFile), "Deletes a file.", nil},
		{"GET /v1/files/{id}/content", false, s.withStore(s.fileContent), "Gives a file's content.", nil},
		{"POST /v1/batches", false, s.withStore(s.createBatch), "Begins a batch of requests.", nil},
		{"GET /v1/batches", false, s.withStore(s.listBatches), "Lists batches.", nil},
		{"GET /v1/batches/{id}", false, s.withStore(s.getBatch), "Says how far a batch is.", nil},
		{"POST /v1/batches/{id}/cancel", false, s.withStore(s.cancelBatch), "Ends a batch.", nil},
		{"POST /v1/messages", false, s.messages, "Anthropic's Messages.", nil},
		{"POST /v1/messages/count_tokens", false, s.countMessages, "Counts the tokens of a request's prompt.", nil},
		{"GET /api/version", false, s.ollamaVersion, "Ollama: the version of its API.", nil},
		{"GET /api/tags", false, s.ollamaTags, "Ollama: the models that are here.", nil},
		{"GET /api/ps", false, s.ollamaRunning, "Ollama: the models that run.", nil},
		{"POST /api/show", false, s.ollamaAbout(s.ollamaShow), "Ollama: describes a model.", nil},
		{"POST /api/pull", false, s.ollamaAbout(s.ollamaPull), "Ollama: fetches nothing; the model is here, or there is none.", nil},
		{"POST /api/chat", false, s.ollamaChat, "Ollama: answers a conversation.", nil},
		{"POST /api/generate", false, s.ollamaGenerate, "Ollama: answers a prompt.", nil},
		{"/", true, s.unknown, "", nil},
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
