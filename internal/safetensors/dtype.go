package safetensors

import "math/bits"

// DType is the element type of a tensor; only those gpt-oss checkpoints use.
type DType uint8

// The zero DType is none of them.
const (
	BF16 DType = iota + 1
	F16
	F32
	U8
)

func (d DType) String() string {
	switch d {
	case BF16:
		return "BF16"
	case F16:
		return "F16"
	case F32:
		return "F32"
	case U8:
		return "U8"
	}
	return "unknown"
}

// Size is the bytes of one element.
func (d DType) Size() int64 {
	switch d {
	case BF16, F16:
		return 2
	case F32:
		return 4
	case U8:
		return 1
	}
	return 0
}

func parseDType(s string) (DType, bool) {
	for d := BF16; d <= U8; d++ {
		if d.String() == s {
			return d, true
		}
	}
	return 0, false
}

// byteSize is the product of shape and element size; ok is false on a negative
// dimension or when it does not fit 63 bits.
func byteSize(d DType, shape []int64) (n int64, ok bool) {
	product := uint64(d.Size())
	for _, dim := range shape {
		hi, lo := bits.Mul64(product, uint64(dim))
		if dim < 0 || hi != 0 || lo > 1<<63-1 {
			return 0, false
		}
		product = lo
	}
	return int64(product), true
}
