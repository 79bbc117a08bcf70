package sample

import "math"

// draw picks an id with probability by temperature, top-k, top-p and min-p.
func (s *Sampler) draw(row []float32, best float32) uint32 {
	p := &s.params
	cand, total := s.cand[:0], 0.0
	for i, x := range row {
		d := (float64(x) - float64(best)) / p.Temperature
		if d < negligible || d != d {
			continue
		}
		w := math.Exp(d)
		total += w
		cand = append(cand, candidate{w, uint32(i)})
	}
	if k := p.TopK; k > 0 && k < len(cand) || p.TopP < 1 {
		cand, total = s.narrow(cand, total)
	}
	if p.MinP > 0 {
		kept := cand[:0]
		total = 0
		for _, c := range cand {
			if c.weight >= p.MinP { // the likeliest weighs 1
				total += c.weight
				kept = append(kept, c)
			}
		}
		cand = kept
	}
	at := uniform(p.Seed, uint64(s.drawn)) * total
	for _, c := range cand {
		at -= c.weight
		if at < 0 {
			return c.id
		}
	}
	return cand[len(cand)-1].id // rounding used up the last crumb
}

// narrow keeps the k likeliest, then of those the smallest likeliest set with a
// share of at least top-p, and returns them with their weight. Best comes last.
func (s *Sampler) narrow(cand []candidate, total float64) ([]candidate, float64) {
	k := len(cand)
	if s.params.TopK > 0 {
		k = min(k, s.params.TopK)
	}
	heap := cand
	heapify(heap)
	if k < len(cand) { // top-p is a share of what top-k left
		total = 0
		for range k {
			var c candidate
			c, heap = pop(heap)
			total += c.weight
		}
		heap = cand[len(cand)-k:]
		for i, j := 0, k-1; i < j; i, j = i+1, j-1 { // best first is a heap
			heap[i], heap[j] = heap[j], heap[i]
		}
		cand = heap
	}
	need, got := s.params.TopP*total, 0.0
	for len(heap) > 0 {
		var c candidate
		c, heap = pop(heap)
		got += c.weight
		if got >= need && s.params.TopP < 1 {
			break
		}
	}
	return cand[len(heap):], got
}

// report adds the model's own log-probabilities of the chosen and the likeliest ids.
func (s *Sampler) report(t *Token, logits []float32) {
	norm := LogSumExp(logits)
	t.Logprob = float32(float64(logits[t.ID]) - norm)
	s.top = Top(s.top[:0], logits, s.params.Logprobs, norm)
	t.Top = s.top
}

// Top appends to dst the n likeliest ids of a row, best first, lowest id on ties.
// norm is the row's log of the sum of exponentials.
func Top(dst []TokenProb, logits []float32, n int, norm float64) []TokenProb {
	from := len(dst)
	for i, x := range logits {
		if len(dst)-from == n && !(n > 0 && x > logits[dst[len(dst)-1].ID]) {
			continue
		}
		if len(dst)-from < n {
			dst = append(dst, TokenProb{})
		}
		j := len(dst) - 1
		for ; j > from && x > logits[dst[j-1].ID]; j-- {
			dst[j] = dst[j-1]
		}
		dst[j] = TokenProb{uint32(i), float32(float64(x) - norm)}
	}
	return dst
}

// LogSumExp is what a row's logits must be lessened by to become log-probabilities.
func LogSumExp(row []float32) float64 {
	best, _ := argmax(row)
	top, sum := float64(row[best]), 0.0
	for _, x := range row {
		if d := float64(x) - top; d > negligible {
			sum += math.Exp(d)
		}
	}
	return top + math.Log(sum)
}
