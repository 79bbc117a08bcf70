package kernel

import "unsafe"

// pairArgs are the arguments of the functions in packed_pair_avx2_amd64.s.
type pairArgs struct {
	w     [2]unsafe.Pointer
	y     [2][2]unsafe.Pointer // of the first vector, of the second
	x     [2]unsafe.Pointer
	tiles int
	nb    int
}

//go:noescape
func pairQ8x8(a *pairArgs)

//go:noescape
func pairQ8x16(a *pairArgs)

//go:noescape
func pairMX8(a *pairArgs)

// pairable says whether two vectors meet weights of a form at once.
func pairable(w Form, x ActForm) bool {
	return w == FormQ8 && (x == ActInt8 || x == ActInt16) || w == FormMXFP4 && x == ActInt8
}

// mulPair adds the products of rows lo..hi-1 with the vectors x0 and x1 to y0 and y1, as far as they fill two streams
// of tiles, and gives the row from which on they do not.
func mulPair(y0, y1 []float32, p *Packed, lo, hi int, a *Acts, x0, x1 []byte) int {
	nb := blocks(p.Cols)
	tile := nb * p.Form.groupBytes()
	args := pairArgs{x: [2]unsafe.Pointer{unsafe.Pointer(&x0[0]), unsafe.Pointer(&x1[0])}, nb: nb}
	if args.tiles = (hi - lo) / (2 * TileRows); args.tiles == 0 {
		return lo
	}
	w := p.Data[lo/TileRows*tile:]
	for j := range 2 {
		i := j * args.tiles
		args.w[j] = unsafe.Pointer(&w[i*tile])
		args.y[0][j], args.y[1][j] = unsafe.Pointer(&y0[lo+i*TileRows]), unsafe.Pointer(&y1[lo+i*TileRows])
	}
	switch {
	case p.Form == FormMXFP4:
		pairMX8(&args)
	case a.Form == ActInt8:
		pairQ8x8(&args)
	default:
		pairQ8x16(&args)
	}
	return lo + 2*args.tiles*TileRows
}
