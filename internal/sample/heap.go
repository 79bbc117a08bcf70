package sample

// candidate is an id with its weight relative to the likeliest (or its log-probability).
type candidate struct {
	weight float64
	id     uint32
}

func (a candidate) before(b candidate) bool {
	return a.weight > b.weight || a.weight == b.weight && a.id < b.id
}

// heapify arranges c so that its first element comes before all others.
func heapify(c []candidate) {
	for i := len(c)/2 - 1; i >= 0; i-- {
		sink(c, i)
	}
}

func sink(c []candidate, i int) {
	for {
		child := 2*i + 1
		if child >= len(c) {
			return
		}
		if child+1 < len(c) && c[child+1].before(c[child]) {
			child++
		}
		if !c[child].before(c[i]) {
			return
		}
		c[i], c[child] = c[child], c[i]
		i = child
	}
}

// pop moves the first of a heap to its end and returns the shortened heap:
// popped elements lie behind it, the earliest last.
func pop(c []candidate) (candidate, []candidate) {
	last := len(c) - 1
	c[0], c[last] = c[last], c[0]
	sink(c[:last], 0)
	return c[last], c[:last]
}
