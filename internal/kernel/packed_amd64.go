package kernel

import "unsafe"

// vecArgs are the arguments of the functions in packed_vec*_amd64.s.
type vecArgs struct {
	w, y  [4]unsafe.Pointer
	x     unsafe.Pointer
	tiles int
	nb    int
}

//go:noescape
func vecMX8(a *vecArgs)

//go:noescape
func vecMX16(a *vecArgs)

//go:noescape
func vecQ8x8(a *vecArgs)

//go:noescape
func vecQ8x16(a *vecArgs)

//go:noescape
func vecBF32(a *vecArgs)

//go:noescape
func vecBFDot(a *vecArgs)

// tileArgs are the arguments of the functions in packed_tile_amd64.s.
type tileArgs struct {
	w0, w1, x unsafe.Pointer
	stride    int
	index, y  unsafe.Pointer
	ldy       int
	bias      unsafe.Pointer
	groups    int
	nb        int
	next      unsafe.Pointer
	asks      int
	done      int
	vectors   int
	steps     int // of a group, each with its asks
	rest      int // bytes from next on
}

//go:noescape
func tileMX8(a *tileArgs)

//go:noescape
func tileMX16(a *tileArgs)

//go:noescape
func tileMagic(a *tileArgs)

//go:noescape
func tileQ8x8(a *tileArgs)

//go:noescape
func tileQ8x16(a *tileArgs)

//go:noescape
func tileF32(a *tileArgs)

//go:noescape
func tileBFDot(a *tileArgs)

//go:noescape
func panelMX(dst, w unsafe.Pointer, nb int, limits *[32]byte)

// fewVectors is up to how many vectors it is better to decode the weights for each in
// registers than once for all in memory.
const fewVectors = 3

func mulAVX512(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte) {
	n := a.N()
	if index != nil {
		n = len(index)
	}
	if lo >= hi {
		return
	}
	if n > fewVectors {
		mulTiles(y, ldy, p, lo, hi, a, index, n, bias, scratch)
		return
	}
	mulFew(y, ldy, p, lo, hi, a, index, n, bias, false)
}

// callBytes is about how much a call reads for one vector: assembly cannot be preempted.
const callBytes = 1 << 20

// mulFew decodes the weights in registers, for each vector anew.
func mulFew(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, n int, bias []float32, avx2 bool) {
	for t := range n {
		row := y[t*ldy+lo : t*ldy+hi]
		if bias != nil {
			copy(row, bias[lo:hi])
		} else {
			clear(row)
		}
	}
	step := 4 * TileRows // which stay in the cache for the other vectors
	if n == 1 {
		step *= 1 + callBytes/p.Form.Bytes(step, p.Cols)
	}
	for r := lo; r < hi; r += step {
		for t := range n {
			from := t
			if index != nil {
				from = int(index[t])
			}
			mulVec(y[t*ldy:], p, r, min(r+step, hi), a, a.Data[from*a.stride():][:a.stride()], avx2)
		}
	}
}

// mulVec adds the product of rows lo..hi-1 with the vector x to y.
func mulVec(y []float32, p *Packed, lo, hi int, a *Acts, x []byte, avx2 bool) {
	nb := blocks(p.Cols)
	tile := nb * p.Form.groupBytes()
	w := p.Data[lo/TileRows*tile:][:(hi-lo+TileRows-1)/TileRows*tile]
	args := vecArgs{x: unsafe.Pointer(&x[0]), nb: nb}
	if args.tiles = (hi - lo) / (4 * TileRows); args.tiles > 0 {
		for j := range 4 {
			i := j * args.tiles
			args.w[j] = unsafe.Pointer(&w[i*tile])
			args.y[j] = unsafe.Pointer(&y[lo+i*TileRows])
		}
		vec(p.Form, a.Form, &args, avx2)
		w = w[4*args.tiles*tile:]
		lo += 4 * args.tiles * TileRows
	}
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
	vec(p.Form, a.Form, &args, avx2)
	copy(y[lo:hi], buf[:])
}

// vec calls by name, because through a variable the arguments would escape.
func vec(w Form, x ActForm, a *vecArgs, avx2 bool) {
	switch {
	case avx2:
		vecAVX2(w, x, a)
	case w == FormMXFP4 && x == ActInt8:
		vecMX8(a)
	case w == FormMXFP4:
		vecMX16(a)
	case w == FormQ8 && x == ActInt8:
		vecQ8x8(a)
	case w == FormQ8:
		vecQ8x16(a)
	case x == ActF32:
		vecBF32(a)
	default:
		vecBFDot(a)
	}
}

// panelVectors is from how many vectors on MXFP4 is better decoded once, to memory, than for
// each group of vectors.
const panelVectors = 13

