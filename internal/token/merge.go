package token

// never is the rank of a pair that does not merge.
const never = ^uint32(0)

// short is the longest piece, in bytes, that is merged by looking through all pairs
// for the lowest each time. Above it the order comes from a heap: n log n.
const short = 128

// join is the merge of two neighbouring tokens which together spell s.
func (t *Tokenizer) join(left, right uint32, s string) (rank, into uint32) {
	if t.pairs != nil {
		return t.pairs.join(left, right)
	}
	if id, ok := t.vocab.lookup(s); ok {
		return id, id
	}
	return never, 0
}

// merge appends the tokens of a piece that is no token itself: single bytes at first,
// then whichever neighbours merge earliest, leftmost first, until none do.
func (t *Tokenizer) merge(dst []uint32, s string) []uint32 {
	if len(s) > short {
		return t.mergeLong(dst, s)
	}
	type part struct {
		start, id  uint32
		rank, into uint32 // of this part and the next
	}
	var room [short + 1]part
	parts := room[:len(s)+1]
	for i := range len(s) {
		parts[i] = part{start: uint32(i), id: t.bytes[s[i]], rank: never}
	}
	parts[len(s)] = part{start: uint32(len(s)), rank: never}
	join := func(i int) {
		if i+2 >= len(parts) {
			parts[i].rank = never
			return
		}
		p := &parts[i]
		p.rank, p.into = t.join(p.id, parts[i+1].id, s[p.start:parts[i+2].start])
	}
	for i := range len(s) {
		join(i)
	}
	for {
		best, at := never, 0
		for i := range parts {
			if parts[i].rank < best {
				best, at = parts[i].rank, i
			}
		}
		if best == never {
			break
		}
		parts[at].id = parts[at].into
		copy(parts[at+1:], parts[at+2:])
		parts = parts[:len(parts)-1]
		join(at)
		if at > 0 {
			join(at - 1)
		}
	}
	for _, p := range parts[:len(parts)-1] {
		dst = append(dst, p.id)
	}
	return dst
}

// node is a token of a long piece, in a doubly linked list over start positions.
type node struct {
	next, prev uint32 // next is where the token ends
	id         uint32
	rank, into uint32 // of this token and the next; never when it is gone
}

// mergeLong does what merge does, for pieces of any length below 4 GiB.
func (t *Tokenizer) mergeLong(dst []uint32, s string) []uint32 {
	n := uint32(len(s))
	nodes := make([]node, n)
	for i := range n {
		nodes[i] = node{next: i + 1, prev: i - 1, id: t.bytes[s[i]]}
	}
	join := func(i uint32) {
		p := &nodes[i]
		p.rank = never
		if p.next < n {
			q := &nodes[p.next]
			p.rank, p.into = t.join(p.id, q.id, s[i:q.next])
		}
	}
	queue := make(heap, 0, n)
	for i := range n {
		if join(i); nodes[i].rank != never {
			queue = append(queue, uint64(nodes[i].rank)<<32|uint64(i))
		}
	}
	queue.order()
	for len(queue) > 0 {
		key := queue.pop()
		i := uint32(key)
		p := &nodes[i]
		if p.rank != uint32(key>>32) {
			continue // merged otherwise in the meantime
		}
		gone := &nodes[p.next]
		gone.rank = never
		p.id, p.next = p.into, gone.next
		if p.next < n {
			nodes[p.next].prev = i
		}
		if join(i); p.rank != never {
			queue.push(uint64(p.rank)<<32 | uint64(i))
		}
		if i > 0 {
			if join(p.prev); nodes[p.prev].rank != never {
				queue.push(uint64(nodes[p.prev].rank)<<32 | uint64(p.prev))
			}
		}
	}
	for i := uint32(0); i < n; i = nodes[i].next {
		dst = append(dst, nodes[i].id)
	}
	return dst
}

// heap is a binary min-heap of rank<<32 | position.
type heap []uint64

func (h heap) order() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
}

func (h heap) sink(i int) {
	v := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if v <= h[child] {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = v
}

func (h *heap) pop() uint64 {
	old := *h
	top := old[0]
	old[0] = old[len(old)-1]
	*h = old[:len(old)-1]
	if len(*h) > 0 {
		h.sink(0)
	}
	return top
}

func (h *heap) push(v uint64) {
	*h = append(*h, v)
	s := *h
	i := len(s) - 1
	for i > 0 && v < s[(i-1)/2] {
		s[i] = s[(i-1)/2]
		i = (i - 1) / 2
	}
	s[i] = v
}
