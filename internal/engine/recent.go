package engine

// recent holds the latest few of a series of measurements. Their median says what is usual: a step that the
// machine interrupted does not move it, which an average would.
type recent struct {
	last  [9]float64
	count int // of all there ever were
}

func (r *recent) add(x float64) {
	r.last[r.count%len(r.last)] = x
	r.count++
}

// median is 0 while there is nothing.
func (r *recent) median() float64 {
	sorted, n := r.last, min(r.count, len(r.last))
	for i := 1; i < n; i++ {
		for j := i; j > 0 && sorted[j] < sorted[j-1]; j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	return sorted[max(n-1, 0)/2]
}
