package model

// Packer is what a backend that wants matrices in an order of its own gives Load: they
// are then packed while they are read, and exist in that order only. Norms, biases,
// sinks, the embedding and the routers stay as they are.
type Packer interface {
	// Form chooses how a matrix whose values the checkpoint has in format f is to lie;
	// ok is false for one that should keep its rows. The number is the packer's own.
	Form(f Format, rows, cols int) (form uint8, ok bool)
	// Bytes is the size of a matrix in a form.
	Bytes(form uint8, rows, cols int) int64
	// Grain is what the first row of every part given to Pack is a multiple of.
	Grain() int
	// Pack writes the rows of src as rows at, at+1, ... of m, whose Data has the size
	// that Bytes said. It is called from several goroutines, for parts that are disjoint.
	Pack(m Matrix, at int, src Matrix) error
}

// packing is a matrix that is packed while it is read: some rows of a tensor, whose
// leading dimensions count as rows.
type packing struct {
	with   Packer
	scales located // MXFP4 only
	format Format  // in the checkpoint
	first  int     // the first row of the tensor
	m      Matrix  // as it will lie; Data is set with the binding's dst
}

// rowBytes is what a row takes in the tensor, and in the tensor of its scales.
func (p *packing) rowBytes() (data, scales int64) {
	d, s := p.format.RowBytes(p.m.Cols)
	return int64(d), int64(s)
}

// sourceBytes is what is read for the whole matrix.
func (p *packing) sourceBytes() int64 {
	d, s := p.rowBytes()
	return int64(p.m.Rows) * (d + s)
}

// step is how many rows are read at a time.
func (p *packing) step() int {
	d, s := p.rowBytes()
	grain := max(1, p.with.Grain())
	return max(1, chunkBytes/int(d+s)/grain) * grain
}

// load reads rows lo..hi-1 into scratch and packs them.
func (p *packing) load(b *binding, lo, hi int, scratch []byte) error {
	d, s := p.rowBytes()
	n := int64(hi - lo)
	src := Matrix{Format: p.format, Rows: hi - lo, Cols: p.m.Cols, Data: scratch[:n*d]}
	at := int64(p.first + lo)
	if from := b.from.blocks; from != nil {
		src.Scales = scratch[n*d : n*(d+s)]
		if err := from.read(at, at+n, src.Data, src.Scales, scratch[n*(d+s):]); err != nil {
			return err
		}
	} else if err := b.from.read(at*d, src.Data); err != nil {
		return err
	}
	if s > 0 && b.from.blocks == nil {
		src.Scales = scratch[n*d : n*(d+s)]
		if err := p.scales.read(at*s, src.Scales); err != nil {
			return err
		}
		if err := p.scales.checkScales(at*s, src.Scales); err != nil {
			return err
		}
	}
	m := p.m
	m.Data = b.dst
	if err := p.with.Pack(m, lo, src); err != nil {
		return &LoadError{File: b.from.file, Tensor: b.from.Name, Why: "packing it", Err: err}
	}
	return nil
}

// packed binds count matrices of one tensor, from its row first on, that the packer wants.
// set hears each as it will lie, with its index.
func (b *binder) packed(t, scales located, f Format, first, count, rows, cols int, set func(i int, m Matrix)) {
	form, _ := b.packer.Form(f, rows, cols)
	size := b.packer.Bytes(form, rows, cols)
	for i := range count {
		m := Matrix{Format: f, Rows: rows, Cols: cols, Packed: true, Form: form}
		b.bindings = append(b.bindings, binding{from: t, how: pack, size: size,
			packing: &packing{with: b.packer, scales: scales, format: f, first: first + i*rows, m: m},
			set: func(p []byte) {
				m.Data = p
				set(i, m)
			}})
	}
}
