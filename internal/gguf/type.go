package gguf

import (
	"fmt"
	"math/bits"
)

// Type is how the values of a tensor are stored; the numbers are ggml's.
type Type uint32

// The types a gpt-oss file is read from. The reader knows the sizes of all others too,
// so that a file is understood before it is refused.
const (
	F32   Type = 0
	F16   Type = 1
	Q8_0  Type = 8  // 32 values: a float16 scale, then 32 signed bytes
	BF16  Type = 30 //
	MXFP4 Type = 39 // 32 values: a scale byte, then 16 bytes of codes
)

// layout is the name of a type and the size of its blocks.
func (t Type) layout() (name string, values, bytes int64) {
	switch t {
	case F32:
		return "F32", 1, 4
	case F16:
		return "F16", 1, 2
	case 2:
		return "Q4_0", 32, 18
	case 3:
		return "Q4_1", 32, 20
	case 6:
		return "Q5_0", 32, 22
	case 7:
		return "Q5_1", 32, 24
	case Q8_0:
		return "Q8_0", 32, 34
	case 9:
		return "Q8_1", 32, 36
	case 10:
		return "Q2_K", 256, 84
	case 11:
		return "Q3_K", 256, 110
	case 12:
		return "Q4_K", 256, 144
	case 13:
		return "Q5_K", 256, 176
	case 14:
		return "Q6_K", 256, 210
	case 15:
		return "Q8_K", 256, 292
	case 16:
		return "IQ2_XXS", 256, 66
	case 17:
		return "IQ2_XS", 256, 74
	case 18:
		return "IQ3_XXS", 256, 98
	case 19:
		return "IQ1_S", 256, 50
	case 20:
		return "IQ4_NL", 32, 18
	case 21:
		return "IQ3_S", 256, 110
	case 22:
		return "IQ2_S", 256, 82
	case 23:
		return "IQ4_XS", 256, 136
	case 24:
		return "I8", 1, 1
	case 25:
		return "I16", 1, 2
	case 26:
		return "I32", 1, 4
	case 27:
		return "I64", 1, 8
	case 28:
		return "F64", 1, 8
	case 29:
		return "IQ1_M", 256, 56
	case BF16:
		return "BF16", 1, 2
	case 34:
		return "TQ1_0", 256, 54
	case 35:
		return "TQ2_0", 256, 66
	case MXFP4:
		return "MXFP4", 32, 17
	}
	return "", 0, 0
}

func (t Type) String() string {
	if name, _, _ := t.layout(); name != "" {
		return name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// Block is how many values are stored together, and in how many bytes; 0, 0 for a type
// that is not known.
func (t Type) Block() (values, bytes int64) {
	_, values, bytes = t.layout()
	return values, bytes
}

// byteSize is the length of a tensor's data; ok is false on a negative dimension, rows
// that are no whole blocks, or when it does not fit 63 bits.
func byteSize(t Type, shape []int64) (n int64, ok bool) {
	values, size := t.Block()
	if values == 0 || len(shape) == 0 || shape[len(shape)-1]%values != 0 {
		return 0, false
	}
	product := uint64(size)
	for i, dim := range shape {
		if i == len(shape)-1 {
			dim /= values
		}
		hi, lo := bits.Mul64(product, uint64(dim))
		if dim < 0 || hi != 0 || lo > 1<<63-1 {
			return 0, false
		}
		product = lo
	}
	return int64(product), true
}
