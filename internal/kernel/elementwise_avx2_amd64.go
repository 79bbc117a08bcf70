package kernel

import (
	"math"
	"unsafe"
)

//go:noescape
func sumSquaresAVX2(x unsafe.Pointer, n int) float64

//go:noescape
func scaleByAVX2(dst, x, w unsafe.Pointer, n int, r float32)

//go:noescape
func addScaledByAVX2(dst, x unsafe.Pointer, n int, s float32)

//go:noescape
func swiGLU16AVX2(dst, gu unsafe.Pointer, n int, limit, alpha float32)

//go:noescape
func maxOfAVX2(x unsafe.Pointer, n int) float32

//go:noescape
func indexOfAVX2(x unsafe.Pointer, n int, v float32) int

//go:noescape
func rope8(x, cos, sin unsafe.Pointer, half, heads int)

// In each of the functions below assembly does whole vectors and Go the rest.

func rmsNormAVX2(dst, x, w []float32, eps float64) {
	n := len(x) &^ 15
	if n == 0 {
		rmsNorm(dst, x, w, eps)
		return
	}
	dst, w = dst[:len(x)], w[:len(x)]
	sum := sumSquaresAVX2(unsafe.Pointer(&x[0]), n)
	for _, v := range x[n:] {
		sum += float64(v) * float64(v)
	}
	r := float32(1 / math.Sqrt(sum/float64(len(x))+eps))
	scaleByAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&w[0]), n, r)
	for i := n; i < len(x); i++ {
		dst[i] = w[i] * (x[i] * r)
	}
}

func addScaledAVX2(dst, x []float32, s float32) {
	n := len(dst) &^ 15
	x = x[:len(dst)]
	if n > 0 {
		addScaledByAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&x[0]), n, s)
	}
	addScaled(dst[n:], x[n:], s)
}

func swiGLUAVX2(dst, gu []float32, limit, alpha float32) {
	n := len(dst) &^ 15
	gu = gu[:2*len(dst)]
	if n > 0 {
		swiGLU16AVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&gu[0]), n, limit, alpha)
	}
	swiGLU(dst[n:], gu[2*n:], limit, alpha)
}

// argmaxAVX2 looks for the largest value piece by piece, then for its place in that piece alone: a
// vocabulary is more than the near caches hold, and is read once.
func argmaxAVX2(x []float32) int {
	const piece = 4096
	n := len(x) &^ 31
	at, top := 0, float32(math.Inf(-1))
	for lo := 0; lo < n; lo += piece {
		m := maxOfAVX2(unsafe.Pointer(&x[lo]), min(piece, n-lo))
		if m > top {
			at, top = lo, m
		}
	}
	best := -1
	if n > 0 { // all of it if the largest is -Inf: at is still 0, and there may be NaNs before it
		if i := at + indexOfAVX2(unsafe.Pointer(&x[at]), n-at, top); i < n {
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

func ropeAVX2(x, cos, sin []float32) {
	half := len(cos)
	heads := len(x) / max(1, 2*half)
	if half == 0 || half%8 != 0 || heads == 0 {
		rope(x, cos, sin)
		return
	}
	sin = sin[:half]
	rope8(unsafe.Pointer(&x[0]), unsafe.Pointer(&cos[0]), unsafe.Pointer(&sin[0]), half, heads)
}
