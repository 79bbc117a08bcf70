package kernel

import "unsafe"

// vecArgs are the arguments of the functions for one vector: see packed_vec_arm64.h.
type vecArgs struct {
	w, y  [4]unsafe.Pointer
	x     unsafe.Pointer
	tiles int
	nb    int
}

//go:noescape
func vecMX8Dot(a *vecArgs)

//go:noescape
func vecMX16Dot(a *vecArgs)

//go:noescape
func vecQ8x8Dot(a *vecArgs)

//go:noescape
func vecQ8x16Dot(a *vecArgs)

//go:noescape
func vecMX8NEON(a *vecArgs)

//go:noescape
func vecMX16NEON(a *vecArgs)

//go:noescape
func vecQ8x8NEON(a *vecArgs)

//go:noescape
func vecQ8x16NEON(a *vecArgs)

//go:noescape
func vecBF32(a *vecArgs)

//go:noescape
func vecBF16(a *vecArgs)

// tileArgs are the arguments of the functions for many vectors: see packed_tile_arm64.s.
type tileArgs struct {
	w    unsafe.Pointer
	x, y [groupVectors]unsafe.Pointer
	bias unsafe.Pointer
	nb   int
}

//go:noescape
func tile8Dot(a *tileArgs)

//go:noescape
func tile16Dot(a *tileArgs)

//go:noescape
func tile8Pairs(a *tileArgs)

//go:noescape
func tile16Pairs(a *tileArgs)

//go:noescape
func tileBF32(a *tileArgs)

//go:noescape
func tileBF16(a *tileArgs)

