package num

import "math"

// BlockSize is the number of consecutive input-dimension values that share one
// e8m0 scale in MXFP4.
const BlockSize = 32

// e2m1Bits are the float32 bits of the sixteen four-bit codes: 0, 0.5, 1, 1.5, 2,
// 3, 4, 6 and the same negated; code 8 is minus zero.
var e2m1Bits = [16]uint32{
	0x00000000, 0x3f000000, 0x3f800000, 0x3fc00000, 0x40000000, 0x40400000, 0x40800000, 0x40c00000,
	0x80000000, 0xbf000000, 0xbf800000, 0xbfc00000, 0xc0000000, 0xc0400000, 0xc0800000, 0xc0c00000,
}

// E2M1ToF32 widens the low four bits of code. Exact.
func E2M1ToF32(code uint8) float32 { return math.Float32frombits(e2m1Bits[code&15]) }

// E8M0ToF32 gives 2^(s-127): 0 is the float32 denormal 2^-127, 255 is NaN.
func E8M0ToF32(s uint8) float32 {
	switch s {
	case 0:
		return math.Float32frombits(0x00400000)
	case 255:
		return math.Float32frombits(0x7fc00000)
	}
	return math.Float32frombits(uint32(s) << 23)
}

// DequantMXFP4 writes len(scales) blocks of 32 values to dst. blocks holds 16 bytes
// per block in the order of OpenAI and Hugging Face checkpoints: the low nibble of
// byte i is value 2i, the high nibble value 2i+1. Every product is exact, except that
// codes above 1.5 with scale 254 overflow to infinity. dst must hold 32*len(scales)
// values and blocks 16*len(scales) bytes.
func DequantMXFP4(dst []float32, blocks, scales []byte) {
	for b, s := range scales {
		d := E8M0ToF32(s)
		in := blocks[16*b:][:16]
		out := dst[BlockSize*b:][:BlockSize]
		for i, c := range in {
			out[2*i] = E2M1ToF32(c) * d
			out[2*i+1] = E2M1ToF32(c>>4) * d
		}
	}
}

// QuantMXFP4 is the inverse of DequantMXFP4 by ggml's rule (ggml-quants.c,
// quantize_row_mxfp4_ref): the scale is 2^(floor(log2(max|x|))-2) and each value takes
// the nearest code, the one nearer zero on a tie. A block of zeros gets scale 0; values
// that round to zero get code 0, never minus zero. NaN counts as zero and infinity as
// the largest finite float32. src must hold 32*len(scales) values.
func QuantMXFP4(blocks, scales []byte, src []float32) {
	for b := range scales {
		in := src[BlockSize*b:][:BlockSize]
		out := blocks[16*b:][:16]
		s := blockScale(in)
		scales[b] = s
		inv := 1 / float64(E8M0ToF32(s)) // float64: 2^127 and 2^-127 are both normal
		for i := range out {
			out[i] = nearestE2M1(float64(in[2*i])*inv) | nearestE2M1(float64(in[2*i+1])*inv)<<4
		}
	}
}

func blockScale(x []float32) uint8 {
	var top uint32 // bits of the largest magnitude order like the magnitudes
	for _, v := range x {
		if u := math.Float32bits(v) & 0x7fffffff; u <= 0x7f800000 {
			top = max(top, u)
		}
	}
	top = min(top, 0x7f7fffff)
	return uint8(max(int(top>>23)-2, 0)) // biased exponent; below 2^-124 the scale bottoms out
}

func nearestE2M1(v float64) uint8 {
	var sign uint8
	if v < 0 {
		v, sign = -v, 8
	}
	switch { // midpoints belong to the smaller magnitude
	case v > 5:
		return sign | 7
	case v > 3.5:
		return sign | 6
	case v > 2.5:
		return sign | 5
	case v > 1.75:
		return sign | 4
	case v > 1.25:
		return sign | 3
	case v > 0.75:
		return sign | 2
	case v > 0.25:
		return sign | 1
	}
	return 0 // also NaN
}
