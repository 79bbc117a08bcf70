package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"ossian/internal/egress"
	"ossian/internal/server"
)

// serverFlags name a running server.
type serverFlags struct {
	URL string `name:"url" default:"http://127.0.0.1:8080" env:"OSSIAN_URL" placeholder:"URL" help:"Where the server is (default: ${default}; $$OSSIAN_URL)."`
	Key string `env:"OSSIAN_API_KEY" placeholder:"KEY" help:"API key, if the server demands one ($$OSSIAN_API_KEY)."`
}

func (f *serverFlags) check() error {
	if !strings.HasPrefix(f.URL, "http://") && !strings.HasPrefix(f.URL, "https://") {
		return usage("--url %s is no address as http://127.0.0.1:8080", f.URL)
	}
	f.URL = strings.TrimSuffix(strings.TrimSuffix(f.URL, "/"), "/v1")
	return nil
}

// request makes one with the key.
func (f *serverFlags) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, f.URL+path, body)
	if err == nil && f.Key != "" {
		r.Header.Set("Authorization", "Bearer "+f.Key)
	}
	return r, err
}

type psCmd struct {
	serverFlags
	JSON bool `name:"json" help:"Print the server's own JSON object."`
}

func (psCmd) Help() string {
	return `Says what a running "ossian serve" does: its model, how many requests run and wait, how much memory their context takes, and what it has done so far.

Examples:

    ossian ps
    ossian ps --url https://llm.example.org --json`
}

func (c *psCmd) Validate() error { return c.check() }

func (c *psCmd) Run(ctx context.Context, sys *system) error {
	guard, err := sys.guard()
	if err != nil {
		return err
	}
	defer guard.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := c.request(ctx, http.MethodGet, "/status", nil)
	if err != nil {
		return err
	}
	res, err := guard.Client("ps", egress.Chosen).Do(r)
	if err != nil {
		return fmt.Errorf("no server answers: %w; ossian serve starts one, --url names another place", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers with status %d: %s", c.URL, res.StatusCode, told(body))
	}
	if c.JSON {
		_, err = fmt.Fprintln(sys.stdout, strings.TrimSpace(string(body)))
		return err
	}
	var s server.Status
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("%s is no ossian serve: %w", c.URL, err)
	}
	state := "ready"
	if !s.Ready {
		state = "not ready"
	}
	fmt.Fprintf(sys.stdout, "%s  %s, up %v, version %s\n", clean(strings.Join(s.Models, ", ")), state, (time.Duration(s.UptimeSeconds) * time.Second), clean(s.Version))
	fmt.Fprintf(sys.stdout, "requests: %d running, %d waiting\n", s.Running, s.Waiting)
	if s.KVLimit > 0 {
		fmt.Fprintf(sys.stdout, "context:  %d tokens; keys and values %s of %s\n", s.Context, inBytes(s.KVBytes), size(s.KVLimit))
	} else {
		fmt.Fprintf(sys.stdout, "context:  %d tokens; keys and values %s\n", s.Context, inBytes(s.KVBytes))
	}
	_, err = fmt.Fprintf(sys.stdout, "so far:   %d tokens of prompts, %d of them known from before; %d tokens written\n", s.PromptTokens, s.CachedTokens, s.Generated)
	return err
}

// told is the message of an error's body, as far as there is one.
func told(body []byte) string {
	var e struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &e); err != nil || e.Error.Message == "" {
		return clean(string(body[:min(len(body), 200)]))
	}
	return clean(e.Error.Message)
}
