package kernel

import "unsafe"

//go:noescape
func fillMX(dst, codes unsafe.Pointer, nb int)

//go:noescape
func fillQ8(codes, scales, row unsafe.Pointer, nb int)

func fillAVX512(p *Packed, at int, m *Matrix) error { return p.fill(at, m, fillTile) }

// fillTile packs a whole tile, if it is of a kind that it knows.
func fillTile(dst []byte, f Form, m *Matrix, r0 int) bool {
	nb := m.Cols / block
	switch {
	case m.Cols%block != 0:
		return false
	case f == FormMXFP4:
		packScales(dst, m, r0, TileRows)
		codes := m.Data[r0*nb*16:][:TileRows*nb*16]
		fillMX(unsafe.Pointer(&dst[0]), unsafe.Pointer(&codes[0]), nb)
		return true
	case f == FormQ8 && m.Format == BF16:
		for r := range TileRows {
			row := m.Data[(r0+r)*m.Cols*2:][:m.Cols*2]
			fillQ8(unsafe.Pointer(&dst[r*4]), unsafe.Pointer(&dst[512+2*r]), unsafe.Pointer(&row[0]), nb)
		}
		return true
	}
	return false
}
