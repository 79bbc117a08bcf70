package sample

// Mask is a set of allowed ids, a bit each, low bits first. A nil Mask allows all.
type Mask []uint64

// NewMask gives room for vocab ids, all allowed.
func NewMask(vocab int) Mask {
	m := make(Mask, (vocab+63)/64)
	m.AllowAll()
	return m
}

// AllowAll allows every id.
func (m Mask) AllowAll() {
	for i := range m {
		m[i] = ^uint64(0)
	}
}

// Forbid removes an id.
func (m Mask) Forbid(id uint32) {
	if int(id/64) < len(m) {
		m[id/64] &^= 1 << (id % 64)
	}
}

// Allows reports whether id may be chosen. Ids past the mask's end may not.
func (m Mask) Allows(id uint32) bool {
	return m == nil || int(id/64) < len(m) && m[id/64]>>(id%64)&1 != 0
}
