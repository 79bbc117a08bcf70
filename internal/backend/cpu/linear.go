package cpu

import (
	"fmt"

	"ossian/internal/kernel"
	"ossian/internal/model"
	"ossian/internal/num"
)

// Activations is how the vectors are written that matrices are multiplied with.
type Activations string

const (
	// Int8 and Int16 are for weights that a Layout packed: integers with a scale for each 32
	// values. Where dense weights are bf16 they meet bf16 and float32 instead.
	Int8  Activations = "int8"
	Int16 Activations = "int16"
	// Mixed is Int16 where queries, keys and values are made and Int8 elsewhere. A rounding
	// error there moves the sharp scores of attention: on nano the finer tenth of the work takes away
	// five sixths of the divergence that Int8 has (bench/fidelity.md).
	Mixed Activations = "mixed"
	// F32 and BF16 are for weights in the checkpoint's own rows.
	F32  Activations = "f32"
	BF16 Activations = "bf16"
)

// linear is a matrix in one of the two orders that kernels read: the checkpoint's rows,
// or packed.
type linear struct {
	rows     kernel.Matrix
	packed   kernel.Packed
	isPacked bool
}

// newLinear checks a matrix once, so that the kernels need not.
func newLinear(m model.Matrix, rows, cols int) (linear, error) {
	if m.Rows != rows || m.Cols != cols {
		return linear{}, fmt.Errorf("[%d, %d], the configuration says [%d, %d]", m.Rows, m.Cols, rows, cols)
	}
	if m.Packed {
		l := linear{packed: packedOf(m), isPacked: true}
		return l, l.packed.Check()
	}
	l := linear{rows: rowsOf(m)}
	return l, l.rows.Check()
}

func (l *linear) outputs() int {
	if l.isPacked {
		return l.packed.Rows
	}
	return l.rows.Rows
}

func (l *linear) inputs() int {
	if l.isPacked {
		return l.packed.Cols
	}
	return l.rows.Cols
}

// integer says that packed weights are needed.
func (a Activations) integer() bool { return a == Int8 || a == Int16 || a == Mixed }

// form is how vectors are written for a packed matrix; sharp says that it makes queries, keys or values.
func (a Activations) form(w kernel.Form, sharp bool) kernel.ActForm {
	coarse := a == Int8 || a == Mixed && !sharp
	switch {
	case w == kernel.FormBF16 && coarse:
		return kernel.ActBF16
	case w == kernel.FormBF16:
		return kernel.ActF32
	case coarse:
		return kernel.ActInt8
	}
	return kernel.ActInt16
}

// vectors are the inputs of products, row by row: as float32, for matrices in rows, and
// quantized once for all packed matrices that read them.
type vectors struct {
	x    []float32
	cols int
	acts kernel.Acts // of no columns where no matrix is packed
	data []byte      // room for acts of any length
}

// write says that some rows of x are there: it quantizes them, or rounds them if that is asked for.
func (b *Backend) write(v *vectors, lo, hi int) {
	if v.acts.Cols > 0 {
		b.ops.Quantize(&v.acts, lo, v.x[lo*v.cols:], v.cols, hi-lo)
	}
	if b.opt.Activations == BF16 {
		for i, f := range v.x[lo*v.cols : hi*v.cols] {
			v.x[lo*v.cols+i] = num.BF16ToF32(num.F32ToBF16(f))
		}
	}
}

// use prepares v for n rows that the matrices ms will read; sharp says that they make
// queries, keys and values.
func (b *Backend) use(v *vectors, n int, sharp bool, ms ...*linear) {
	v.acts = kernel.Acts{}
	for _, m := range ms {
		if m.isPacked {
			f := b.opt.Activations.form(m.packed.Form, sharp)
			v.acts = kernel.Acts{Form: f, Cols: v.cols, Data: v.data[:f.Bytes(n, v.cols)]}
			return
		}
	}
}

// rows is the view of rows lo..hi-1 of what was quantized.
func (v *vectors) rows(lo, hi int) kernel.Acts {
	if v.acts.Cols == 0 {
		return v.acts
	}
	a := v.acts
	each := a.Form.Bytes(1, a.Cols)
	a.Data = a.Data[lo*each : hi*each]
	return a
}
