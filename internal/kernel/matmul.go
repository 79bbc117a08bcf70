package kernel

// The order of a row's sum, for every format and any number of tokens: columns in blocks
// of 32; in a block the even and the odd columns are summed apart, each in order, then
// added; the block's sum times its scale is added to the total; the bias comes last.

func matMul(y []float32, ldy int, m *Matrix, lo, hi int, x []float32, ldx, n int, bias, scratch []float32) {
	if n == 1 {
		matVec(y, m, lo, hi, x[:m.Cols], bias)
		return
	}
	cols := m.Cols
	nb := (cols + block - 1) / block
	panel, scales := scratch[:panelRows*cols], scratch[panelRows*cols:][:panelRows*nb]
	for r0 := lo; r0 < hi; r0 += panelRows {
		rows := min(panelRows, hi-r0)
		for i := range rows {
			decodeBlocks(panel[i*cols:(i+1)*cols], scales[i*nb:(i+1)*nb], m, r0+i, 0)
		}
		t := 0
		for ; t+2 <= n; t += 2 {
			xa, xb := x[t*ldx:t*ldx+cols], x[(t+1)*ldx:(t+1)*ldx+cols]
			i := 0
			for ; i+2 <= rows; i += 2 {
				a, b, c, d := tile2x2(panel[i*cols:(i+2)*cols], scales[i*nb:(i+2)*nb], xa, xb)
				y[t*ldy+r0+i], y[t*ldy+r0+i+1] = a, b
				y[(t+1)*ldy+r0+i], y[(t+1)*ldy+r0+i+1] = c, d
			}
			for ; i < rows; i++ {
				w, s := panel[i*cols:(i+1)*cols], scales[i*nb:(i+1)*nb]
				y[t*ldy+r0+i], y[(t+1)*ldy+r0+i] = dotScaled(w, s, xa), dotScaled(w, s, xb)
			}
		}
		for ; t < n; t++ {
			for i := range rows {
				y[t*ldy+r0+i] = dotScaled(panel[i*cols:(i+1)*cols], scales[i*nb:(i+1)*nb], x[t*ldx:t*ldx+cols])
			}
		}
	}
	if bias == nil {
		return
	}
	for t := range n {
		for r := lo; r < hi; r++ {
			y[t*ldy+r] += bias[r]
		}
	}
}

// dotScaled is one row times one token.
func dotScaled(w, scale, x []float32) float32 {
	var sum float32
	b := 0
	for ; (b+1)*block <= len(w); b++ {
		w, x := (*[block]float32)(w[b*block:]), (*[block]float32)(x[b*block:])
		var even, odd float32
		for i := 0; i < block; i += 2 {
			even += w[i] * x[i]
			odd += w[i+1] * x[i+1]
		}
		sum += scale[b] * (even + odd)
	}
	if b*block < len(w) {
		sum += scale[b] * tail(w[b*block:], x[b*block:])
	}
	return sum
}

// tail is the sum of a block that is cut short.
func tail(w, x []float32) float32 {
	var even, odd float32
	x = x[:len(w)]
	i := 0
	for ; i+2 <= len(w); i += 2 {
		even += w[i] * x[i]
		odd += w[i+1] * x[i+1]
	}
	if i < len(w) {
		even += w[i] * x[i]
	}
	return even + odd
}

// tile2x2 is two rows (w holds both, one after the other) times two tokens.
// It returns row 0 and 1 of token xa, then of token xb.
func tile2x2(w, scale, xa, xb []float32) (a0, a1, b0, b1 float32) {
	cols := len(xa)
	nb := len(scale) / 2
	w0, w1 := w[:cols], w[cols:2*cols]
	b := 0
	for ; (b+1)*block <= cols; b++ {
		k := b * block
		p, q := (*[block]float32)(w0[k:]), (*[block]float32)(w1[k:])
		u, v := (*[block]float32)(xa[k:]), (*[block]float32)(xb[k:])
		var pe, po, qe, qo, re, ro, se, so float32
		for i := 0; i < block; i += 4 {
			p, q := (*[4]float32)(p[i:i+4]), (*[4]float32)(q[i:i+4])
			u, v := (*[4]float32)(u[i:i+4]), (*[4]float32)(v[i:i+4])
			x, z := u[0], v[0]
			pe += p[0] * x
			qe += q[0] * x
			re += p[0] * z
			se += q[0] * z
			x, z = u[1], v[1]
			po += p[1] * x
			qo += q[1] * x
			ro += p[1] * z
			so += q[1] * z
			x, z = u[2], v[2]
			pe += p[2] * x
			qe += q[2] * x
			re += p[2] * z
			se += q[2] * z
			x, z = u[3], v[3]
			po += p[3] * x
			qo += q[3] * x
			ro += p[3] * z
			so += q[3] * z
		}
		s0, s1 := scale[b], scale[nb+b]
		a0 += s0 * (pe + po)
		a1 += s1 * (qe + qo)
		b0 += s0 * (re + ro)
		b1 += s1 * (se + so)
	}
	if k := b * block; k < cols {
		s0, s1 := scale[b], scale[nb+b]
		a0 += s0 * tail(w0[k:], xa[k:])
		a1 += s1 * tail(w1[k:], xa[k:])
		b0 += s0 * tail(w0[k:], xb[k:])
		b1 += s1 * tail(w1[k:], xb[k:])
	}
	return
}
