package cpu

import (
	"fmt"

	platform "ossian/internal/cpu"
	"ossian/internal/kernel"
	"ossian/internal/model"
)

// Dense is what attention and unembedding are kept as. Experts stay MXFP4.
type Dense string

const (
	DenseQ8   Dense = "q8"   // 8-bit codes and a bf16 scale for each 32: 53 % of the size, relative error 5e-3
	DenseBF16 Dense = "bf16" // as published
)

// Layout packs weights for this backend while they are read: it is a model.Packer. Weights
// packed by it are for New only.
type Layout struct {
	dense kernel.Form
	ops   *kernel.Ops
}

// NewLayout makes a Layout; the kernels of a tier ("": the best there is) do the packing, and
// all tiers pack to the same bytes.
func NewLayout(d Dense, tier platform.Tier) (*Layout, error) {
	if tier == "" {
		tier = platform.Detect().Best()
	}
	l := &Layout{ops: kernel.Select(tier)}
	switch d {
	case DenseQ8:
		l.dense = kernel.FormQ8
	case DenseBF16:
		l.dense = kernel.FormBF16
	default:
		return nil, fmt.Errorf("cpu backend: dense weights as %q; they can be %s or %s", d, DenseQ8, DenseBF16)
	}
	return l, nil
}

// Form takes every product that kernel.Mul can do.
func (l *Layout) Form(f model.Format, _, cols int) (uint8, bool) {
	switch {
	case f == model.MXFP4:
		return uint8(kernel.FormMXFP4), true
	case f == model.F32 && l.dense == kernel.FormBF16: // would lose values
		return 0, false
	}
	return uint8(l.dense), cols > 0
}

// Bytes is the size of a packed matrix.
func (l *Layout) Bytes(form uint8, rows, cols int) int64 {
	return int64(kernel.Form(form).Bytes(rows, cols))
}

// Grain is the rows of a tile.
func (l *Layout) Grain() int { return kernel.TileRows }

// Pack writes some rows of a matrix.
func (l *Layout) Pack(m model.Matrix, at int, src model.Matrix) error {
	p := packedOf(m)
	rows := rowsOf(src)
	return l.ops.Fill(&p, at, &rows)
}

// WeightBytes is what the weights of a checkpoint as published take once a Layout has packed
// them, and what of them a decoded token reads.
func WeightBytes(c *model.Config, d Dense) (total, token int64) {
	form := kernel.FormQ8
	if d == DenseBF16 {
		form = kernel.FormBF16
	}
	dense := func(rows, cols int) int64 { return int64(form.Bytes(rows, cols)) }
	q, kv, h, n := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim, c.Hidden, c.Intermediate
	table := int64(c.Vocab) * int64(h) * 2
	total, token = table, 4*int64(h)
	if c.TieEmbeddings {
		token += table
	} else {
		token += dense(c.Vocab, h)
	}
	expert := int64(kernel.FormMXFP4.Bytes(2*n, h)+kernel.FormMXFP4.Bytes(h, n)) + 4*int64(2*n+h)
	for _, l := range c.Layer {
		layer := dense(q, h) + 2*dense(kv, h) + dense(h, q) + 2*int64(l.Experts)*int64(h) + 4*int64(q+2*kv+c.Heads+3*h+l.Experts)
		total += layer + int64(l.Experts)*expert
		token += layer + int64(c.ActiveExperts)*expert
	}
	if total += 4 * int64(h); !c.TieEmbeddings {
		total += dense(c.Vocab, h)
	}
	return total, token
}

func packedOf(m model.Matrix) kernel.Packed {
	return kernel.Packed{Form: kernel.Form(m.Form), Rows: m.Rows, Cols: m.Cols, Data: m.Data}
}

func rowsOf(m model.Matrix) kernel.Matrix {
	return kernel.Matrix{Format: kernel.Format(m.Format), Rows: m.Rows, Cols: m.Cols, Data: m.Data, Scales: m.Scales}
}
