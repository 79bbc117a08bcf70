package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"ossian/internal/keys"
	"ossian/internal/server"
	"ossian/internal/store"
)

type serveCmd struct {
	loadFlags
	Addr        string        `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to listen (default: ${default}). Beyond this machine only with API keys."`
	Name        []string      `placeholder:"NAME" help:"Another name by which requests may ask for the model; may be repeated."`
	Host        []string      `placeholder:"NAME" help:"A name, beside localhost and plain addresses, by which clients may call this server; may be repeated."`
	Origin      []string      `placeholder:"URL" help:"A web origin whose pages may use this server, as https://chat.example.org; may be repeated."`
	RequireKey  bool          `help:"Demand an API key also from this machine."`
	TLSCert     string        `name:"tls-cert" placeholder:"FILE" help:"Serve HTTPS with this certificate (PEM, with its chain)."`
	TLSKey      string        `name:"tls-key" placeholder:"FILE" help:"The certificate's private key."`
	MaxRequests int           `default:"256" placeholder:"N" help:"Most requests that run or wait (default: ${default}); further ones get status 503."`
	MaxBody     int64         `default:"33554432" placeholder:"BYTES" help:"Most bytes of a request (default: ${default})."`
	RequestTime time.Duration `default:"1h" placeholder:"TIME" help:"Longest time for one answer (default: ${default})."`
	DrainTime   time.Duration `default:"30s" placeholder:"TIME" help:"How long running answers may go on when the server is told to end (default: ${default})."`
	Store       bool          `negatable:"" default:"true" help:"Keep responses on the disk for clients that ask for it, as the API does unless told store: false (default: yes)."`
	StoreTime   time.Duration `default:"720h" placeholder:"TIME" help:"How long they are kept (default: 30 days)."`
	StoreFile   string        `placeholder:"FILE" help:"Where they are kept (default: ~/.ossian/store.log)."`
	PromptFile  string        `placeholder:"FILE" help:"Keep here what was read of prompts, so that after a restart conversations go on without reading them again. It can be read back to what they said: keep it where only you can."`
	PromptBytes int64         `default:"4294967296" placeholder:"BYTES" help:"Most bytes of that (default: ${default})."`
	Date        bool          `negatable:"" default:"true" help:"Tell the model today's date (default: yes)."`
	Log         string        `enum:"text,json,none" default:"text" help:"Log of requests on standard error, without a word of what they say: ${enum} (default: ${default})."`
	Config      string        `type:"path" placeholder:"FILE" help:"Read settings from it: lines \"name = value\" with the names of these flags (default: ~/.ossian/serve.conf, if it is there)."`
	PrintConfig bool          `help:"Print the settings in force, as such a file, and end."`
	Verbose     bool          `short:"v" help:"Log probes and broken connections too."`
}

func (serveCmd) Help() string {
	return `Answers OpenAI's API at http://127.0.0.1:8080/v1 until Ctrl-C or SIGTERM; then running answers are finished first. Pages in browsers cannot use it unless --origin names them. To serve other machines, make a key with "ossian keys create" and give --addr.

Every flag can also be set in the environment, --max-body as OSSIAN_SERVE_MAX_BODY, and in a configuration file; the command line goes first, then the environment.

/healthz says that it lives, /readyz whether the model is loaded, /metrics counts (Prometheus).

Examples:

    ossian serve
    ossian serve -m ~/models/gpt-oss-20b --context 65536 --prompt-file ~/.ossian/prompts
    ossian serve --print-config > ~/.ossian/serve.conf
    ossian serve --addr 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --host llm.example.org
    curl http://127.0.0.1:8080/v1/chat/completions -d '{"messages": [{"role": "user", "content": "What is 17 + 25?"}]}'`
}

func (c *serveCmd) Validate() error {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return usage("--tls-cert and --tls-key go together")
	case c.MaxRequests < 1 || c.MaxBody < 1 || c.RequestTime <= 0 || c.DrainTime <= 0 || c.StoreTime <= 0:
		return usage("--max-requests, --max-body and all times are above 0")
	}
	for _, o := range c.Origin {
		if !strings.Contains(o, "://") || strings.HasSuffix(o, "/") {
			return usage("--origin %s is no origin; write it as https://chat.example.org, without a path", o)
		}
	}
	return c.loadFlags.check()
}

