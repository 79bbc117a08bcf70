package kernel

import "unsafe"

// tile6Args are the arguments of the functions in packed_tile_avx2_amd64.s.
type tile6Args struct {
	panel, acts, y unsafe.Pointer
	ldy            int
	groups         int
	nb             int
	last           int
	spare, next    unsafe.Pointer
	asks           int
}

//go:noescape
func tileBytes(a *tile6Args)

//go:noescape
func tileWords(a *tile6Args)

//go:noescape
func tileFloats(a *tile6Args)

//go:noescape
func panelBytesMX(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelWordsMX(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelWordsQ8(dst, w unsafe.Pointer, nb int)

//go:noescape
func panelFloats(dst, w unsafe.Pointer, nb, first int)

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
	innerFloats              // BF16
)

func innerOf(w Form, x ActForm) inner {
	switch {
	case w == FormBF16:
		return innerFloats
	case w == FormMXFP4 && x == ActInt8:
		return innerBytes
	}
	return innerWords
}

// shape gives the blocks of a panel, so many that it and a group of vectors fit the first cache, and the
// bytes of a block of the panel and of a group of vectors.
func (i inner) shape() (deep, panel, group int) {
	switch i {
	case innerBytes:
		return 32, 576, 240
	case innerWords:
		return 16, 1088, 408
	}
	return 8, 2048, 768
}

// The parts of the scratch: a panel, the vectors, and results of what is not a whole tile.
const (
	groupSize  = 6
	maxGroups  = 11
	panelRoom  = 32 * 576
	gatherRoom = maxGroups*32*240 + 64
	edgeRoom   = (maxGroups*groupSize + 1) * TileRows * 4
)

const _ = uint(pieceScratch - panelRoom - gatherRoom - edgeRoom) // it fits

// mulTilesAVX2 goes through the vectors in parts that fit the second cache, through the columns in
// panels that fit the first, and through the rows a tile at a time. y holds the sums between panels.
func mulTilesAVX2(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, n int, bias []float32, scratch []byte) {
	scratch = scratch[:PanelBytes(p.Cols)]
	scratch = scratch[-uintptr(unsafe.Pointer(&scratch[0]))&63:]
	parts := (n + maxGroups*groupSize - 1) / (maxGroups * groupSize)
	part := (n + parts - 1) / parts
	part += (groupSize - part%groupSize) % groupSize
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
	nb, stride, group := blocks(p.Cols), a.stride(), p.Form.groupBytes()
	in := innerOf(p.Form, a.Form)
	deep, _, size := in.shape()
	acts := scratch[panelRoom:][:gatherRoom]
	edge := unsafe.Slice((*float32)(unsafe.Pointer(&scratch[panelRoom+gatherRoom])), edgeRoom/4)
	spare := edge[len(edge)-TileRows:]
	clear(spare)
	args := tile6Args{
		panel: unsafe.Pointer(&scratch[0]), acts: unsafe.Pointer(&acts[0]), spare: unsafe.Pointer(&spare[0]),
		last: (m-1)%groupSize + 1,
	}
	groups := (m + groupSize - 1) / groupSize
	for k := 0; k < nb; k += deep {
		args.nb = min(deep, nb-k)
		for g := range groups {
			var x [groupSize]unsafe.Pointer
			for i := range x {
				from := min(t+g*groupSize+i, t+m-1)
				if index != nil {
					from = int(index[from])
				}
				x[i] = unsafe.Pointer(&a.Data[from*stride+k*a.Form.blockBytes()])
			}
			gather(in, a.Form, unsafe.Pointer(&acts[g*args.nb*size]), &x, args.nb)
		}
		for r := lo; r < hi; r += TileRows {
			w := p.Data[(r/TileRows*nb+k)*group:]
			panel(in, p.Form, a.Form, args.panel, unsafe.Pointer(&w[0]), args.nb)
			args.next, args.asks = unsafe.Pointer(&w[0]), 1
			if next := nb * group; r+TileRows < hi {
				args.next = unsafe.Pointer(&w[next])
				args.asks = (group*args.nb/64 + groups*args.nb) / (groups * args.nb)
			}
			args.groups = groups
			if r+TileRows <= hi {
				args.y, args.ldy = unsafe.Pointer(&y[r]), 4*ldy
				tile6(in, &args)
				continue
			}
			// Rows that do not fill a tile.
			for i := range m {
				copy(edge[i*TileRows:], y[i*ldy+r:i*ldy+hi])
			}
			args.y, args.ldy = unsafe.Pointer(&edge[0]), 4*TileRows
			tile6(in, &args)
			for i := range m {
				copy(y[i*ldy+r:i*ldy+hi], edge[i*TileRows:])
			}
		}
	}
}

// tile6 calls by name, as do the others, because through a variable the arguments would escape.
func tile6(in inner, a *tile6Args) {
	switch in {
	case innerBytes:
		tileBytes(a)
	case innerWords:
		tileWords(a)
	default:
		tileFloats(a)
	}
}

func panel(in inner, w Form, x ActForm, dst, from unsafe.Pointer, nb int) {
	switch {
	case in == innerBytes:
		panelBytesMX(dst, from, nb)
	case w == FormMXFP4:
		panelWordsMX(dst, from, nb)
	case w == FormQ8:
		panelWordsQ8(dst, from, nb)
	case x == ActF32:
		panelFloats(dst, from, nb, 0)
	default:
		panelFloats(dst, from, nb, 64)
	}
}

func gather(in inner, x ActForm, dst unsafe.Pointer, from *[groupSize]unsafe.Pointer, nb int) {
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
