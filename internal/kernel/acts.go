package kernel

import (
	"encoding/binary"
	"math"

	"ossian/internal/num"
)

// ActForm is how the vectors that a Packed is multiplied with are written.
type ActForm uint8

// The forms of activations. The integers go with FormMXFP4 and FormQ8, the others with
// FormBF16. Errors are relative, of a product with weights taken as exact.
const (
	ActInt8  ActForm = iota // 8 bits and a scale per 32 values: about 8e-3
	ActInt16                // 15 bits, as two 8-bit digits, and a scale per 32: about 5e-5
	ActF32                  // as they are
	ActBF16                 // rounded to bf16: about 1.5e-3
)

// blockBytes is the size of 32 values. Integers end in the correction for weights that
// are stored with 128 added, -128 times the sum of the values, and half their scale.
func (f ActForm) blockBytes() int {
	switch f {
	case ActInt8:
		return act8Block
	case ActInt16:
		return act16Block
	case ActF32:
		return 4 * block
	}
	return 2 * block
}

const (
	act8Block  = block + 8   // digit, correction, scale
	act16Block = 2*block + 8 // high digit, low digit, correction, scale
)

// Bytes is the size of n vectors of cols values.
func (f ActForm) Bytes(n, cols int) int { return n * blocks(cols) * f.blockBytes() }

// Fits reports whether vectors in form a can be multiplied with a matrix in form f.
func (f Form) Fits(a ActForm) bool { return (f == FormBF16) == (a >= ActF32) }

// Acts is vectors ready for Mul, one after the other. It is written once by
// Ops.Quantize, whose cost all matrices with this input share.
type Acts struct {
	Form ActForm
	Cols int
	Data []byte // Form.Bytes(n, Cols), aligned to 4
}

// N is how many vectors there are.
func (a *Acts) N() int { return len(a.Data) / a.stride() }

func (a *Acts) stride() int { return blocks(a.Cols) * a.Form.blockBytes() }

// The limits of a block's scale. Below tiny it counts as zero. So a product of scales
// never underflows, and whether it is formed before or after the product with the sum cannot be seen.
const (
	tiny     = 0x1p-50
	levels8  = 127
	levels16 = 127 * 128
)

// quantize writes n vectors, ldx apart in x, as vectors at, at+1, ... of a.
func quantize(a *Acts, at int, x []float32, ldx, n int) {
	nb, size := blocks(a.Cols), a.Form.blockBytes()
	var v [block]float32
	for t := range n {
		row, dst := x[t*ldx:][:a.Cols], a.Data[(at+t)*nb*size:][:nb*size]
		for b := range nb {
			part := row[b*block : min((b+1)*block, a.Cols)]
			if len(part) < block {
				clear(v[:])
			}
			copy(v[:], part)
			quantizeBlock(dst[b*size:][:size], &v, a.Form)
		}
	}
}

func quantizeBlock(dst []byte, v *[block]float32, f ActForm) {
	switch f {
	case ActF32:
		for i, x := range v {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(x))
		}
		return
	case ActBF16:
		for i, x := range v {
			binary.LittleEndian.PutUint16(dst[2*i:], num.F32ToBF16(x))
		}
		return
	}
	// The largest magnitude, as bits: NaN is larger than all numbers.
	var top uint32
	for _, x := range v {
		top = max(top, math.Float32bits(x)&^(1<<31))
	}
	amax := math.Float32frombits(top)
	levels := float32(levels8)
	if f == ActInt16 {
		levels = levels16
	}
	tail := dst[len(dst)-8:]
	if !(amax >= tiny && amax <= math.MaxFloat32) {
		clear(dst)
		if !(amax < tiny) { // infinite or NaN: so is every sum it enters
			binary.LittleEndian.PutUint32(tail[4:], 0x7fc00000)
		}
		return
	}
	inv := levels / amax
	var sum int32
	for c, x := range v {
		q := int32(math.RoundToEven(float64(float32(x * inv))))
		sum += q
		if f == ActInt16 {
			h := (q + 64) >> 7
			dst[lane(c)], dst[block+lane(c)] = byte(h), byte(q-h<<7)
		} else {
			dst[lane(c)] = byte(q)
		}
	}
	binary.LittleEndian.PutUint32(tail, uint32(-128*sum))
	binary.LittleEndian.PutUint32(tail[4:], math.Float32bits(amax/(2*levels)))
}
