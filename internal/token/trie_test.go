package token

import (
	"slices"
	"testing"
)

// TestTrie walks the tree and finds every token's bytes, once.
func TestTrie(t *testing.T) {
	tok := harmony(t)
	var ids []uint32
	for id := range uint32(tok.Size()) {
		if !tok.IsSpecial(id) {
			ids = append(ids, id)
		}
	}
	spelling := func(id uint32) []byte { b, _ := tok.Bytes(id); return b }
	trie := NewTrie(ids, spelling)
	path := make([]byte, trie.Depth)
	found := 0
	for i, n := range trie.Nodes {
		path[n.Depth-1] = n.Byte
		if n.End <= uint32(i) || int(n.End) > len(trie.Nodes) {
			t.Fatalf("node %d ends at %d", i, n.End)
		}
		if n.ID == NoToken {
			continue
		}
		found++
		if !slices.Equal(path[:n.Depth], spelling(n.ID)) {
			t.Fatalf("token %d is at %q", n.ID, path[:n.Depth])
		}
	}
	if found != len(ids) {
		t.Errorf("%d of %d tokens", found, len(ids))
	}
	// Skipping: from every child of the root to the next one.
	for i := 0; i < len(trie.Nodes); i = int(trie.Nodes[i].End) {
		if trie.Nodes[i].Depth != 1 {
			t.Fatalf("node %d, after a skip, is %d deep", i, trie.Nodes[i].Depth)
		}
	}
}
