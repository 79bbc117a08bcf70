package token

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"unsafe"
)

const (
	idBits = 20
	maxIDs = 1<<idBits - 1 // ids a vocabulary may have; a slot holds id+1 in idBits
)

// vocab is every token's bytes, one after the other, and a hash from bytes to id.
// A map[string]uint32 of the same would be 200,000 small objects and four times the time.
type vocab struct {
	arena   []byte
	text    string   // the arena again
	off     []uint32 // token id is arena[off[id]:off[id+1]]; empty: no such token
	slots   []uint32 // open addressing: tag<<idBits | id+1, 0 when free
	seed    maphash.Seed
	longest int // bytes of the longest token that lookup can find
}

// newVocab takes ownership of arena and off. Ids below ordinary for which skip
// is false can be looked up; two tokens of the same bytes are an error of the caller's,
// reported as the pair of ids.
func newVocab(arena []byte, off []uint32, skip func(id uint32) bool) (v vocab, twin [2]uint32, ok bool) {
	v = vocab{arena: arena, text: unsafe.String(unsafe.SliceData(arena), len(arena)), off: off, seed: maphash.MakeSeed()}
	v.slots = make([]uint32, 1<<bits.Len(uint(2*len(off))))
	for id := range uint32(len(off) - 1) {
		s := v.spelling(id)
		if s == "" || skip(id) {
			continue
		}
		tag, i := v.hash(s)
		for ; v.slots[i] != 0; i = (i + 1) & uint32(len(v.slots)-1) {
			if other := v.slots[i]&maxIDs - 1; v.slots[i]&^maxIDs == tag && v.spelling(other) == s {
				return v, [2]uint32{other, id}, false
			}
		}
		v.slots[i] = tag | (id + 1)
		v.longest = max(v.longest, len(s))
	}
	return v, twin, true
}

func (v *vocab) hash(s string) (tag, slot uint32) {
	h := maphash.String(v.seed, s)
	return uint32(h>>32) &^ maxIDs, uint32(h) & uint32(len(v.slots)-1)
}

// lookup finds the ordinary token with exactly these bytes.
func (v *vocab) lookup(s string) (uint32, bool) {
	if len(s) > v.longest {
		return 0, false
	}
	tag, i := v.hash(s)
	for ; v.slots[i] != 0; i = (i + 1) & uint32(len(v.slots)-1) {
		if v.slots[i]&^maxIDs == tag {
			if id := v.slots[i]&maxIDs - 1; v.spelling(id) == s {
				return id, true
			}
		}
	}
	return 0, false
}

// spelling is the bytes of a token below len(off)-1, as a string that shares the arena.
func (v *vocab) spelling(id uint32) string { return v.text[v.off[id]:v.off[id+1]] }

// size is one past the highest id.
func (v *vocab) size() int { return len(v.off) - 1 }

// pairs says which two tokens merge, in which order, into what. It is used when the
// order comes from a list of merges; a vocabulary whose ids are ranks does not need it.
type pairs struct {
	slots []pair
	shift uint
	seed  uint64 // so that no file can be made to collide
}

type pair struct {
	left, right uint32 // both +1, so that zero is a free slot
	rank, into  uint32
}

// newPairs makes room for n merges.
func newPairs(n int) *pairs {
	b := bits.Len(uint(2*n) | 1)
	return &pairs{slots: make([]pair, 1<<b), shift: uint(64 - b), seed: rand.Uint64()}
}

func (p *pairs) slot(left, right uint32) *pair {
	hi, lo := bits.Mul64((uint64(left)<<32|uint64(right))^p.seed, 0x9E3779B97F4A7C15)
	i := (hi ^ lo) >> p.shift
	for {
		s := &p.slots[i]
		if s.left == 0 || s.left == left+1 && s.right == right+1 {
			return s
		}
		i = (i + 1) & uint64(len(p.slots)-1)
	}
}

// add is false when the pair is there already.
func (p *pairs) add(left, right, rank, into uint32) bool {
	s := p.slot(left, right)
	if s.left != 0 {
		return false
	}
	*s = pair{left + 1, right + 1, rank, into}
	return true
}

// join is the merge of two neighbours: never as rank when there is none.
func (p *pairs) join(left, right uint32) (rank, into uint32) {
	if s := p.slot(left, right); s.left != 0 {
		return s.rank, s.into
	}
	return never, 0
}
