package kernel

import "unsafe"

//go:noescape
func quantize8AVX2(dst, x unsafe.Pointer, nb int)

//go:noescape
func quantize16AVX2(dst, x unsafe.Pointer, nb int)

//go:noescape
func quantizeBF16AVX2(dst, x unsafe.Pointer, nb int)

// quantizeAVX2 is Ops.Quantize: assembly does whole blocks and Go the rest.
func quantizeAVX2(a *Acts, at int, x []float32, ldx, n int) {
	nb, size, stride := a.Cols/block, a.Form.blockBytes(), a.stride()
	for t := range n {
		row, dst := x[t*ldx:][:a.Cols], a.Data[(at+t)*stride:][:stride]
		if nb > 0 {
			switch to, from := unsafe.Pointer(&dst[0]), unsafe.Pointer(&row[0]); a.Form {
			case ActInt8:
				quantize8AVX2(to, from, nb)
			case ActInt16:
				quantize16AVX2(to, from, nb)
			case ActBF16:
				quantizeBF16AVX2(to, from, nb)
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