// mulTiles goes through the rows two tiles at a time.
func mulTiles(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, n int, bias []float32, scratch []byte) {
	nb, group := blocks(p.Cols), groupVectors(a.Form)
	tile := nb * p.Form.groupBytes()
	panels := p.Form == FormMXFP4 && a.Form == ActInt8 && n >= panelVectors
	var limits [32]byte
	args := tileArgs{nb: nb, stride: a.stride(), steps: nb}
	if p.Form == FormBF16 {
		args.steps = 4 * nb
	}
	for r := lo; r < hi; r += 2 * TileRows {
		rows := min(2*TileRows, hi-r)
		w := p.Data[r/TileRows*tile:][:(rows+TileRows-1)/TileRows*tile]
		args.w0, args.w1 = unsafe.Pointer(&w[0]), unsafe.Pointer(&w[len(w)-tile])
		args.next, args.asks, args.rest = args.w0, 1, 0
		if next := p.Data[r/TileRows*tile+len(w):]; r+2*TileRows < hi {
			args.next = unsafe.Pointer(&next[0])
			args.rest = min(2*tile, len(next))
			all := (n + group - 1) / group * args.steps
			args.asks = (args.rest/64 + all) / all
		}
		magic := false
		if panels {
			panel := scratch[:PanelBytes(p.Cols)]
			panel = panel[-uintptr(unsafe.Pointer(&panel[0]))&63:]
			second := panel[nb*panelBlock:]
			panelMX(unsafe.Pointer(&panel[0]), args.w0, nb, &limits)
			if magic = inMagicRange(&limits); magic {
				panelMX(unsafe.Pointer(&second[0]), args.w1, nb, &limits)
				magic = inMagicRange(&limits)
			}
			if magic {
				args.w0, args.w1 = unsafe.Pointer(&panel[0]), unsafe.Pointer(&second[0])
			}
		}
		var b []float32
		if bias != nil {
			b = bias[r : r+rows]
		}
		mulTile(y[r:], ldy, rows, p.Form, a, index, n, b, magic, &args)
	}
}

// inMagicRange says that no scale is outside 2^-60..2^4: then, with the bounds that
// quantize keeps, no product of powers of two leaves the normal floats.
func inMagicRange(limits *[32]byte) bool {
	for i, s := range limits {
		if (i < 16 && s < 67) || s > 131 {
			return false
		}
	}
	return true
}

// groupVectors is how many vectors a tile takes at a time.
func groupVectors(x ActForm) int {
	if x == ActInt16 {
		return 4
	}
	return 6
}

// mulTile sets the first rows columns of y to the product with two tiles.
func mulTile(y []float32, ldy, rows int, w Form, a *Acts, index []int32, n int, bias []float32, magic bool, args *tileArgs) {
	group := groupVectors(a.Form)
	whole := 0
	if rows == 2*TileRows {
		whole = n / group * group
	}
	args.bias, args.index = nil, nil
	args.x = unsafe.Pointer(&a.Data[0])
	if whole > 0 {
		args.groups, args.done, args.vectors = whole/group, 0, 0
		args.y, args.ldy = unsafe.Pointer(&y[0]), 4*ldy
		if index != nil {
			args.index = unsafe.Pointer(&index[0])
		}
		if bias != nil {
			args.bias = unsafe.Pointer(&bias[0])
		}
		tile(w, a.Form, magic, args)
	}
	if whole < n {
		mulEdge(y, ldy, rows, w, a, index, whole, n, bias, magic, args)
	}
}

// mulEdge does a short group, or short rows, in a buffer.
func mulEdge(y []float32, ldy, rows int, w Form, a *Acts, index []int32, t, n int, bias []float32, magic bool, args *tileArgs) {
	group := groupVectors(a.Form)
	var buf struct {
		y     [6 * 2 * TileRows]float32
		bias  [2 * TileRows]float32
		which [6]int32
	}
	copy(buf.bias[:], bias)
	for ; t < n; t += group {
		for i := range group {
			j := min(t+i, n-1)
			if index != nil {
				j = int(index[j])
			}
			buf.which[i] = int32(j)
		}
		edge := *args // so that args, which the caller keeps, never points here
		if asked := t / group * args.steps * args.asks * 64; asked < args.rest {
			edge.next = unsafe.Add(args.next, asked)
		}
		edge.groups, edge.done, edge.vectors = 1, 0, 0
		edge.index, edge.bias = unsafe.Pointer(&buf.which[0]), unsafe.Pointer(&buf.bias[0])
		edge.y, edge.ldy = unsafe.Pointer(&buf.y[0]), 4*2*TileRows
		tile(w, a.Form, magic, &edge)
		for i := range min(group, n-t) {
			copy(y[(t+i)*ldy:][:rows], buf.y[i*2*TileRows:])
		}
	}
}

func tile(w Form, x ActForm, magic bool, a *tileArgs) {
	switch {
	case magic:
		tileMagic(a)
	case w == FormMXFP4 && x == ActInt8:
		tileMX8(a)
	case w == FormMXFP4:
		tileMX16(a)
	case w == FormQ8 && x == ActInt8:
		tileQ8x8(a)
	case w == FormQ8:
		tileQ8x16(a)
	case x == ActF32:
		tileF32(a)
	default:
		tileBFDot(a)
	}
}
