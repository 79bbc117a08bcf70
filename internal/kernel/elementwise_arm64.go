package kernel

import (
	"math"
	"unsafe"
)

//go:noescape
func quantize8(dst, x unsafe.Pointer, nb int)

//go:noescape
func quantize16(dst, x unsafe.Pointer, nb int)

//go:noescape
func sumSquares(x unsafe.Pointer, n int) float64

//go:noescape
func scaleBy(dst, x, w unsafe.Pointer, n int, r float32)

//go:noescape
func addScaledBy(dst, x unsafe.Pointer, n int, s float32)

//go:noescape
func swiGLU4(dst, gu unsafe.Pointer, n int, limit, alpha float32)

//go:noescape
func maxOf(x unsafe.Pointer, n int) float32

//go:noescape
func indexOf(x unsafe.Pointer, n int, v float32) int

//go:noescape
func rope4(x, cos, sin unsafe.Pointer, half, heads int)

// In each of the functions below assembly does whole vectors and Go the rest.

func quantizeNEON(a *Acts, at int, x []float32, ldx, n int) {
	if a.Form == ActBF16 {
		quantize(a, at, x, ldx, n)
		return
	}
	nb, size, stride := a.Cols/block, a.Form.blockBytes(), a.stride()
	for t := range n {
		row, dst := x[t*ldx:][:a.Cols], a.Data[(at+t)*stride:][:stride]
		if nb > 0 {
			switch to, from := unsafe.Pointer(&dst[0]), unsafe.Pointer(&row[0]); a.Form {
			case ActInt8:
				quantize8(to, from, nb)
			case ActInt16:
				quantize16(to, from, nb)
			default:
				copy(dst, unsafe.Slice((*byte)(from), nb*size))
			}
		}
		if row = row[nb*block:]; len(row) > 0 {
			var v [block]float32
			copy(v[:], row)
			quantizeBlock(dst[nb*size:], &v, a.Form)
		}
	}
}

func rmsNormNEON(dst, x, w []float32, eps float64) {
	n := len(x) &^ 15
	if n == 0 {
		rmsNorm(dst, x, w, eps)
		return
	}
	dst, w = dst[:len(x)], w[:len(x)]
	sum := sumSquares(unsafe.Pointer(&x[0]), n)
	for _, v := range x[n:] {
		sum += float64(v) * float64(v)
	}
	r := float32(1 / math.Sqrt(sum/float64(len(x))+eps))
	scaleBy(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&w[0]), n, r)
	for i := n; i < len(x); i++ {
		dst[i] = w[i] * (x[i] * r)
	}
}

func addScaledNEON(dst, x []float32, s float32) {
	n := len(dst) &^ 15
	x = x[:len(dst)]
	if n > 0 {
		addScaledBy(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), n, s)
	}
	addScaled(dst[n:], x[n:], s)
}

func swiGLUNEON(dst, gu []float32, limit, alpha float32) {
	n := len(dst) &^ 3
	gu = gu[:2*len(dst)]
	if n > 0 {
		swiGLU4(unsafe.Pointer(&dst[0]), unsafe.Pointer(&gu[0]), n, limit, alpha)
	}
	swiGLU(dst[n:], gu[2*n:], limit, alpha)
}

// argmaxNEON looks for the largest value piece by piece, then for its place in that piece alone: a
// vocabulary is more than the near caches hold, and is read once.
func argmaxNEON(x []float32) int {
	const piece = 4096
	n := len(x) &^ 15
	at, top := 0, float32(math.Inf(-1))
	for lo := 0; lo < n; lo += piece {
		m := maxOf(unsafe.Pointer(&x[lo]), min(piece, n-lo))
		if m > top {
			at, top = lo, m
		}
	}
	best := -1
	if n > 0 { // all of it if the largest is -Inf: at is still 0, and there may be NaNs before it
		if i := at + indexOf(unsafe.Pointer(&x[at]), n-at, top); i < n {
			best = i
		}
	}
	for i, v := range x[n:] {
		if v == v && (best < 0 || v > x[best]) {
			best = n + i
		}
	}
	return best
}

func ropeNEON(x, cos, sin []float32) {
	half := len(cos)
	heads := len(x) / max(1, 2*half)
	if half == 0 || half%4 != 0 || heads == 0 {
		rope(x, cos, sin)
		return
	}
	sin = sin[:half]
	rope4(unsafe.Pointer(&x[0]), unsafe.Pointer(&cos[0]), unsafe.Pointer(&sin[0]), half, heads)
}
