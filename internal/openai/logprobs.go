package openai

import "ossian/internal/sample"

// Logprobs are the log-probabilities of an answer's tokens.
type Logprobs struct {
	Content []TokenLogprob `json:"content"`
	Refusal []TokenLogprob `json:"refusal"`
}

// TokenLogprob is one token of the answer with the likeliest in its place.
type TokenLogprob struct {
	Alternative
	Top []Alternative `json:"top_logprobs"`
}

// Alternative is a token and its log-probability.
type Alternative struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// unlikely stands for what JSON has no number for.
const unlikely = -9999

// Speller gives the bytes of a token.
type Speller func(id uint32) ([]byte, bool)

func (spell Speller) alternative(id uint32, logprob float32) Alternative {
	text, _ := spell(id)
	a := Alternative{Token: string(text), Logprob: max(float64(logprob), unlikely), Bytes: make([]int, len(text))}
	for i, c := range text {
		a.Bytes[i] = int(c)
	}
	return a
}

// logprobs spells tokens out, with at most top alternatives each.
func (spell Speller) logprobs(tokens []sample.Token, top int) []TokenLogprob {
	out := make([]TokenLogprob, 0, len(tokens))
	for _, t := range tokens {
		l := TokenLogprob{Alternative: spell.alternative(t.ID, t.Logprob), Top: []Alternative{}}
		for _, p := range t.Top[:min(top, len(t.Top))] {
			l.Top = append(l.Top, spell.alternative(p.ID, p.Logprob))
		}
		out = append(out, l)
	}
	return out
}