func (c *serveCmd) Run(ctx context.Context, sys *system, line *kong.Context) error {
	if c.PrintConfig {
		return printSettings(line, sys.stdout)
	}
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	certs, err := c.certificates()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("%w; choose another place with --addr", err)
	}
	defer l.Close()
	opt := c.options(sys)
	if opt.Keys, err = c.keys(sys, l.Addr()); err != nil {
		return err
	}
	held, err := c.store(sys)
	if err != nil {
		return err
	}
	if held != nil {
		defer held.Close()
		opt.Store = held
	}
	s := server.New(opt)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, certs) }()

	// The door is open while the model loads: whoever asks is told so.
	m, err := sys.model(ctx, &c.loadFlags)
	if err != nil {
		cancel()
		<-ended
		return err
	}
	defer m.close()
	c.restore(sys, m)
	s.SetModel(c.served(m, sys.now()))
	if !c.Quiet {
		fmt.Fprintf(sys.stderr, "ossian: %s answers at %s/v1; Ctrl-C ends it\n", m.name, address(l.Addr(), certs != nil))
	}
	err = <-ended
	c.save(sys, m)
	return err
}

func (c *serveCmd) options(sys *system) server.Options {
	opt := server.Options{
		Hosts: c.Host, Origins: c.Origin, MaxBody: c.MaxBody, MaxRequests: c.MaxRequests,
		RequestTime: c.RequestTime, DrainTime: c.DrainTime, KeepTime: c.StoreTime, Seed: sys.seed, Now: sys.now, Version: newVersionInfo().Version,
	}
	if c.Date {
		opt.Date = sys.today
	}
	level := slog.LevelInfo
	if c.Verbose {
		level = slog.LevelDebug
	}
	switch how := (&slog.HandlerOptions{Level: level}); c.Log {
	case "text":
		opt.Log = slog.New(slog.NewTextHandler(sys.stderr, how))
	case "json":
		opt.Log = slog.New(slog.NewJSONHandler(sys.stderr, how))
	}
	return opt
}

// store opens the file of what clients ask to be kept; nil if nothing shall be.
func (c *serveCmd) store(sys *system) (*store.Store, error) {
	if !c.Store {
		return nil, nil
	}
	path := c.StoreFile
	if path == "" {
		dir, err := sys.ossianHome()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(dir, "store.log")
	}
	s, err := store.Open(path, sys.now)
	if err != nil {
		return nil, fmt.Errorf("stored responses: %w (--store-file, --no-store)", err)
	}
	if n := s.Damaged(); n > 0 {
		fmt.Fprintf(sys.stderr, "ossian: %d records of %s are damaged and cannot be read; the others are there\n", n, path)
	}
	return s, nil
}

// keys is nil where nobody needs one: on this machine, unless they are demanded.
func (c *serveCmd) keys(sys *system, at net.Addr) (*keys.File, error) {
	tcp, ok := at.(*net.TCPAddr)
	if local := ok && tcp.IP.IsLoopback(); local && !c.RequireKey {
		return nil, nil
	}
	file, err := sys.keys()
	if err != nil {
		return nil, err
	}
	any, err := file.Any()
	if err != nil {
		return nil, err
	}
	if !any {
		return nil, fmt.Errorf("whoever reaches %s could use the model, so API keys are demanded there, and there is none; make one: ossian keys create NAME", at)
	}
	return file, nil
}

// keys is the file of API keys.
func (s *system) keys() (*keys.File, error) {
	dir, err := s.ossianHome()
	return keys.Open(filepath.Join(dir, "keys.json"), s.now), err
}

func (c *serveCmd) certificates() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// address is how a client on this machine reaches the server.
func address(at net.Addr, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("%s://localhost:%d", scheme, tcp.Port)
	}
	return scheme + "://" + at.String()
}

// served is the model as the server needs it.
func (c *serveCmd) served(m *loaded, now time.Time) *server.Model {
	bytes := int64(0)
	if m.fsys != nil {
		_, bytes = weightFiles(m.fsys)
	}
	count, _ := m.backend.Config().Parameters()
	return &server.Model{
		Names: modelNames(m, c.Name), Chat: &m.chat, Sampling: m.gen.sampling, Tokens: m.tok, Created: now,
		Parameters: fmt.Sprintf("%.1fB", float64(count)/1e9), Bytes: bytes,
	}
}

// modelNames are what a model is asked for by: its own name, the names under which other
// programs know the published ones, and those that were given.
func modelNames(m *loaded, more []string) []string {
	names := []string{m.name}
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if name := m.backend.Config().Name(); name != "" {
		add(name)
		add("openai/" + name)
		add(strings.Replace(name, "gpt-oss-", "gpt-oss:", 1)) // as Ollama and its clients call it
	}
	for _, n := range more {
		add(n)
	}
	return names
}
