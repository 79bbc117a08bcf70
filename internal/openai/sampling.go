package openai

import (
	"encoding/json"
	"math"
	"strconv"

	"ossian/internal/sample"
)

// Bounds of a request. They are the API's where it states any.
const (
	MaxChoices     = 128
	MaxTopLogprobs = 20
	maxStops       = 16
	maxStopBytes   = 1024
	maxBiased      = 1024
	maxTokensAsked = 1 << 24
)

// Sampling is how a request wants its tokens chosen. Nil is what the model recommends.
type Sampling struct {
	Temperature, TopP, MinP           *float64
	TopK                              *int64
	Frequency, Presence, RepeatFactor *float64
	Seed                              *int64
	Bias                              map[uint32]float32
	Logprobs                          bool
	TopLogprobs                       int
	MaxTokens                         int // 0: what the context holds
	Choices                           int
	Stop                              []string
}

// samplingFields are what readSampling reads.
func samplingFields() []string {
	return []string{"temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty",
		"seed", "logit_bias", "max_tokens", "n", "stop"}
}

// ParseSampling reads an object of these fields alone, for APIs that keep them apart.
func ParseSampling(data []byte) (Sampling, error) {
	b := readBody(data)
	s := readSampling(b)
	return s, b.err
}

func readSampling(b *body) Sampling {
	s := Sampling{
		Temperature: b.number("temperature", 0, 2), TopP: b.number("top_p", 0, 1), MinP: b.number("min_p", 0, 1),
		TopK:      b.count("top_k", -1, math.MaxInt32),
		Frequency: b.number("frequency_penalty", -2, 2), Presence: b.number("presence_penalty", -2, 2),
		RepeatFactor: b.number("repetition_penalty", 0.01, 10),
		Seed:         b.count("seed", math.MinInt64, math.MaxInt64),
		Choices:      1,
	}
	if s.TopP != nil && *s.TopP == 0 {
		b.fail(errorf("top_p", CodeValue, "0 keeps nothing; for the likeliest token alone use temperature 0"))
	}
	if n := b.count("n", 1, MaxChoices); n != nil {
		s.Choices = int(*n)
	}
	if n := b.count("max_tokens", 1, maxTokensAsked); n != nil {
		s.MaxTokens = int(*n)
	}
	s.Stop = readStop(b)
	s.Bias = readBias(b)
	return s
}

// readStop reads one text or a list of them.
func readStop(b *body) []string {
	var raw json.RawMessage
	if !b.read("stop", &raw) {
		return nil
	}
	var stops []string
	var one string
	if json.Unmarshal(raw, &one) == nil {
		stops = []string{one}
	} else if json.Unmarshal(raw, &stops) != nil {
		b.fail(errorf("stop", CodeValue, "a string or a list of strings is expected"))
	}
	if len(stops) > maxStops {
		b.fail(errorf("stop", CodeValue, "%d texts; at most %d are possible", len(stops), maxStops))
	}
	for _, s := range stops {
		if s == "" || len(s) > maxStopBytes {
			b.fail(errorf("stop", CodeValue, "a text has %d bytes; 1 to %d are possible", len(s), maxStopBytes))
		}
	}
	return stops
}

// readBias reads a map of token ids to what is added to their logits. As the API has
// it, -100 forbids a token.
func readBias(b *body) map[uint32]float32 {
	var bias map[string]float64
	if !b.read("logit_bias", &bias) || len(bias) == 0 {
		return nil
	}
	if len(bias) > maxBiased {
		b.fail(errorf("logit_bias", CodeValue, "%d tokens; at most %d are possible", len(bias), maxBiased))
		return nil
	}
	out := make(map[uint32]float32, len(bias))
	for key, x := range bias {
		id, err := strconv.ParseUint(key, 10, 32)
		switch {
		case err != nil:
			b.fail(errorf("logit_bias", CodeValue, "%q is no token id", key))
		case !(x >= -100 && x <= 100):
			b.fail(errorf("logit_bias", CodeValue, "%v for token %d is not between -100 and 100", x, id))
		case x == -100:
			out[uint32(id)] = float32(math.Inf(-1))
		default:
			out[uint32(id)] = float32(x)
		}
	}
	return out
}

// Params is what the model recommends with the request's wishes over it. seed is used
// when the request has none; choice numbers the answers to one request.
func (s *Sampling) Params(recommended sample.Params, seed uint64, choice int) sample.Params {
	p := recommended
	over(&p.Temperature, s.Temperature)
	over(&p.TopP, s.TopP)
	over(&p.MinP, s.MinP)
	over(&p.Frequency, s.Frequency)
	over(&p.Presence, s.Presence)
	over(&p.RepeatPenalty, s.RepeatFactor)
	if s.TopK != nil {
		p.TopK = int(max(*s.TopK, 0)) // other servers write -1 for all
	}
	p.Bias = s.Bias
	p.Seed = seed
	if s.Seed != nil {
		p.Seed = uint64(*s.Seed)
	}
	p.Seed += uint64(choice)
	if s.Logprobs {
		p.Logprobs = max(s.TopLogprobs, 1)
	}
	return p
}

func over(dst *float64, wish *float64) {
	if wish != nil {
		*dst = *wish
	}
}
