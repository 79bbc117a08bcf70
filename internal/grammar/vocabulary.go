package grammar

import (
	"slices"
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
	plain    []sample.Mask // plain[n]: the others, of at most n characters
	words    []sample.Mask // words[n]: those of at most n letters and digits of ASCII
	mixed    *token.Trie   // all others than words

	// Of the nodes of all.
	twin  []uint32 // the node of awkward with the same bytes, or none
	chars []uint8  // characters from the root, where it is plain up to there
	first []uint32 // in order, of its descendants and itself
	order []uint32 // plain tokens in the order of the tree
	long  []uint8  // characters of each of order
}

// none marks a node without a twin.
const none = ^uint32(0)

// NewVocabulary prepares the tokens with ids below size, which is how many logits a row has.
func NewVocabulary(t Tokens, size int) *Vocabulary {
	v := &Vocabulary{tokens: t, size: size, ordinary: blank(size)}
	var ids, awkward, mixed []uint32
	var byLength, words [][]uint32
	for id := range uint32(min(size, t.Size())) {
		b, ok := t.Bytes(id)
		if !ok || t.IsSpecial(id) || len(b) == 0 || len(b) > 255 {
			continue
		}
		ids = append(ids, id)
		allow(v.ordinary, id)
		if isWord(b) {
			words = file(words, len(b), id)
		} else {
			mixed = append(mixed, id)
		}
		if n, ok := plainLength(b); ok {
			byLength = file(byLength, n, id)
		} else {
			awkward = append(awkward, id)
		}
	}
	spelling := func(id uint32) []byte { b, _ := t.Bytes(id); return b }
	v.all, v.awkward = token.NewTrie(ids, spelling), token.NewTrie(awkward, spelling)
	v.mixed = token.NewTrie(mixed, spelling)
	v.plain, v.words = upTo(byLength, size), upTo(words, size)
	v.align()
	return v
}

// file puts an id among those of its length.
func file(of [][]uint32, n int, id uint32) [][]uint32 {
	for len(of) <= n {
		of = append(of, nil)
	}
	of[n] = append(of[n], id)
	return of
}

// upTo makes the mask of each length and what is shorter. Lengths that no token has share the
// mask before them.
func upTo(of [][]uint32, size int) []sample.Mask {
	last := blank(size)
	out := []sample.Mask{last}
	for _, ids := range of[min(1, len(of)):] {
		if len(ids) > 0 {
			last = slices.Clone(last)
			for _, id := range ids {
				allow(last, id)
			}
		}
		out = append(out, last)
	}
	return out
}

// isWord reports whether a token is letters and digits of ASCII.
func isWord(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// align goes through both trees at once.
func (v *Vocabulary) align() {
	n := len(v.all.Nodes)
	v.twin, v.chars, v.first = make([]uint32, n), make([]uint8, n), make([]uint32, n+1)
	path := make([]uint8, v.all.Depth+1) // characters up to each depth
	awkward := uint32(0)                 // the next node of that tree, whose nodes come in the same order
	var same []bool                      // of each depth: the path is in it
	same = append(make([]bool, 0, v.all.Depth+1), true)
	last := v.plain[len(v.plain)-1]
	for i := range v.all.Nodes {
		node := &v.all.Nodes[i]
		d := int(node.Depth)
		same = same[:d]
		in := false
		if int(awkward) < len(v.awkward.Nodes) {
			a := &v.awkward.Nodes[awkward]
			in = same[d-1] && a.Depth == node.Depth && a.Byte == node.Byte
		}
		same = append(same, in)
		v.twin[i] = none
		if in {
			v.twin[i] = awkward
			awkward++
		}
		path[d] = path[d-1]
		if node.Byte&0xC0 != 0x80 { // the first byte of a character
			path[d]++
		}
		v.chars[i] = path[d]
		v.first[i] = uint32(len(v.order))
		if node.ID != token.NoToken && last.Allows(node.ID) {
			v.order = append(v.order, node.ID)
			v.long = append(v.long, path[d])
		}
	}
	v.first[n] = uint32(len(v.order))
}

// Size is how many ids a mask is for.
func (v *Vocabulary) Size() int { return v.size }

// blank is a mask that allows nothing.
func blank(size int) sample.Mask { return make(sample.Mask, (size+63)/64) }

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
