package kernel

import "unsafe"

// tile6Args are the arguments of the functions in packed_tile_avx2_amd64.s.
type tile6Args struct {
	panel, acts, y unsafe.Pointer
	ldy            int
	groups         int
	nb             int
	last           int
	spare          unsafe.Pointer
	next           uintptr // where, perhaps past the weights' end, nothing is read
	asks           int
}

//go:noescape
func tileBytes6(a *tile6Args)

//go:noescape
func tileBytes4(a *tile6Args)

//go:noescape
func tileWords6(a *tile6Args)

//go:noescape
func tileWords4(a *tile6Args)

//go:noescape
func tileFloats6(a *tile6Args)

//go:noescape
func tileFloats4(a *tile6Args)

//go:noescape
func tilePairs6(a *tile6Args)

//go:noescape
func tilePairs4(a *tile6Args)

//go:noescape
func panelBytesMX(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelWordsMX(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelWordsQ8(dst, w unsafe.Pointer, nb int)

//go:noescape
func gatherBytes(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)

//go:noescape
func gatherWords8(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)

//go:noescape
func gatherWords16(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)

//go:noescape
func gatherFloats(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)

//go:noescape
func gatherBF16(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)

// inner is the form in which weights and vectors meet in a tile.
type inner uint8

const (
	innerBytes  inner = iota // MXFP4 and int8
	innerWords               // other integers, as 16 bits
	innerFloats              // BF16 and float32
	innerPairs               // BF16 and bf16
)

func innerOf(w Form, x ActForm) inner {
	switch {
	case x == ActF32:
		return innerFloats
	case x == ActBF16:
		return innerPairs
	case w == FormMXFP4 && x == ActInt8:
		return innerBytes
	}
	return innerWords
}

// shape gives the blocks of a panel, so many that it and a group of vectors fit the first cache, the
// steps in which a block is done, and the bytes of a block of a group of vectors.
func (i inner) shape() (deep, steps, group int) {
	switch i {
	case innerBytes:
		return 32, 1, 240
	case innerWords:
		return 16, 1, 408
	}
	return 8, 2, 768
}

// The parts of the scratch: a panel, the vectors, and results of what is not a whole tile.
const (
	maxGroups  = 11
	panelRoom  = 32 * 576
	gatherRoom = maxGroups*32*240 + 64
	edgeRoom   = (6*maxGroups + 1) * TileRows * 4
)

const _ = uint(pieceScratch - panelRoom - gatherRoom - edgeRoom) // it fits

// groupsOf cuts m vectors into groups of six and then of four, of which only the last is short.
func groupsOf(m int) (sixes, fours int) {
	pairs := (m + 1) / 2
	switch {
	case pairs == 1:
		return 0, 1
	case pairs%3 == 0:
		return pairs / 3, 0
	case pairs%3 == 1:
		return pairs/3 - 1, 2
	}
	return pairs / 3, 1
}

// mulTilesAVX2 goes through the vectors in parts that fit the second cache, through the columns in
// panels that fit the first, and through the rows a tile at a time. y holds the sums between panels.
func mulTilesAVX2(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, n int, bias []float32, scratch []byte) {
	scratch = scratch[:PanelBytes(p.Cols)]
	scratch = scratch[-uintptr(unsafe.Pointer(&scratch[0]))&63:]
	parts := (n + 6*maxGroups - 1) / (6 * maxGroups)
	part := ((n+parts-1)/parts + 1) &^ 1
	for t := 0; t < n; t += part {
		m := min(part, n-t)
		for i := range m {
			row := y[(t+i)*ldy:][lo:hi]
			if bias != nil {
				copy(row, bias[lo:hi])
			} else {
				clear(row)
			}
		}
		mulPart(y[t*ldy:], ldy, p, lo, hi, a, index, t, m, scratch)
	}
}

// mulPart adds to y the products with vectors t..t+m-1, or those that index has there.
func mulPart(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, t, m int, scratch []byte) {
	nb, group := blocks(p.Cols), p.Form.groupBytes()
	in := innerOf(p.Form, a.Form)
	deep, steps, _ := in.shape()
	edge := unsafe.Slice((*float32)(unsafe.Pointer(&scratch[panelRoom+gatherRoom])), edgeRoom/4)
	spare := edge[len(edge)-TileRows:]
	clear(spare)
	args := tile6Args{acts: unsafe.Pointer(&scratch[panelRoom]), spare: unsafe.Pointer(&spare[0])}
	sixes, fours := groupsOf(m)
	for k := 0; k < nb; k += deep {
		args.nb = min(deep, nb-k)
		gatherPart(in, a, index, t, m, k, args.nb, args.acts)
		lines, all := args.nb*group/64+1, (sixes+fours)*args.nb*steps
		args.asks = (lines + all - 1) / all
		for r := lo; r < hi; r += TileRows {
			w := p.Data[(r/TileRows*nb+k)*group:]
			args.next = address(&w[0])
			if r+TileRows < hi {
				args.next = address(&w[nb*group])
			} else if k+deep < nb {
				args.next = address(&p.Data[(lo/TileRows*nb+k+deep)*group])
			}
			args.panel = unsafe.Pointer(&w[0])
			if in <= innerWords {
				args.panel = unsafe.Pointer(&scratch[0])
				panel(in, p.Form, args.panel, unsafe.Pointer(&w[0]), args.nb)
			}
			if r+TileRows <= hi {
				tileGroups(in, args, y[r:], ldy, sixes, fours, m)
				continue
			}
			// Rows that do not fill a tile.
			for i := range m {
				copy(edge[i*TileRows:], y[i*ldy+r:i*ldy+hi])
			}
			tileGroups(in, args, edge, TileRows, sixes, fours, m)
			for i := range m {
				copy(y[i*ldy+r:i*ldy+hi], edge[i*TileRows:])
			}
		}
	}
}

// gatherPart puts nb blocks, from k on, of the vectors at dst, group after group.
func gatherPart(in inner, a *Acts, index []int32, t, m, k, nb int, dst unsafe.Pointer) {
	stride, at := a.stride(), k*a.Form.blockBytes()
	_, _, size := in.shape()
	sixes, fours := groupsOf(m)
	first := 0
	for g := range sixes + fours {
		var x [6]unsafe.Pointer
		for i := range x {
			from := t + min(first+i, m-1)
			if index != nil {
				from = int(index[from])
			}
			x[i] = unsafe.Pointer(&a.Data[from*stride+at])
		}
		gather(in, a.Form, unsafe.Add(dst, g*nb*size), &x, nb)
		if first += 6; g >= sixes {
			first -= 2
		}
	}
}

// tileGroups adds the products of a panel with all groups to the 16 first columns of y.
func tileGroups(in inner, args tile6Args, y []float32, ldy, sixes, fours, m int) {
	_, steps, size := in.shape()
	args.y, args.ldy = unsafe.Pointer(&y[0]), 4*ldy
	if sixes > 0 {
		args.groups, args.last = sixes, min(6, m-6*(sixes-1))
		tile6(in, &args)
		args.acts = unsafe.Add(args.acts, sixes*args.nb*size)
		args.next += uintptr(sixes * args.nb * steps * args.asks * 64)
	}
	if fours > 0 {
		args.y = unsafe.Pointer(&y[6*sixes*ldy])
		args.groups, args.last = fours, m-6*sixes-4*(fours-1)
		tile4(in, &args)
	}
}

func address(b *byte) uintptr { return uintptr(unsafe.Pointer(b)) }

// tile6 calls by name, as do the others, because through a variable the arguments would escape.
func tile6(in inner, a *tile6Args) {
	switch in {
	case innerBytes:
		tileBytes6(a)
	case innerWords:
		tileWords6(a)
	case innerFloats:
		tileFloats6(a)
	default:
		tilePairs6(a)
	}
}

func tile4(in inner, a *tile6Args) {
	switch in {
	case innerBytes:
		tileBytes4(a)
	case innerWords:
		tileWords4(a)
	case innerFloats:
		tileFloats4(a)
	default:
		tilePairs4(a)
	}
}

func panel(in inner, w Form, dst, from unsafe.Pointer, nb int) {
	switch {
	case in == innerBytes:
		panelBytesMX(dst, from, nb)
	case w == FormMXFP4:
		panelWordsMX(dst, from, nb)
	default:
		panelWordsQ8(dst, from, nb)
	}
}

func gather(in inner, x ActForm, dst unsafe.Pointer, from *[6]unsafe.Pointer, nb int) {
	switch {
	case in == innerBytes:
		gatherBytes(dst, from, nb)
	case x == ActInt8:
		gatherWords8(dst, from, nb)
	case x == ActInt16:
		gatherWords16(dst, from, nb)
	case x == ActF32:
		gatherFloats(dst, from, nb)
	default:
		gatherBF16(dst, from, nb)
	}
}
