package kernel

import "unsafe"

//go:noescape
func fillMXAVX2(dst, codes unsafe.Pointer, nb int)

//go:noescape
func fillLinesAVX2(dst, rows unsafe.Pointer, n int)

//go:noescape
func fillQ8AVX2(codes, scales, row unsafe.Pointer, nb int)

func fillAVX2(p *Packed, at int, m *Matrix) error { return p.fill(at, m, fillTileAVX2) }

// fillTileAVX2 packs a whole tile, if it is of a kind that it knows.
func fillTileAVX2(dst []byte, f Form, m *Matrix, r0 int) bool {
	nb := m.Cols / block
	switch {
	case m.Cols%block != 0:
		return false
	case f == FormMXFP4:
		packScales(dst, m, r0, TileRows)
		codes := m.Data[r0*nb*16:][:TileRows*nb*16]
		fillMXAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&codes[0]), nb)
		return true
	case f == FormQ8 && m.Format == BF16:
		for r := range TileRows {
			row := m.Data[(r0+r)*m.Cols*2:][:m.Cols*2]
			fillQ8AVX2(unsafe.Pointer(&dst[r*4]), unsafe.Pointer(&dst[512+2*r]), unsafe.Pointer(&row[0]), nb)
		}
		return true
	case f == FormBF16 && m.Format == BF16:
		rows := m.Data[r0*m.Cols*2:][:TileRows*m.Cols*2]
		fillLinesAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&rows[0]), 4*nb)
		return true
	}
	return false
}
