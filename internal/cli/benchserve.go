package cli

import (
	"context"
	"fmt"
	"time"

	"ossian/internal/egress"
	"ossian/internal/load"
)

// benchServeCmd is typed as "ossian bench serve".
type benchServeCmd struct {
	serverFlags
	Model     string        `short:"m" placeholder:"NAME" help:"The model to ask for (default: the one that is served)."`
	Clients   int           `default:"4" placeholder:"N" help:"How many ask at once (default: ${default})."`
	Requests  int           `placeholder:"N" help:"Requests of each client (default: 4, or no end with --time)."`
	Time      time.Duration `placeholder:"TIME" help:"For how long new requests are begun."`
	Prompt    []int         `default:"32,256" placeholder:"N,..." help:"Lengths of prompts in words, taken in turn (default: ${default})."`
	Shared    int           `placeholder:"N" help:"How many words all prompts begin with (default: 0)."`
	MaxTokens int           `default:"64" placeholder:"N" help:"Most tokens of an answer (default: ${default})."`
	Leave     int           `placeholder:"N" help:"Every Nth request is left after its first word (default: none)."`
	Seed      uint64        `placeholder:"N" help:"Same seed, same prompts (default: 0)."`
	Quiet     bool          `short:"q" help:"No progress messages."`
}

func (benchServeCmd) Help() string {
	return `Lets many clients ask a running server at once and prints what they saw: how long until the first word, from word to word, until the end, and how many tokens a second came together. A failed request makes the exit code 1.

Examples:

    ossian bench serve
    ossian bench serve --clients 32 --time 10m --prompt 16,200,2000 --leave 10
    ossian bench serve --url https://llm.example.org --clients 8 --requests 20`
}

func (c *benchServeCmd) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	for _, n := range append([]int{c.Clients, c.MaxTokens}, c.Prompt...) {
		if n < 1 || n > 1<<20 {
			return usage("--clients, --max-tokens and --prompt are counts from 1 up")
		}
	}
	if c.Requests < 0 || c.Time < 0 || c.Shared < 0 || c.Leave < 0 {
		return usage("counts and times are from 0 up")
	}
	return nil
}

func (c *benchServeCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	guard, err := sys.guard()
	if err != nil {
		return err
	}
	defer guard.Close()
	requests := c.Requests
	if requests == 0 && c.Time == 0 {
		requests = 4
	}
	p := sys.progress("asking "+c.URL, c.Quiet)
	p.unit = func(n int64) string { return fmt.Sprint(n) }
	r, err := load.Run(ctx, load.Options{Client: guard.Client("bench", egress.Chosen), URL: c.URL, Key: c.Key, Model: c.Model, Clients: c.Clients,
		Requests: requests, Time: c.Time, Prompts: c.Prompt, Shared: c.Shared, MaxTokens: c.MaxTokens, Leave: c.Leave, Seed: c.Seed, Now: sys.now,
		Progress: func(done int) { p.update(int64(done), int64(requests*c.Clients)) }})
	p.done()
	if r != nil {
		if err := r.Write(sys.stdout); err != nil {
			return err
		}
	}
	if err == nil && r.Failed > 0 {
		return fmt.Errorf("%d of %d requests failed", r.Failed, r.Requests)
	}
	return err
}
