package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Options of a run.
type Options struct {
	Client *http.Client
	URL    string // of the server, without /v1
	Key    string
	Model  string // "": the one that is served

	Clients   int
	Requests  int           // of each client; 0: until Time is up
	Time      time.Duration // 0: until all Requests are done
	Prompts   []int         // lengths in words, taken in turn
	MaxTokens int
	Shared    int // words that all prompts begin with
	Leave     int // every so many requests a client leaves after the first word; 0: none does
	Seed      uint64
	Progress  func(done int)
	Now       func() time.Time
}

// Sample is what one request came to.
type Sample struct {
	Prompt   int           // words asked for
	First    time.Duration // until the first word
	Gaps     []time.Duration
	Total    time.Duration
	Tokens   int // written
	Read     int // tokens of the prompt
	Cached   int // of them
	Left     bool
	Err      error
	finished time.Time
}

// Run lets the clients ask. Its error is ctx's, if that ended it; requests that fail are samples.
func Run(ctx context.Context, opt Options) (*Result, error) {
	if opt.Clients < 1 || opt.Requests < 0 || opt.Requests == 0 && opt.Time <= 0 || len(opt.Prompts) == 0 {
		return nil, errors.New("load: clients, an end and prompts are needed")
	}
	began := opt.Now()
	within := ctx
	if opt.Time > 0 {
		var stop context.CancelFunc
		within, stop = context.WithTimeout(ctx, opt.Time)
		defer stop()
	}
	var mu sync.Mutex
	var all []Sample
	var clients sync.WaitGroup
	for c := range opt.Clients {
		clients.Go(func() {
			for n := 0; (opt.Requests == 0 || n < opt.Requests) && within.Err() == nil; n++ {
				// What is begun is finished, so that the end of the time cuts no sample.
				s := opt.ask(ctx, c, n)
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				all = append(all, s)
				done := len(all)
				mu.Unlock()
				if opt.Progress != nil {
					opt.Progress(done)
				}
				if s.Err != nil { // a server that refuses must not be hammered
					select {
					case <-time.After(200 * time.Millisecond):
					case <-within.Done():
					}
				}
			}
		})
	}
	clients.Wait()
	return summarize(all, opt.Now().Sub(began)), ctx.Err()
}

// prompt is text of so many words that no other request has, behind what all have.
func (o *Options) prompt(client, n, words int) string {
	text := make([]byte, 0, 6*words)
	for i := range o.Shared {
		text = append(text, word(uint64(i)*2654435761+1)...)
	}
	x := o.Seed ^ uint64(client)<<40 ^ uint64(n)<<20 ^ 0x9e3779b97f4a7c15
	for range max(words-o.Shared, 1) {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		text = append(text, word(x)...)
	}
	return string(text)
}

// word is one of a few common words, each a token.
func word(x uint64) string {
	words := [...]string{"time ", "year ", "people ", "way ", "day ", "man ", "thing ", "woman ", "life ", "child ", "world ", "school ",
		"state ", "family ", "student ", "group ", "country ", "problem ", "hand ", "part ", "place ", "case ", "week ", "company "}
	return words[x>>33%uint64(len(words))]
}

// StatusError is a request that the server refused.
type StatusError struct {
	Status int
	Code   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d %s", e.Status, e.Code) }
