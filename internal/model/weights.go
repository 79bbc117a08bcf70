package model

import (
	"errors"

	"ossian/internal/mem"
)

// Format says how the values of a Matrix are stored.
type Format uint8

const (
	BF16  Format = iota // 2 bytes a value, little endian
	F32                 // 4 bytes a value, little endian
	MXFP4               // 16 bytes of codes in Data and one byte in Scales per 32 values of a row
)

func (f Format) String() string {
	switch f {
	case BF16:
		return "BF16"
	case F32:
		return "F32"
	case MXFP4:
		return "MXFP4"
	}
	return "unknown"
}

// RowBytes is the length of a row of cols values in Data and in Scales.
func (f Format) RowBytes(cols int) (data, scales int) {
	switch f {
	case BF16:
		return 2 * cols, 0
	case F32:
		return 4 * cols, 0
	}
	return cols / 2, cols / 32
}

// Matrix is a linear map stored row by row, [out, in]: y = M x has Rows values and x
// has Cols. Data and Scales are views into memory owned by Weights, aligned to 64
// bytes where the matrix starts a tensor. Code i of a row is the low nibble of byte
// i/2 when i is even, the high nibble when odd.
type Matrix struct {
	Format Format
	Rows   int
	Cols   int
	Data   []byte
	Scales []byte // MXFP4 only: Cols/32 bytes a row, 2^(s-127); never 255

	// Packed says that Data, scales included, is in the order of the Packer that the weights were
	// loaded with, in the form that it chose.
	Packed bool
	Form   uint8
}

// RowRange is the view of rows lo..hi-1 of a matrix that is not packed.
func (m Matrix) RowRange(lo, hi int) Matrix {
	d, s := m.Format.RowBytes(m.Cols)
	m.Rows = hi - lo
	m.Data = m.Data[lo*d : hi*d]
	if s > 0 {
		m.Scales = m.Scales[lo*s : hi*s]
	}
	return m
}

// Bytes is the memory the matrix views.
func (m Matrix) Bytes() int64 { return int64(len(m.Data)) + int64(len(m.Scales)) }

// Vector is a norm's scale, a bias or the sinks of a layer, widened to float32.
type Vector = []float32

// Weights are a model's tensors, each byte once. Immutable; shared freely until Close.
type Weights struct {
	Config  Config
	Embed   Matrix // [Vocab, Hidden]
	Unembed Matrix // [Vocab, Hidden]; the same memory as Embed when tied
	Norm    Vector // [Hidden]
	Layers  []Layer

	arena *mem.Arena
	maps  []*mem.Mapping
	way   Way
}

// Layer is one transformer block.
type Layer struct {
	AttnNorm Vector // [Hidden]
	MLPNorm  Vector // [Hidden]

	Q, K, V, O   Matrix // [Heads*HeadDim, Hidden], [KVHeads*HeadDim, Hidden] twice, [Hidden, Heads*HeadDim]
	QBias, KBias Vector
	VBias, OBias Vector
	Sinks        Vector // [Heads]: one extra logit of the attention softmax, without a value

	Router     Matrix // [experts of the layer, Hidden]
	RouterBias Vector

	GateUp     []Matrix // per expert [2*Intermediate, Hidden]; even rows gate, odd rows up
	GateUpBias []Vector // per expert [2*Intermediate], interleaved the same way
	Down       []Matrix // per expert [Hidden, Intermediate]
	DownBias   []Vector // per expert [Hidden]
}

// Close gives the memory back. Every Matrix and Vector of w is invalid afterwards;
// close the backends that use it first.
func (w *Weights) Close() error {
	var errs []error
	if w.arena != nil {
		errs = append(errs, w.arena.Close())
	}
	for _, m := range w.maps {
		errs = append(errs, m.Close())
	}
	*w = Weights{}
	return errors.Join(errs...)
}
