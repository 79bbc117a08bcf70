package kernel

//go:noescape
func vecMX8AVX2(a *vecArgs)

//go:noescape
func vecMX16AVX2(a *vecArgs)

//go:noescape
func vecQ8x8AVX2(a *vecArgs)

//go:noescape
func vecQ8x16AVX2(a *vecArgs)

//go:noescape
func vecBF32AVX2(a *vecArgs)

//go:noescape
func vecBFDotAVX2(a *vecArgs)

func mulAVX2(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte) {
	n := a.N()
	if index != nil {
		n = len(index)
	}
	if lo >= hi {
		return
	}
	switch {
	case n > 1 && n <= pairVectors && pairable(p.Form, a.Form):
		mulPairs(y, ldy, p, lo, hi, a, index, n, bias)
	case n > fewVectors:
		mulTilesAVX2(y, ldy, p, lo, hi, a, index, n, bias, scratch)
	default:
		mulFew(y, ldy, p, lo, hi, a, index, n, bias, true)
	}
}

// pairVectors is up to how many vectors go two by two.
const pairVectors = 4

// mulPairs takes the vectors two by two, over rows that stay in the cache for the others.
func mulPairs(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, n int, bias []float32) {
	vector := func(t int) []byte {
		if index != nil {
			t = int(index[t])
		}
		return a.Data[t*a.stride():][:a.stride()]
	}
	for t := range n {
		if row := y[t*ldy+lo : t*ldy+hi]; bias != nil {
			copy(row, bias[lo:hi])
		} else {
			clear(row)
		}
	}
	step := 4 * TileRows
	if n == 2 {
		step *= 1 + callBytes/p.Form.Bytes(step, p.Cols)
	}
	for r := lo; r < hi; r += step {
		end := min(r+step, hi)
		for t := 0; t < n; t += 2 {
			from := r
			if t+1 < n {
				from = mulPair(y[t*ldy:], y[(t+1)*ldy:], p, r, end, a, vector(t), vector(t+1))
			}
			for i := t; i < min(t+2, n) && from < end; i++ {
				mulVec(y[i*ldy:], p, from, end, a, vector(i), true)
			}
		}
	}
}

// vecAVX2 is vec: it adds the product of four streams of tiles with one vector.
func vecAVX2(w Form, x ActForm, a *vecArgs) {
	switch {
	case w == FormMXFP4 && x == ActInt8:
		vecMX8AVX2(a)
	case w == FormMXFP4:
		vecMX16AVX2(a)
	case w == FormQ8 && x == ActInt8:
		vecQ8x8AVX2(a)
	case w == FormQ8:
		vecQ8x16AVX2(a)
	case x == ActF32:
		vecBF32AVX2(a)
	default:
		vecBFDotAVX2(a)
	}
}
