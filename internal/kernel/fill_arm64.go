package kernel

import "unsafe"

//go:noescape
func fillMX(dst, scales, codes unsafe.Pointer, nb int)

//go:noescape
func fillBF16(dst, values unsafe.Pointer, octets int)

//go:noescape
func fillQ8(codes, scales, row unsafe.Pointer, nb int)

func fillNEON(p *Packed, at int, m *Matrix) error { return p.fill(at, m, fillTile) }

// fillTile packs a whole tile, if it is of a kind that it knows.
func fillTile(dst []byte, f Form, m *Matrix, r0 int) bool {
	nb := m.Cols / block
	if m.Cols%block != 0 {
		return false
	}
	switch {
	case f == FormMXFP4:
		packScales(dst, m, r0, TileRows)
		codes := m.Data[r0*nb*16:][:TileRows*nb*16]
		for r := 0; r < TileRows; r += 4 {
			fillMX(unsafe.Pointer(&dst[4*r]), unsafe.Pointer(&dst[256+r]), unsafe.Pointer(&codes[r*nb*16]), nb)
		}
		return true
	case f == FormBF16 && m.Format == BF16:
		values := m.Data[r0*m.Cols*2:][:TileRows*m.Cols*2]
		for r := 0; r < TileRows; r += 4 {
			fillBF16(unsafe.Pointer(&dst[4*r]), unsafe.Pointer(&values[r*m.Cols*2]), m.Cols/8)
		}
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
