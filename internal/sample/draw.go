package sample

import "math"

// blockIDs is how many ids share a partial sum of weights.
const blockIDs = 256

// draw picks an id with probability by temperature, top-k, top-p and min-p.
func (s *Sampler) draw(row []float32, best float32) uint32 {
	p := &s.params
	if p.TopK == 0 && p.TopP >= 1 && p.MinP == 0 {
		return s.drawAny(row, best)
	}
	cand, total, of := s.likely(row, best)
	if k := p.TopK; k > 0 && k < of || p.TopP < 1 {
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

// inverse is one over the temperature. For the smallest of all it would be infinite, and the best id's
// distance from itself no number.
func (s *Sampler) inverse() float64 { return min(1/s.params.Temperature, math.MaxFloat64) }

// drawAny picks among all ids. It sums their weights by blocks first, so that only one block is
// looked at again.
func (s *Sampler) drawAny(row []float32, best float32) uint32 {
	inv, top := s.inverse(), float64(best)
	total := 0.0
	for b := range s.blocks {
		sum := 0.0
		for _, x := range row[b*blockIDs : min((b+1)*blockIDs, len(row))] {
			if d := (float64(x) - top) * inv; d >= negligible {
				sum += exp(d)
			}
		}
		s.blocks[b] = sum
		total += sum
	}
	at := uniform(s.params.Seed, uint64(s.drawn)) * total
	last := -1
	for b, sum := range s.blocks {
		if sum == 0 {
			continue
		}
		if last = b; at < sum {
			break
		}
		at -= sum
	}
	id := -1
	lo := last * blockIDs
	for i, x := range row[lo:min(lo+blockIDs, len(row))] {
		d := (float64(x) - top) * inv
		if !(d >= negligible) {
			continue
		}
		id = lo + i
		if at -= exp(d); at < 0 {
			break
		}
	}
	return uint32(id) // the last with a weight, if rounding used up the last crumb
}

// The classes of likelihood: a quarter in the exponent each.
const (
	perUnit = 4
	classes = -negligible*perUnit + 1
)

// likely gives the candidates that top-k, top-p or min-p can keep, a few more at the border, the weight
// that top-p is a share of, and of how many they are. Counting by classes first spares ordering the
// whole vocabulary.
func (s *Sampler) likely(row []float32, best float32) (cand []candidate, total float64, of int) {
	p := &s.params
	inv, top := s.inverse(), float64(best)
	var weight [classes]float64
	var count [classes]int
	for _, x := range row {
		if d := (float64(x) - top) * inv; d >= negligible {
			of++
			c, w := int(d*-perUnit), exp(d)
			weight[c] += w
			count[c]++
			total += w
		}
	}
	last, n, got := 0, 0, 0.0
	for ; last < classes-1; last++ {
		n, got = n+count[last], got+weight[last]
		enough := p.TopK > 0 && n >= p.TopK
		if p.TopK == 0 && p.TopP < 1 { // beyond doubt: sums in another order differ in the last bits
			enough = got >= p.TopP*total*(1+1e-9)
		}
		if p.MinP > 0 && (p.TopK == 0 || p.TopP >= 1) { // else top-p needs the weight of all that top-k leaves
			enough = enough || float64(-last)/perUnit < math.Log(p.MinP)
		}
		if enough {
			break
		}
	}
	cand = s.cand[:0]
	all := 0.0
	for i, x := range row {
		if d := (float64(x) - top) * inv; d >= negligible && int(d*-perUnit) <= last {
			w := exp(d)
			all += w
			cand = append(cand, candidate{w, uint32(i)})
		}
	}
	if p.TopK > 0 {
		total = all
	}
	return cand, total, of
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
