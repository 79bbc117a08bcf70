package num

import "math"

// BF16ToF32 widens a bfloat16. Exact, NaN payload included.
func BF16ToF32(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// F32ToBF16 rounds to nearest, ties to even. Values beyond the largest bfloat16
// become infinite; a NaN stays a NaN of the same sign and is made quiet.
func F32ToBF16(f float32) uint16 {
	u := math.Float32bits(f)
	if u&0x7fffffff > 0x7f800000 {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// F16ToF32 widens an IEEE 754 binary16. Exact, NaN payload included.
func F16ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 31
	man := uint32(h & 0x3ff)
	switch exp {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | man<<13)
	case 0: // zero or denormal: man * 2^-24, exact in float32
		return math.Float32frombits(sign | math.Float32bits(float32(man)*0x1p-24))
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | man<<13)
}

// F32ToF16 rounds to nearest, ties to even. Values of 65520 and more become
// infinite; a NaN stays a NaN of the same sign and is made quiet.
func F32ToF16(f float32) uint16 {
	u := math.Float32bits(f)
	sign := uint16(u >> 16 & 0x8000)
	u &= 0x7fffffff
	switch {
	case u > 0x7f800000:
		return sign | 0x7e00 | uint16(u>>13&0x3ff)
	case u >= 0x477ff000: // 65520: rounds up past 65504
		return sign | 0x7c00
	case u < 0x38800000: // below 2^-14: denormal half
		// Adding 2^-1 places the half's last bit (2^-24) at float32's last bit,
		// so the hardware's own rounding does the work.
		sum := math.Float32frombits(u) + 0.5
		return sign | uint16(math.Float32bits(sum)-math.Float32bits(0.5))
	}
	u -= (127 - 15) << 23
	return sign | uint16((u+0xfff+u>>13&1)>>13)
}
