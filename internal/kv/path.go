package kv

import "ossian/internal/model"

// Path is where in the tree a running sequence stands: at the last whole block that both have.
type Path struct {
	at   *node
	len  int // blocks
	fork int // where what was known of its prompt ended; 0: nothing was

	// Prompt is the length of the sequence's prompt, around whose end the next turn may begin.
	Prompt int
}

func (p *Path) step(c *Cache, k *node) {
	p.at = k
	p.len++
	c.pin(k)
}

// wants says whether the windowed part of block i is worth keeping.
func (p *Path) wants(c *Cache, i int) bool {
	next := (i/fallback + 1) * fallback * block // the next place to fall back to
	return c.sees(p.Prompt, i) || p.fork > 0 && c.sees(p.fork, i) || (i+1)*block > next-c.window+1
}

// sees says whether the window of a position at end, or a little behind it, touches block i.
func (c *Cache) sees(end, i int) bool {
	return (i+1)*block > end-c.window+1 && i*block < end+slack
}

// Follow takes in what s has come to, ids: whole blocks that the tree lacks are kept, and s lets go of its
// own pages where the tree has the same. What there is no room for is left out until the next time.
func (c *Cache) Follow(p *Path, s model.Seq, ids []uint32) {
	before := p.len
	for (p.len+1)*block <= len(ids) {
		i := p.len
		k := c.whole(p.at, s, i, ids[i*block:(i+1)*block])
		if k == nil {
			break
		}
		p.step(c, k)
		if p.wants(c, i) {
			c.windows(k, s, i)
		}
	}
	if p.len > before {
		c.touch(p.at)
	}
}

// whole is the child of n with those ids, new if need be; nil if there is no room.
func (c *Cache) whole(n *node, s model.Seq, i int, ids []uint32) *node {
	k, agree := n.child(ids)
	if agree == block {
		if c.pager.Share(s, i, k.full) != nil {
			return nil
		}
		return k
	}
	b, err := c.keep(s, i, model.Full)
	if err != nil {
		return nil
	}
	return c.put(n, ids, b)
}

// put hangs ids under n, in place of a tail that they go on from.
func (c *Cache) put(n *node, ids []uint32, full model.Block) *node {
	for _, k := range n.children {
		if len(k.ids) < len(ids) && common(k.ids, ids) == len(k.ids) {
			c.remove(k)
			break
		}
	}
	k := c.add(n, ids, full)
	c.touch(k)
	return k
}

// windows keeps the windowed part of a block, if the sequence still has it and there is room.
func (c *Cache) windows(k *node, s model.Seq, i int) {
	if c.window == 0 || k.windowed != 0 {
		return
	}
	c.pin(k) // making room must not take k itself
	if b, err := c.keep(s, i, model.Windowed); err == nil {
		c.setWindowed(k, b)
	}
	c.unpin(k)
}

// End is Follow for a sequence that ends with ids, and leaves the tree to others. Its last, unfinished block is
// kept as well, so that whoever goes on from here reads nothing again. s should have
// no more room than ids take: what is about to end needs none.
func (c *Cache) End(p *Path, s model.Seq, ids []uint32) {
	if p.at == nil {
		return
	}
	c.Follow(p, s, ids)
	if p.len == len(ids)/block {
		c.tail(p, s, ids)
	}
	for n := p.at; n != &c.root; n = n.parent {
		c.unpin(n)
	}
	p.at = nil
}

// tail keeps the unfinished block, and the windows of the end.
func (c *Cache) tail(p *Path, s model.Seq, ids []uint32) {
	last, i := p.at, p.len
	if rest := ids[i*block:]; len(rest) > 0 {
		k, agree := last.child(rest)
		if agree < len(rest) {
			b, err := c.keep(s, i, model.Full)
			if err != nil {
				return
			}
			k = c.put(p.at, rest, b)
		}
		c.touch(k)
		if len(k.ids) == len(rest) { // a longer one needs windows that s does not have
			c.windows(k, s, i)
		}
	}
	for k := p.at; k != &c.root && i*block > len(ids)-c.window+1; k = k.parent {
		i--
		c.windows(k, s, i)
	}
}
