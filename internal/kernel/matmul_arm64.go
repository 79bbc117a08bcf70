package kernel

//go:noescape
func vec8BF16(y, x *float32, w *byte, blocks int)

//go:noescape
func vec1BF16(y, x *float32, w *byte, blocks int)

//go:noescape
func vec8MXFP4(y, x *float32, codes, scales *byte, blocks int)

//go:noescape
func vec1MXFP4(y, x *float32, codes, scales *byte, blocks int)

//go:noescape
func panelBF16(dst *float32, w *byte, blocks int)

//go:noescape
func panelMXFP4(dst *float32, codes, scales *byte, blocks int)

//go:noescape
func panelF32(dst, src *float32, blocks int)

//go:noescape
func tile4x6(y, w, x *float32, blocks, ldx int)

// matMulNEON does whole blocks of BF16 and MXFP4; other shapes go to the Go version, which is
// fine for the promise of one order: the choice depends on the matrix alone.
func matMulNEON(y []float32, ldy int, m *Matrix, lo, hi int, x []float32, ldx, n int, bias, scratch []float32) {
	if m.Format == F32 || m.Cols%block != 0 {
		matMul(y, ldy, m, lo, hi, x, ldx, n, bias, scratch)
		return
	}
	if lo >= hi || n == 0 {
		return
	}
	// As on AVX-512: widening a panel pays from two tiles of tokens on; a tile pays when it is more than
	// half full. The rest goes one by one, its weights then in the cache. Not tuned on hardware.
	tiled := n - n%panelTokens
	if n-tiled > 3 {
		tiled = n
	}
	if n < 2*panelTokens {
		tiled = 0
	}
	if tiled > 0 {
		manyNEON(y, ldy, m, lo, hi, x, ldx, tiled, scratch)
	}
	for t := tiled; t < n; t++ {
		matVecNEON(y[t*ldy:][:hi], m, lo, hi, x[t*ldx:][:m.Cols])
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

func matVecNEON(y []float32, m *Matrix, lo, hi int, x []float32) {
	nb := m.Cols / block
	r := lo
	switch m.Format {
	case BF16:
		w := m.Data[2*lo*m.Cols : 2*hi*m.Cols]
		for ; r+8 <= hi; r += 8 {
			vec8BF16(&y[r], &x[0], &w[2*(r-lo)*m.Cols], nb)
		}
		for ; r < hi; r++ {
			vec1BF16(&y[r], &x[0], &w[2*(r-lo)*m.Cols], nb)
		}
	case MXFP4:
		w, s := m.Data[lo*m.Cols/2:hi*m.Cols/2], m.Scales[lo*nb:hi*nb]
		for ; r+8 <= hi; r += 8 {
			vec8MXFP4(&y[r], &x[0], &w[(r-lo)*m.Cols/2], &s[(r-lo)*nb], nb)
		}
		for ; r < hi; r++ {
			vec1MXFP4(&y[r], &x[0], &w[(r-lo)*m.Cols/2], &s[(r-lo)*nb], nb)
		}
	}
}

// manyNEON widens a panel of rows, then takes six tokens at a time through it, four rows in
// a tile. Rows and tokens that do not fill a tile are made up with zeros.
func manyNEON(y []float32, ldy int, m *Matrix, lo, hi int, x []float32, ldx, n int, scratch []float32) {
	cols, nb := m.Cols, m.Cols/block
	panel, group := scratch[:panelRows*cols], scratch[panelRows*cols:][:panelTokens*cols]
	var out [4 * panelTokens]float32
	for r0 := lo; r0 < hi; r0 += panelRows {
		rows := min(panelRows, hi-r0)
		if m.Format == BF16 {
			panelBF16(&panel[0], &m.Data[2*r0*cols : 2*(r0+rows)*cols][0], rows*nb)
		} else {
			panelMXFP4(&panel[0], &m.Data[r0*cols/2 : (r0+rows)*cols/2][0], &m.Scales[r0*nb : (r0+rows)*nb][0], rows*nb)
		}
		for i := rows; i%4 != 0; i++ {
			clear(panel[i*cols : (i+1)*cols])
		}
		for t0 := 0; t0 < n; t0 += panelTokens {
			tokens := min(panelTokens, n-t0)
			for t := range tokens {
				panelF32(&group[t*cols], &x[(t0+t)*ldx : (t0+t)*ldx+cols][0], nb)
			}
			clear(group[tokens*cols:])
			for i := 0; i < rows; i += 4 {
				tile4x6(&out[0], &panel[i*cols], &group[0], nb, cols)
				for t := range tokens {
					copy(y[(t0+t)*ldy+r0+i:(t0+t)*ldy+r0+min(i+4, rows)], out[4*t:])
				}
			}
		}
	}
}
