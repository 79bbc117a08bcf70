package engine

import (
	"math/bits"
	"slices"
)

const (
	gram     = 6  // tokens of the shortest repetition that is looked for
	maxMatch = 32 // a repetition is not measured further
	maxTries = 8  // earlier places that are compared, latest first
)

// lookup finds where the latest tokens of a sequence stood before. Each place where a gram ends is
// chained to the one before it where the same gram ends. Room is taken once: 16 to 24 bytes a token.
type lookup struct {
	ids   []uint32
	prev  []int32 // of the gram that ends here, the place before, or -1
	slots []int32 // hash table of grams, probed in order: the latest place + 1; 0 is free
	shift int     // of a hash, to a slot
}

// reset forgets all and makes room for a sequence of at most n tokens.
func (l *lookup) reset(n int) {
	l.ids, l.prev = slices.Grow(l.ids[:0], n), slices.Grow(l.prev[:0], n)
	size := bits.Len(uint(2*n - 1)) // no more than half of the slots fill
	l.shift = 64 - size
	l.slots = slices.Grow(l.slots[:0], 1<<size)[:1<<size]
	clear(l.slots)
}

// add appends a token. There must be room.
func (l *lookup) add(id uint32) {
	l.ids = append(l.ids, id)
	end := len(l.ids) - 1
	before := int32(-1)
	if end+1 >= gram {
		h := uint64(0)
		for _, id := range l.ids[end+1-gram:] {
			h = (h + uint64(id) + 1) * 0x9e3779b97f4a7c15
			h ^= h >> 29
		}
		at := h * 0xbf58476d1ce4e5b9 >> l.shift
		for ; l.slots[at] != 0; at = (at + 1) & uint64(len(l.slots)-1) {
			if p := int(l.slots[at]) - 1; slices.Equal(l.ids[p+1-gram:p+1], l.ids[end+1-gram:]) {
				before = int32(p)
				break
			}
		}
		l.slots[at] = int32(end) + 1
	}
	l.prev = append(l.prev, before)
}

// match gives the place of the token that followed when the latest n tokens stood there before, for the
// largest n, and of equals the latest place; n is 0 if the latest gram is new.
func (l *lookup) match() (next, n int) {
	end := len(l.ids) - 1
	if end < 0 {
		return 0, 0
	}
	p := int(l.prev[end])
	for try := 0; p >= 0 && try < maxTries && n < maxMatch; try++ {
		m := gram
		for m < maxMatch && p-m >= 0 && l.ids[p-m] == l.ids[end-m] {
			m++
		}
		if m > n {
			next, n = p+1, m
		}
		p = int(l.prev[p])
	}
	return next, n
}

// follow fills dst with what stood from next on. Past the sequence's end it goes on with its own
// words, so that a loop goes round.
func (l *lookup) follow(dst []uint32, next int) {
	for i := range dst {
		if at := next + i; at < len(l.ids) {
			dst[i] = l.ids[at]
		} else {
			dst[i] = dst[at-len(l.ids)]
		}
	}
}
