package kv

import "ossian/internal/model"

// Match is what is known of a prompt.
type Match struct {
	Tokens  int    // that a sequence can begin with
	Known   int    // that stood here before; more than Tokens where the windows are not there
	Differs bool   // where Known ends the cache holds another token
	Was     uint32 // that one
	Held    int64  // bytes of it that running sequences hold anyway

	path  []*node // of Known, from the root on
	first int     // of path, whose windowed part is needed
}

// Match finds how much of ids a sequence can begin with. It does not change the cache.
func (c *Cache) Match(ids []uint32) (m Match) {
	for at := &c.root; m.Known < len(ids); {
		k, agree := at.child(ids[m.Known:])
		if k == nil {
			if len(at.children) > 0 {
				m.Differs, m.Was = true, latest(at.children).ids[0]
			}
			break
		}
		m.path = append(m.path, k)
		m.Known += agree
		if agree < len(k.ids) {
			if m.Known < len(ids) {
				m.Differs, m.Was = true, k.ids[agree]
			}
			break
		}
		at = k
	}
	m.Tokens, m.first = c.reach(m.path, m.Known)
	m.path = m.path[:(m.Tokens+block-1)/block]
	for _, k := range m.path {
		if k.pins > 0 {
			m.Held += c.pager.BlockBytes(model.Full)
		}
	}
	return m
}

// latest is the child that was added last.
func latest(children []*node) *node { return children[len(children)-1] }

// reach is the furthest position up to known whose windows are there, and the first block they touch.
func (c *Cache) reach(path []*node, known int) (n, first int) {
	if c.window == 0 {
		return known, (known + block - 1) / block
	}
	for end := len(path); end > 0; {
		start := end
		for start > 0 && path[start-1].windowed != 0 {
			start--
		}
		n := min(known, end*block)
		if first := max(0, n-c.window+1) / block; start < end && start <= first {
			return n, first
		}
		end = min(start, end-1)
	}
	return 0, 0
}

// Resume makes a sequence that begins with m, which must be the latest Match, and the Path it stands on.
func (c *Cache) Resume(capacity int, m Match) (model.Seq, Path, error) {
	full := make([]model.Block, len(m.path))
	windowed := make([]model.Block, 0, len(m.path))
	for i, k := range m.path {
		full[i] = k.full
		if i >= m.first {
			windowed = append(windowed, k.windowed)
		}
	}
	s, err := c.pager.Resume(capacity, m.Tokens, full, windowed)
	if err != nil {
		return 0, Path{}, err
	}
	p := Path{at: &c.root, fork: m.Known}
	if len(m.path) > 0 {
		c.touch(m.path[len(m.path)-1])
	}
	for _, k := range m.path[:m.Tokens/block] {
		p.step(c, k)
	}
	return s, p, nil
}
