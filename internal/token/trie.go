package token

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// Trie is the bytes of many tokens as a tree in depth-first order: a child follows its
// parent, and what follows a node's last descendant is its next sibling. Walking on and
// skipping are steps in one array, which is what a mask over a vocabulary needs.
type Trie struct {
	Nodes []TrieNode
	Depth int // of the deepest node: bytes of the longest token
}

// TrieNode is one byte below its parent.
type TrieNode struct {
	Byte  byte
	Depth uint8  // 1 below the root, which is not a node
	End   uint32 // index behind the last descendant
	ID    uint32 // of the token that ends here, or NoToken
}

// NoToken marks a node where no token ends.
const NoToken = ^uint32(0)

// NewTrie makes a tree of the tokens whose ids are given. Tokens without bytes, or with
// more than 255, are left out; of two that are spelled alike the lower id stays.
func NewTrie(ids []uint32, spelling func(id uint32) []byte) *Trie {
	t := &Trie{}
	var path []uint32 // nodes from the root to the last one
	var last []byte
	for _, w := range inOrder(ids, spelling) {
		b := w.bytes
		same := 0
		for same < len(b) && same < len(last) && b[same] == last[same] {
			same++
		}
		if same == len(b) && len(last) == len(b) {
			continue
		}
		t.close(path[same:])
		path = path[:same]
		for i := same; i < len(b); i++ {
			path = append(path, uint32(len(t.Nodes)))
			t.Nodes = append(t.Nodes, TrieNode{Byte: b[i], Depth: uint8(i + 1), ID: NoToken})
		}
		t.Nodes[len(t.Nodes)-1].ID = w.id
		t.Depth = max(t.Depth, len(b))
		last = b
	}
	t.close(path)
	return t
}

// spelled is a token on its way into a tree: its bytes, and the first eight as a number,
// which settles most comparisons.
type spelled struct {
	first uint64
	id    uint32
	bytes []byte
}

func inOrder(ids []uint32, spelling func(id uint32) []byte) []spelled {
	words := make([]spelled, 0, len(ids))
	for _, id := range ids {
		b := spelling(id)
		if len(b) == 0 || len(b) > 255 {
			continue
		}
		var first [8]byte
		copy(first[:], b)
		words = append(words, spelled{binary.BigEndian.Uint64(first[:]), id, b})
	}
	slices.SortFunc(words, func(a, b spelled) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		if c := bytes.Compare(a.bytes, b.bytes); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	return words
}

func (t *Trie) close(nodes []uint32) {
	for _, n := range nodes {
		t.Nodes[n].End = uint32(len(t.Nodes))
	}
}
