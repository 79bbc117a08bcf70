package grammar

import (
	"unicode/utf8"

	"ossian/internal/sample"
	"ossian/internal/token"
)

// Tokens is what is needed of a tokenizer.
type Tokens interface {
	Size() int
	Bytes(id uint32) ([]byte, bool)
	IsSpecial(id uint32) bool
}

// Vocabulary is a tokenizer's tokens, prepared for masks.
type Vocabulary struct {
	tokens   Tokens
	size     int
	all      *token.Trie // ordinary tokens
	awkward  *token.Trie // those that cannot stand in a string just anywhere
	ordinary sample.Mask
	plain    []sample.Mask // plain[n]: the others of at most n characters
}

// NewVocabulary prepares the tokens with ids below size, which is how many logits a row has.
func NewVocabulary(t Tokens, size int) *Vocabulary {
	v := &Vocabulary{tokens: t, size: size, ordinary: v0(size)}
	var ids, awkward []uint32
	length := map[uint32]int{}
	longest := 0
	for id := range uint32(min(size, t.Size())) {
		b, ok := t.Bytes(id)
		if !ok || t.IsSpecial(id) || len(b) > 255 {
			continue
		}
		ids = append(ids, id)
		allow(v.ordinary, id)
		if n, ok := plainLength(b); ok {
			length[id] = n
			longest = max(longest, n)
		} else {
			awkward = append(awkward, id)
		}
	}
	spelling := func(id uint32) []byte { b, _ := t.Bytes(id); return b }
	v.all, v.awkward = token.NewTrie(ids, spelling), token.NewTrie(awkward, spelling)
	// Most lengths above a few dozen add nothing; they share their mask.
	count := make([]int, longest+1)
	for _, n := range length {
		count[n]++
	}
	v.plain = append(v.plain, v0(size))
	for n := 1; n <= longest; n++ {
		if count[n] == 0 {
			v.plain = append(v.plain, v.plain[n-1])
			continue
		}
		m := v0(size)
		for id, l := range length {
			if l <= n {
				allow(m, id)
			}
		}
		v.plain = append(v.plain, m)
	}
	return v
}

// Size is how many ids a mask is for.
func (v *Vocabulary) Size() int { return v.size }

// v0 is a mask that allows nothing.
func v0(size int) sample.Mask { return make(sample.Mask, (size+63)/64) }

func allow(m sample.Mask, id uint32) { m[id/64] |= 1 << (id % 64) }

// plainLength counts the characters of a token that may stand anywhere in a JSON string:
// whole ones that need no escape.
func plainLength(b []byte) (int, bool) {
	n := 0
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError && size == 1 {
			return 0, false
		}
		b = b[size:]
		n++
	}
	return n, true
}
