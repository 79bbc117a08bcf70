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
	if n > fewVectors {
		mulTilesAVX2(y, ldy, p, lo, hi, a, index, n, bias, scratch)
		return
	}
	mulFew(y, ldy, p, lo, hi, a, index, n, bias, true)
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
