package kv

import (
	"errors"
	"slices"

	"ossian/internal/model"
)

const (
	block = model.BlockTokens
	// fallback is how many blocks lie between places to go on from that are kept in any text.
	fallback = 8
	// slack is how many tokens behind an end of a prompt may agree with it before the next turn parts.
	slack = 16
)

// Cache is a tree of blocks over one backend.
type Cache struct {
	pager  model.Pager
	window int // the widest of any layer
	root   node
	byUse  node // ring of all nodes but the root: newer leads to the latest used
	nodes  int
	loose  int64 // bytes of blocks that no running sequence stands on, and of windowed parts
}

// node is a block of tokens behind those of its parents.
type node struct {
	parent         *node
	children       []*node
	ids            []uint32 // block of them; fewer in a tail, which is a leaf
	full, windowed model.Block
	pins           int // running sequences that stand on it or further down
	older, newer   *node
}

// New makes a cache over p.
func New(p model.Pager) *Cache {
	c := &Cache{pager: p, window: p.Config().Widest()}
	c.byUse.older, c.byUse.newer = &c.byUse, &c.byUse
	return c
}

// Blocks is how many blocks are kept.
func (c *Cache) Blocks() int { return c.nodes }

// Loose is how many bytes Evict can give back, at most.
func (c *Cache) Loose() int64 { return c.loose }

// common is how many tokens two runs begin with alike.
func common(a, b []uint32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// child finds the child of n that agrees longest with ids.
func (n *node) child(ids []uint32) (best *node, agree int) {
	for _, k := range n.children {
		if m := common(k.ids, ids); m > agree {
			best, agree = k, m
		}
	}
	return best, agree
}

// touch makes the path to n the latest used, parents later than children: the oldest is always a leaf.
func (c *Cache) touch(n *node) {
	for ; n != &c.root; n = n.parent {
		if n.older != nil {
			n.older.newer, n.newer.older = n.newer, n.older
		}
		last := c.byUse.older
		n.older, n.newer = last, &c.byUse
		last.newer, c.byUse.older = n, n
	}
}

// pin and unpin count those who stand on n.
func (c *Cache) pin(n *node) {
	if n.pins++; n.pins == 1 {
		c.loose -= c.pager.BlockBytes(model.Full)
	}
}

func (c *Cache) unpin(n *node) {
	if n.pins--; n.pins == 0 {
		c.loose += c.pager.BlockBytes(model.Full)
	}
}

// add hangs a new node under its parent.
func (c *Cache) add(parent *node, ids []uint32, full model.Block) *node {
	n := &node{parent: parent, ids: slices.Clone(ids), full: full}
	parent.children = append(parent.children, n)
	c.nodes++
	c.loose += c.pager.BlockBytes(model.Full)
	return n
}

// remove takes a leaf off the tree.
func (c *Cache) remove(n *node) {
	c.setWindowed(n, 0)
	c.pager.Release(n.full)
	c.loose -= c.pager.BlockBytes(model.Full)
	i := slices.Index(n.parent.children, n)
	n.parent.children = slices.Delete(n.parent.children, i, i+1)
	n.older.newer, n.newer.older = n.newer, n.older
	c.nodes--
}

func (c *Cache) setWindowed(n *node, b model.Block) {
	each := c.pager.BlockBytes(model.Windowed)
	if n.windowed != 0 {
		c.pager.Release(n.windowed)
		c.loose -= each
	}
	if n.windowed = b; b != 0 {
		c.loose += each
	}
}

// Evict lets go of what was used least recently, and says whether there was anything.
func (c *Cache) Evict() bool {
	for n := c.byUse.newer; n != &c.byUse; n = n.newer {
		if n.pins == 0 && len(n.children) == 0 {
			c.remove(n)
			return true
		}
	}
	for n := c.byUse.newer; n != &c.byUse; n = n.newer {
		if n.windowed != 0 {
			c.setWindowed(n, 0)
			return true
		}
	}
	return false
}

// Clear lets go of all that no running sequence stands on.
func (c *Cache) Clear() {
	for c.Evict() {
	}
}

// keep is pager.Keep, for which older things make room.
func (c *Cache) keep(s model.Seq, i int, p model.Part) (model.Block, error) {
	for {
		b, err := c.pager.Keep(s, i, p)
		if !errors.Is(err, model.ErrNoRoom) || !c.Evict() {
			return b, err
		}
	}
}
