package sample

import (
	"fmt"
	"math"
)

// Params says how to choose. The zero value is greedy decoding without changes.
type Params struct {
	Temperature float64 // 0: the largest logit, lowest id on ties
	TopK        int     // keep the k likeliest; 0: all
	TopP        float64 // keep the smallest likeliest set of at least this mass; 0 or 1: all
	MinP        float64 // keep what has at least this share of the likeliest's probability; 0: all

	RepeatPenalty float64 // divides positive, multiplies negative logits of ids seen in prompt or output; 0 or 1: off
	Frequency     float64 // subtracted once per occurrence in the output
	Presence      float64 // subtracted once when in the output

	Bias     map[uint32]float32 // added to the logit; -Inf forbids
	Seed     uint64
	Logprobs int // how many of the likeliest to report, with the chosen one's log-probability; 0: neither
}

// MaxLogprobs is the most alternatives a token may carry.
const MaxLogprobs = 100

// Token is one choice.
type Token struct {
	ID uint32
	// Logprob is the natural log of the chosen id's probability in the model's
	// own distribution, before penalties, bias, masks and temperature.
	Logprob float32
	// Top holds the likeliest ids of that distribution, best first, lowest id on
	// ties. It is reused by the next Sample.
	Top []TokenProb
}

// TokenProb is an id and its log-probability.
type TokenProb struct {
	ID      uint32
	Logprob float32
}

// Error says why no token could be chosen, or why the parameters make no sense.
type Error struct {
	Position int // tokens drawn before; -1: the parameters
	Reason   string
}

func (e *Error) Error() string {
	if e.Position < 0 {
		return "sampling: " + e.Reason
	}
	return fmt.Sprintf("sampling token %d: %s", e.Position, e.Reason)
}

func refuse(format string, args ...any) error {
	return &Error{Position: -1, Reason: fmt.Sprintf(format, args...)}
}

// Check refuses what cannot be meant. The bounds are wide: narrower rules belong to an API.
func (p *Params) Check(vocab int) error {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	switch {
	case vocab <= 0 || vocab > math.MaxInt32:
		return refuse("a vocabulary of %d ids", vocab)
	case !finite(p.Temperature) || p.Temperature < 0:
		return refuse("temperature %v is not a number from 0 up", p.Temperature)
	case p.TopK < 0:
		return refuse("top-k %d is negative", p.TopK)
	case !(p.TopP >= 0 && p.TopP <= 1):
		return refuse("top-p %v is not between 0 and 1", p.TopP)
	case !(p.MinP >= 0 && p.MinP <= 1):
		return refuse("min-p %v is not between 0 and 1", p.MinP)
	case !finite(p.RepeatPenalty) || p.RepeatPenalty < 0:
		return refuse("repetition penalty %v is not a number from 0 up", p.RepeatPenalty)
	case !finite(p.Frequency) || !finite(p.Presence):
		return refuse("frequency penalty %v or presence penalty %v is not a number", p.Frequency, p.Presence)
	case p.Logprobs < 0 || p.Logprobs > MaxLogprobs:
		return refuse("%d log-probabilities; at most %d can be reported", p.Logprobs, MaxLogprobs)
	}
	for id, b := range p.Bias {
		if b != b || math.IsInf(float64(b), 1) {
			return refuse("bias %v of id %d is not a number", b, id)
		}
		if int64(id) >= int64(vocab) {
			return refuse("bias for id %d, but the vocabulary ends at %d", id, vocab-1)
		}
	}
	return nil
}