//go:noescape
func panelMX(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelQ8(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelMXPairs(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelQ8Pairs(dst, w unsafe.Pointer, nb int)

// integers is the best instruction for whole numbers.
type integers uint8

const (
	bySMULL integers = iota
	bySDOT
	bySMMLA // for many vectors; SDOT for one
)

// Vectors are taken six at a time, each with half a tile of rows. A rest of fewVectors goes one by
// one: by the count of instructions that is less work than a group half empty.
const (
	groupVectors = 6
	halfTile     = TileRows / 2
	fewVectors   = 2
)

func mulI8MM(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte) {
	mulVectors(bySMMLA, y, ldy, p, lo, hi, a, index, bias, scratch)
}

func mulDotProd(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte) {
	mulVectors(bySDOT, y, ldy, p, lo, hi, a, index, bias, scratch)
}

func mulNEON(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte) {
	mulVectors(bySMULL, y, ldy, p, lo, hi, a, index, bias, scratch)
}

// mulVectors is Ops.Mul. Without SDOT whole numbers go vector by vector.
func mulVectors(by integers, y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte) {
	n := a.N()
	if index != nil {
		n = len(index)
	}
	if lo >= hi {
		return
	}
	tiled := n - n%groupVectors
	if n-tiled > fewVectors {
		tiled = n
	}
	if by == bySMULL && p.Form != FormBF16 {
		tiled = 0
	}
	if tiled > 0 {
		mulTiles(by == bySMMLA, y, ldy, p, lo, hi, a, index, tiled, bias, scratch)
	}
	for t := tiled; t < n; t++ {
		row := y[t*ldy+lo : t*ldy+hi]
		if bias != nil {
			copy(row, bias[lo:hi])
		} else {
			clear(row)
		}
	}
	step := hi - lo
	if n-tiled > 1 {
		step = 4 * TileRows // which stay in the cache for the other vectors
	}
	for r := lo; r < hi; r += step {
		for t := tiled; t < n; t++ {
			mulVec(by != bySMULL, y[t*ldy:], p, r, min(r+step, hi), a, a.vector(t, index))
		}
	}
}

// vector is the t-th vector of a product.
func (a *Acts) vector(t int, index []int32) []byte {
	if index != nil {
		t = int(index[t])
	}
	return a.Data[t*a.stride():][:a.stride()]
}

// callBlocks is how many blocks of each stream a call of assembly, which cannot be preempted, takes: by the
// count of instructions less than a tenth of a millisecond on a small core.
const callBlocks = 180

// mulVec adds the product of rows lo..hi-1 with the vector x to y.
func mulVec(dot bool, y []float32, p *Packed, lo, hi int, a *Acts, x []byte) {
	nb := blocks(p.Cols)
	tile := nb * p.Form.groupBytes()
	w := p.Data[lo/TileRows*tile:][:(hi-lo+TileRows-1)/TileRows*tile]
	args := vecArgs{x: unsafe.Pointer(&x[0]), nb: nb}
	tiles := (hi - lo) / (4 * TileRows) // of each stream
	for done := 0; done < tiles; done += args.tiles {
		args.tiles = min(max(1, callBlocks/nb), tiles-done)
		for j := range 4 {
			i := j*tiles + done
			args.w[j] = unsafe.Pointer(&w[i*tile])
			args.y[j] = unsafe.Pointer(&y[lo+i*TileRows])
		}
		vec(dot, p.Form, a.Form, &args)
	}
	w = w[4*tiles*tile:]
	lo += 4 * tiles * TileRows
	if lo == hi {
		return
	}
	// Up to four tiles, the last perhaps short, go through a buffer.
	var buf [4 * TileRows]float32
	copy(buf[:], y[lo:hi])
	args.tiles = 1
	for j := range 4 {
		args.w[j] = unsafe.Pointer(&w[min(j*tile, len(w)-tile)])
		args.y[j] = unsafe.Pointer(&buf[j*TileRows])
	}
	vec(dot, p.Form, a.Form, &args)
	copy(y[lo:hi], buf[:])
}

// vec calls by name, because through a variable the arguments would escape.
func vec(dot bool, w Form, x ActForm, a *vecArgs) {
	switch {
	case x == ActF32:
		vecBF32(a)
	case x == ActBF16:
		vecBF16(a)
	case dot && w == FormMXFP4 && x == ActInt8:
		vecMX8Dot(a)
	case dot && w == FormMXFP4:
		vecMX16Dot(a)
	case dot && x == ActInt8:
		vecQ8x8Dot(a)
	case dot:
		vecQ8x16Dot(a)
	case w == FormMXFP4 && x == ActInt8:
		vecMX8NEON(a)
	case w == FormMXFP4:
		vecMX16NEON(a)
	case x == ActInt8:
		vecQ8x8NEON(a)
	default:
		vecQ8x16NEON(a)
	}
}

// mulTiles sets the first n vectors of y, tile by tile: whole numbers are decoded to a panel
// that stays in the cache for all groups of vectors.
func mulTiles(pairs bool, y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, n int, bias []float32, scratch []byte) {
	nb := blocks(p.Cols)
	size := nb * p.Form.groupBytes()
	for r := lo; r < hi; r += TileRows {
		w := unsafe.Pointer(&p.Data[r/TileRows*size:][:size][0])
		second := uintptr(32) // from the first half of the rows to the second
		if p.Form != FormBF16 {
			panel := unsafe.Pointer(&scratch[:PanelBytes(p.Cols)][0])
			switch {
			case pairs && p.Form == FormMXFP4:
				panelMXPairs(panel, w, nb)
			case pairs:
				panelQ8Pairs(panel, w, nb)
			case p.Form == FormMXFP4:
				panelMX(panel, w, nb)
			default:
				panelQ8(panel, w, nb)
			}
			w, second = panel, uintptr(nb*panelBlock/2)
		}
		mulHalf(pairs, y, ldy, r, min(r+halfTile, hi), w, a, index, n, bias)
		if r+halfTile < hi {
			mulHalf(pairs, y, ldy, r+halfTile, min(r+TileRows, hi), unsafe.Add(w, second), a, index, n, bias)
		}
	}
}

// mulHalf does rows lo..hi-1, eight or the fewer that there are, from the weights at w.
func mulHalf(pairs bool, y []float32, ldy, lo, hi int, w unsafe.Pointer, a *Acts, index []int32, n int, bias []float32) {
	var first [halfTile]float32
	if bias != nil {
		copy(first[:], bias[lo:hi])
	}
	args := tileArgs{w: w, bias: unsafe.Pointer(&first), nb: blocks(a.Cols)}
	var short [groupVectors][halfTile]float32
	for t := 0; t < n; t += groupVectors {
		for i := range groupVectors {
			j := min(t+i, n-1) // a group that is not full repeats the last vector, and sets its y again
			args.x[i] = unsafe.Pointer(&a.vector(j, index)[0])
			args.y[i] = unsafe.Pointer(&short[i])
			if hi-lo == halfTile {
				args.y[i] = unsafe.Pointer(&y[j*ldy+lo : j*ldy+hi][0])
			}
		}
		switch {
		case pairs && a.Form == ActInt8:
			tile8Pairs(&args)
		case pairs && a.Form == ActInt16:
			tile16Pairs(&args)
		case a.Form == ActInt8:
			tile8Dot(&args)
		case a.Form == ActInt16:
			tile16Dot(&args)
		case a.Form == ActF32:
			tileBF32(&args)
		default:
			tileBF16(&args)
		}
		if hi-lo < halfTile {
			for i := range min(groupVectors, n-t) {
				copy(y[(t+i)*ldy+lo:(t+i)*ldy+hi], short[i][:])
			}
		}
	}
}
