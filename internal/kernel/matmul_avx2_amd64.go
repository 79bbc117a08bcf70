package kernel

//go:noescape
func vec8BF16AVX2(y, x *float32, w *byte, blocks int)

//go:noescape
func vec1BF16AVX2(y, x *float32, w *byte, blocks int)

//go:noescape
func vec8MXFP4AVX2(y, x *float32, codes, scales *byte, values *[256]float32, blocks int)

//go:noescape
func vec1MXFP4AVX2(y, x *float32, codes, scales *byte, values *[256]float32, blocks int)

//go:noescape
func panelBF16AVX2(dst *float32, w *byte, rows, blocks, ld, ahead int)

//go:noescape
func panelMXFP4AVX2(dst *float32, codes, scales *byte, values *[256]float32, rows, blocks, ld, ahead int)

//go:noescape
func orderBF16(dst, x *float32, blocks int)

//go:noescape
func orderMXFP4(dst, x *float32, blocks int)

//go:noescape
func tile4x3(sums, w, x *float32, blocks int)

//go:noescape
func addLanes(dst, sums *float32, n int)

// scaleValues is e8m0 of every byte: a load in place of what AVX2 has no single instruction for.
var scaleValues = makeScaleValues()

func makeScaleValues() (t [256]float32) {
	for i := range t {
		t[i] = e8m0(byte(i))
	}
	return t
}

// matMulAVX2 does whole blocks of BF16 and MXFP4; other shapes go to the Go version, which is
// fine for the promise of one order: the choice depends on the matrix alone.
func matMulAVX2(y []float32, ldy int, m *Matrix, lo, hi int, x []float32, ldx, n int, bias, scratch []float32) {
	if m.Format == F32 || m.Cols%block != 0 {
		matMul(y, ldy, m, lo, hi, x, ldx, n, bias, scratch)
		return
	}
	if lo >= hi || n == 0 {
		return
	}
	// Measured: what is left of whole tiles goes one by one, its weights then in the cache, but for two
	// tokens of MXFP4; so do few tokens of bf16, which costs little to widen.
	tiled := n - n%tileTokens
	if m.Format == MXFP4 && n-tiled == 2 {
		tiled = n
	}
	if m.Format == BF16 && n < 4*tileTokens || n < tileTokens {
		tiled = 0
	}
	for r := lo; r < hi; r += panelRows {
		end := min(r+panelRows, hi)
		for t := 0; t < tiled; t += partTokens {
			panelAVX2(y[t*ldy:], ldy, m, r, end-r, x[t*ldx:], ldx, min(partTokens, tiled-t), scratch)
		}
		for t := tiled; t < n; t++ {
			matVecAVX2(y[t*ldy:][:end], m, r, end, x[t*ldx:][:m.Cols])
		}
	}
	if bias == nil {
		return
	}
	bias = bias[lo:hi]
	for t := range n {
		row := y[t*ldy+lo:][:len(bias)]
		for i, b := range bias {
			row[i] += b
		}
	}
}

func matVecAVX2(y []float32, m *Matrix, lo, hi int, x []float32) {
	nb := m.Cols / block
	r := lo
	switch m.Format {
	case BF16:
		w := m.Data[2*lo*m.Cols : 2*hi*m.Cols]
		for ; r+8 <= hi; r += 8 {
			vec8BF16AVX2(&y[r], &x[0], &w[2*(r-lo)*m.Cols], nb)
		}
		for ; r < hi; r++ {
			vec1BF16AVX2(&y[r], &x[0], &w[2*(r-lo)*m.Cols], nb)
		}
	case MXFP4:
		w, s := m.Data[lo*m.Cols/2:hi*m.Cols/2], m.Scales[lo*nb:hi*nb]
		for ; r+8 <= hi; r += 8 {
			vec8MXFP4AVX2(&y[r], &x[0], &w[(r-lo)*m.Cols/2], &s[(r-lo)*nb], &scaleValues, nb)
		}
		for ; r < hi; r++ {
			vec1MXFP4AVX2(&y[r], &x[0], &w[(r-lo)*m.Cols/2], &s[(r-lo)*nb], &scaleValues, nb)
		}
	}
}

// The tile, and how much of a matrix is before it at a time. Of so many columns eight rows and three
// tokens are in the first-level cache, all the rows of a panel and the tokens of a part in the second.
const (
	tileRows   = 4
	tileTokens = 3
	partBlocks = 16
	partTokens = 24 * tileTokens
	sumFloats  = 8 * tileRows * tileTokens
)

// panelAVX2 takes a panel of rows times some tokens, a part of the columns after the other: the rows are
// widened, the tokens ordered, then two quads of rows go through all tokens. Rows and tokens
// that do not fill a tile are made up with zeros.
func panelAVX2(y []float32, ldy int, m *Matrix, r0, rows int, x []float32, ldx, n int, scratch []float32) {
	nb := m.Cols / block
	quads, triples := (rows+tileRows-1)/tileRows, (n+tileTokens-1)/tileTokens
	width := min(nb, partBlocks) * block
	panel, scratch := scratch[:panelRows*width], scratch[panelRows*width:]
	group, scratch := scratch[:triples*tileTokens*width], scratch[triples*tileTokens*width:]
	sums := scratch[:quads*triples*sumFloats]
	clear(sums)
	for b := 0; b < nb; b += partBlocks {
		k := min(partBlocks, nb-b)
		width = k * block
		ahead := k // blocks from these to the next part, or to the first one of the next panel
		if b+k == nb {
			ahead = panelRows*nb - b
		}
		if rows%tileRows != 0 {
			clear(panel[(quads-1)*tileRows*width:][:tileRows*width])
		}
		for q := range quads {
			to, r, c := &panel[q*tileRows*width], r0+q*tileRows, min(tileRows, rows-q*tileRows)
			if m.Format == BF16 {
				panelBF16AVX2(to, &m.Data[2*(r*m.Cols+b*block)], c, k, 2*m.Cols, 64*ahead)
			} else {
				panelMXFP4AVX2(to, &m.Data[(r*nb+b)*block/2], &m.Scales[r*nb+b], &scaleValues, c, k, nb, 16*ahead)
			}
		}
		if n%tileTokens != 0 {
			clear(group[(triples-1)*tileTokens*width:][:tileTokens*width])
		}
		for t := range n {
			to, from := &group[t/tileTokens*tileTokens*width+t%tileTokens*8], x[t*ldx+b*block:][:width]
			if m.Format == BF16 {
				orderBF16(to, &from[0], k)
			} else {
				orderMXFP4(to, &from[0], k)
			}
		}
		for q := 0; q < quads; q += 2 {
			for t := range triples {
				for i := q; i < min(q+2, quads); i++ {
					tile4x3(&sums[(i*triples+t)*sumFloats], &panel[i*tileRows*width], &group[t*tileTokens*width], k)
				}
			}
		}
	}
	var out [tileRows * tileTokens]float32
	for q := range quads {
		for t := range triples {
			addLanes(&out[0], &sums[(q*triples+t)*sumFloats], len(out))
			for i := range min(tileRows, rows-q*tileRows) {
				for j := range min(tileTokens, n-t*tileTokens) {
					y[(t*tileTokens+j)*ldy+r0+q*tileRows+i] = out[i*tileTokens+j]
				}
			}
		}
	}
}
