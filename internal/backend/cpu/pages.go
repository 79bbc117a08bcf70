package cpu

import (
	"ossian/internal/kernel"
	"ossian/internal/mem"
	"ossian/internal/model"
)

// page is the keys and values of PageSlots positions in one layer.
type page struct {
	k, v []float32
	held int // by so many sequences and blocks; 0: in the pool
}

// pages is how many pages of keys layer n needs for capacity positions. A ring holds
// window-1 old positions beside a pass or what Trim may take back, wherever in a page that begins.
func pages(cfg *model.Config, n, capacity, chunk int) int {
	full := pagesFor(capacity)
	if w := cfg.Layer[n].Window; w > 0 {
		return min(full, (w-1+max(chunk, model.Rewind)+kernel.PageSlots-2)/kernel.PageSlots+1)
	}
	return full
}

func pagesFor(n int) int { return (n + kernel.PageSlots - 1) / kernel.PageSlots }

func (b *Backend) pageFloats() int { return kernel.PageFloats(b.cfg.KVHeads, b.cfg.HeadDim) }

func (b *Backend) pageBytes() int64 { return int64(b.pageFloats()) * 2 * 4 }

// page takes a free page, whose content is rubbish.
func (b *Backend) page() *page {
	b.taken++
	if n := len(b.pool) - 1; n >= 0 {
		p := b.pool[n]
		b.pool[n] = nil
		b.pool = b.pool[:n]
		p.held = 1
		return p
	}
	return &page{k: make([]float32, b.pageFloats()), v: make([]float32, b.pageFloats()), held: 1}
}

// drop lets go of a page, which the last holder gives back to the pool.
func (b *Backend) drop(p *page) {
	if p == nil {
		return
	}
	if p.held--; p.held == 0 {
		b.taken--
		b.pool = append(b.pool, p)
	}
}

// trimPool lets go of pages beyond what a short conversation uses.
func (b *Backend) trimPool() {
	const keep = 64 << 20
	if n := int(keep / b.pageBytes()); len(b.pool) > n {
		clear(b.pool[n:])
		b.pool = b.pool[:n]
	}
}

// Bound sets the most bytes of keys and values, as far as they can be had now.
func (b *Backend) Bound(bytes int64) {
	b.bound = 0
	if limit, known := b.limit(); known {
		bytes = min(bytes, limit)
	}
	b.bound = bytes
}

// limit is how many bytes of keys and values there may be in all.
func (b *Backend) limit() (int64, bool) {
	if b.bound > 0 {
		return b.bound, true
	}
	if b.opt.MaxBytes > 0 {
		return b.opt.MaxBytes, true
	}
	free, ok := mem.Available()
	return free + int64(b.taken+len(b.pool))*b.pageBytes(), ok // ours are no longer available
}

// reserved is how many bytes are taken, or promised to sequences as they grow.
func (b *Backend) reserved() int64 {
	n := b.taken
	for _, s := range b.seqs {
		n += s.promised(b.cfg)
	}
	return int64(n) * b.pageBytes()
}

// Free is how many bytes are neither taken nor promised.
func (b *Backend) Free() int64 {
	limit, known := b.limit()
	if !known {
		return 1 << 62
	}
	return limit - b.reserved()
}

// room refuses to promise more pages than there can be.
func (b *Backend) room(capacity, more int) error {
	limit, known := b.limit()
	need, reserved := int64(more)*b.pageBytes(), b.reserved()
	if known && more > 0 && need > limit-reserved {
		return &MemoryError{Capacity: capacity, Need: need, Reserved: reserved, Limit: limit}
	}
	return nil
}
