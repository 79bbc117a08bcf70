package kernel

import "fmt"

// Format says how the values of a Matrix are stored.
type Format uint8

// The formats, all little endian.
const (
	BF16  Format = iota // 2 bytes a value
	F32                 // 4 bytes a value
	MXFP4               // blocks of 32 values: 16 bytes of codes in Data, one scale byte in Scales
)

// block is the run of columns that is summed on its own before it is added to a row's
// total: the block of MXFP4, used for every format so that one tile serves all.
const block = 32

// Matrix is a linear map stored row by row, [out, in].
//
// MXFP4: the value at column c of a row is e2m1(code)*2^(scale-127), where the code is
// the low nibble of byte c/2 for even c and the high one for odd c, and the scale is byte c/32 of
// the row's scales. A scale of 255 is not allowed.
type Matrix struct {
	Format Format
	Rows   int
	Cols   int
	Data   []byte
	Scales []byte // MXFP4 only
}

// Check reports whether the lengths fit the shape. Kernels do not check again.
func (m *Matrix) Check() error {
	data, scales := m.Cols/2, m.Cols/block
	switch m.Format {
	case BF16:
		data, scales = 2*m.Cols, 0
	case F32:
		data, scales = 4*m.Cols, 0
	case MXFP4:
		if m.Cols%block != 0 {
			return fmt.Errorf("kernel: %d columns of MXFP4 are not a multiple of %d", m.Cols, block)
		}
	default:
		return fmt.Errorf("kernel: unknown format %d", m.Format)
	}
	if m.Rows < 0 || m.Cols <= 0 || len(m.Data) != m.Rows*data || len(m.Scales) != m.Rows*scales {
		return fmt.Errorf("kernel: %d bytes and %d scales do not hold a matrix of %d rows and %d columns", len(m.Data), len(m.Scales), m.Rows, m.Cols)
	}
	return nil
}

// Row writes row r, widened, to dst, which has Cols values.
func (m *Matrix) Row(dst []float32, r int) {
	nb := (m.Cols + block - 1) / block
	var one [1]float32
	for b := range nb {
		k := b * block
		part := dst[k:min(k+block, m.Cols)]
		decodeBlocks(part, one[:], m, r, k)
		for i := range part {
			part[i] *= one[0]
		}
	}
}

// panelRows is how many rows MatMul widens at a time and reuses for all tokens.
const panelRows = 32

// panelTokens is how many tokens a kernel may keep beside a panel, in its own order.
const panelTokens = 6

// partFloats is what the AVX2 kernel keeps of panelRows rows and 72 tokens: 512 columns of both, and
// eight lanes of their products.
const partFloats = (panelRows+72)*512 + panelRows*72*8

// ScratchFloats is the scratch MatMul needs for matrices of cols columns.
func ScratchFloats(cols int) int {
	return max(partFloats, (panelRows+panelTokens)*cols+panelRows*((cols+block-1)/block))
}
