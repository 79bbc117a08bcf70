package engine

import (
	"errors"
	"fmt"
	"time"

	"ossian/internal/sample"
)

// Request is one sequence to continue.
type Request struct {
	Prompt    []uint32
	MaxTokens int      // most tokens to generate; 0: until the context is full
	Stop      []uint32 // ids that end the sequence; they are generated and counted
	Sampling  sample.Params
	Mask      MaskSource // constrains the next token; nil: free
	NoDraft   bool       // step token by token, whatever Options.Draft allows
	Key       string     // whose request it is: keys are served alike, and in one key who came first
}

// MaskSource narrows what may come next, for example to a grammar. Its methods are called by the engine, one at a
// time, and may be some tokens ahead of what yield has seen: what a mask depends on comes from Accept alone.
type MaskSource interface {
	// Mask gives the ids allowed now. The engine reads it before the next Accept.
	Mask() sample.Mask
	// Accept tells which id was chosen.
	Accept(id uint32)
}

// Event is one piece of news of a running request.
type Event struct {
	// Prefill counts prompt tokens that the model has read, PromptTokens all of
	// them, Cached those that were known and did not have to be read. Such an event has no token.
	Prefill, PromptTokens, Cached int

	// Queue is the request's place among those that wait, from 1. Such an event, which comes when the
	// place changes, has no token and no Prefill.
	Queue int

	IsToken bool
	Token   sample.Token // valid until yield returns
	Index   int          // 0 for the first generated token
	Stop    bool         // the id is one of the request's stop ids
}

// Finish says why a sequence ended.
type Finish string

const (
	FinishStop      Finish = "stop"      // a stop id, or the consumer had enough
	FinishLength    Finish = "length"    // MaxTokens
	FinishContext   Finish = "context"   // the context is full
	FinishCancelled Finish = "cancelled" // the caller's context was cancelled
)

// Result is what a request came to. It is filled as far as the run got even when
// Generate returns an error.
type Result struct {
	Finish           Finish
	StopID           uint32   // the stop id, when HasStop
	HasStop          bool     // a stop id ended it
	Tokens           []uint32 // what was generated, the stop id included
	PromptTokens     int
	CompletionTokens int
	Prefix           Prefix
	Drafts           Drafts
	Timings          Timings
}

// Prefix says what of a prompt was known from earlier requests, and why not more was.
type Prefix struct {
	Cached  int    // tokens that did not have to be read
	Known   int    // tokens that stood here before in this order; more than Cached where layers with a window have forgotten them
	Differs bool   // where Known ends, an earlier request went on with another token
	Was     uint32 // that one; the prompt's own is Prompt[Known]
}

// Drafts counts guesses. They change how many steps the tokens take, never the tokens.
type Drafts struct {
	Steps    int // after the prompt's
	Drafted  int // tokens guessed ahead
	Accepted int // and right
}

// Timings of one request. Waiting for other requests counts in none of them but Wait.
type Timings struct {
	Wait       time.Duration // before the first step
	Prefill    time.Duration // reading the prompt
	Decode     time.Duration // everything after the prompt
	FirstToken time.Duration // from the call of Generate to the first token
}

// ErrEnough may be returned by a yield to end the sequence there, as a stop.
var ErrEnough = errors.New("engine: the consumer has enough")

// ContextError refuses a request that does not fit. Nothing was computed.
type ContextError struct {
	Prompt int // tokens of the prompt
	Asked  int // tokens to generate; 0: no figure was given
	Max    int // positions this engine gives a sequence
	Model  int // positions the model was made for
}

func (e *ContextError) Error() string {
	what := fmt.Sprintf("the prompt has %d tokens and %d more are asked for", e.Prompt, e.Asked)
	if e.Asked == 0 {
		what = fmt.Sprintf("the prompt has %d tokens, which leaves no room for an answer", e.Prompt)
	}
	return fmt.Sprintf("%s; the context holds %d (the model's own limit is %d)", what, e.Max, e.Model)
}

// BusyError refuses a request because too many wait already. Nothing was computed.
type BusyError struct {
	Waiting    int
	RetryAfter time.Duration // when a place may be free, by how long requests took of late
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%d requests are waiting already; try again in %d seconds", e.Waiting, int(e.RetryAfter.Round(time.Second).Seconds()))
}

// RequestError refuses a request that cannot be meant.
type RequestError struct{ Reason string }

func (e *RequestError) Error() string { return "generate: " + e.Reason }
