package bench

import (
	"fmt"
	"math"
)

// Difference says how far one set of predictions is from another over the same positions.
type Difference struct {
	Positions int     `json:"positions"`
	KL        float64 `json:"kl_nats"`     // mean of KL(reference || this)
	WorstKL   float64 `json:"kl_max_nats"` // at the worst position
	Agreement float64 `json:"agreement"`   // part of the positions where the likeliest id is the same
	Logit     float64 `json:"logit_error"` // largest difference of a logit, as a part of the reference's range
}

// Compare holds rows of vocab logits against those of a reference. A logit that is no
// number is an error.
func Compare(reference, got []float32, vocab int) (Difference, error) {
	if vocab < 1 || len(reference) != len(got) || len(got) == 0 || len(got)%vocab != 0 {
		return Difference{}, fmt.Errorf("bench: %d and %d logits cannot be compared as rows of %d", len(reference), len(got), vocab)
	}
	d := Difference{Positions: len(got) / vocab}
	lowest, highest, worst := math.Inf(1), math.Inf(-1), 0.0
	for i := 0; i < len(got); i += vocab {
		p, q := reference[i:i+vocab], got[i:i+vocab]
		for j := range p {
			a, b := float64(p[j]), float64(q[j])
			if e := a - b; math.IsNaN(e) || math.IsInf(e, 0) {
				return d, fmt.Errorf("bench: the logit of id %d at the %d. position is %g, the reference's %g", j, i/vocab+1, b, a)
			}
			worst = max(worst, math.Abs(a-b))
			lowest, highest = min(lowest, a), max(highest, a)
		}
		topP, sumP := normaliser(p)
		topQ, sumQ := normaliser(q)
		if topP == topQ {
			d.Agreement++
		}
		kl := 0.0
		for j := range p {
			logP := float64(p[j]) - sumP
			kl += math.Exp(logP) * (logP - (float64(q[j]) - sumQ))
		}
		kl = max(kl, 0) // rounding
		d.KL += kl
		d.WorstKL = max(d.WorstKL, kl)
	}
	d.KL /= float64(d.Positions)
	d.Agreement /= float64(d.Positions)
	d.Logit = ratio(worst, highest-lowest)
	return d, nil
}

// normaliser is the likeliest id, the first among equals, and the logarithm of the sum of exponentials.
func normaliser(row []float32) (top int, logSum float64) {
	for i, v := range row {
		if v > row[top] {
			top = i
		}
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - float64(row[top]))
	}
	return top, float64(row[top]) + math.Log(sum)
}
