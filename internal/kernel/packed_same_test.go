package kernel

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

// TestQuantizeSame: every Ops writes the bytes that the Go version writes.
func TestQuantizeSame(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(4, 1))
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		const n = 12
		for _, cols := range []int{1, 31, 32, 33, 64, 95, 352} {
			ldx := cols + 3
			x := randomVector(r, (n-1)*ldx+cols, 1)
			for i := range n {
				row := x[i*ldx:][:cols]
				for c := range row {
					row[c] *= []float32{1, 0, 1e-45, 1e-16, 1e-15, 1e15, 1e30, 3e37}[i%8]
				}
				switch at := r.IntN(cols); i {
				case 0: // halves, which are rounded to even
					for c := range row {
						row[c] = float32(r.IntN(255)-127) / 2
					}
					row[at] = 127
				case 8:
					row[at] = nan
				case 9:
					row[at] = -inf
				case 10:
					row[at] = math.Float32frombits(0xffffffff)
				case 11:
					row[at] = math.MaxFloat32
				}
			}
			for f := ActInt8; f <= ActBF16; f++ {
				got, want := quantized(t, o, f, x, ldx, n, cols, 4), quantized(t, Generic(), f, x, ldx, n, cols, 0)
				if !bytes.Equal(got.Data, want.Data) {
					for i := range got.Data {
						if got.Data[i] != want.Data[i] {
							t.Fatalf("form %d, %d columns: byte %d of vector %d is %#x, want %#x", f, cols, i%got.stride(), i/got.stride(), got.Data[i], want.Data[i])
						}
					}
				}
			}
		}
	})
}

// TestMulLargestSums: weights and activations at the ends of their ranges, in all signs, so that sums
// in few bits would overflow.
func TestMulLargestSums(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		const rows, cols, n = 48, 96, 9
		for _, form := range []Form{FormMXFP4, FormQ8} {
			p := &Packed{Form: form, Rows: rows, Cols: cols, Data: make([]byte, form.Bytes(rows, cols))}
			group := form.groupBytes()
			for i := range p.Data {
				at, column := i%group, i/4%2 // rows differ in their signs
				switch {
				case form == FormMXFP4 && at < 256:
					p.Data[i] = []byte{0x77, 0xff, 0x7f, 0xf7}[(i/group+i%4*column)%4]
				case form == FormMXFP4:
					p.Data[i] = 127
				case at < 512:
					p.Data[i] = []byte{255, 1}[(i/group+i%4*column)%2]
				default:
					p.Data[i] = []byte{0x80, 0x3f}[i%2]
				}
			}
			x := make([]float32, n*cols)
			for i := range x {
				x[i] = 1
				if t, c := i/cols, i%cols; t > 0 && c>>(t-1)&1 == 1 || t == 7 {
					x[i] = -1
				}
			}
			for _, f := range []ActForm{ActInt8, ActInt16} {
				sameAsGo(t, o, p, quantized(t, Generic(), f, x, cols, n, cols, 0), 0, rows, nil, nil, 0)
			}
		}
	})
}

// sameAsGo compares Mul with the Go version, for all vectors and for the first alone.
func sameAsGo(t testing.TB, o *Ops, p *Packed, a *Acts, lo, hi int, index []int32, bias []float32, off int) {
	t.Helper()
	n := a.N()
	if index != nil {
		n = len(index)
	}
	ldy := p.Rows + 1
	y, intact := fenced((n-1)*ldy+p.Rows, off)
	want := make([]float32, len(y))
	copy(want, y)
	scratch, intactScratch := fencedBytes(PanelBytes(p.Cols), off)
	o.Mul(y, ldy, p, lo, hi, a, index, bias, scratch)
	if !intact() || !intactScratch() {
		t.Fatalf("form %d acts %d %dx%d n=%d: wrote outside", p.Form, a.Form, p.Rows, p.Cols, n)
	}
	mul(want, ldy, p, lo, hi, a, index, bias, nil)
	if i := sameBits(y, want); i >= 0 {
		t.Fatalf("form %d acts %d %dx%d n=%d: token %d row %d is %g, the Go kernel has %g", p.Form, a.Form, p.Rows, p.Cols, n, i/ldy, i%ldy, y[i], want[i])
	}
	if index == nil {
		index = []int32{0}
	}
	o.Mul(y, ldy, p, lo, hi, a, index[:1], bias, nil)
	if i := sameBits(y, want); i >= 0 {
		t.Fatalf("form %d acts %d %dx%d: row %d alone is %g, the Go kernel has %g", p.Form, a.Form, p.Rows, p.Cols, i%ldy, y[i], want[i])
	}
}

// FuzzMul goes through shapes, indexes and parts of the rows. The seeds are those at which kernels
// change their way: more vectors or columns than a piece holds.
func FuzzMul(f *testing.F) {
	for pair := range uint8(6) {
		f.Add(uint64(1), pair, uint16(35), uint16(1120), uint16(67), uint8(2))
		f.Add(uint64(2), pair, uint16(16), uint16(64), uint16(133), uint8(1))
		f.Add(uint64(3), pair, uint16(100), uint16(33), uint16(4), uint8(3))
		f.Add(uint64(4), pair, uint16(1), uint16(7), uint16(5), uint8(0))
		f.Add(uint64(5), pair, uint16(272), uint16(290), uint16(1), uint8(7))
	}
	f.Fuzz(func(t *testing.T, seed uint64, which uint8, rows, cols, n uint16, how uint8) {
		pair := pairings[int(which)%len(pairings)]
		h, w, k := 1+int(rows)%300, 1+int(cols)%1500, 1+int(n)%200
		if h*w*k > 4<<20 {
			t.Skip("too long for the Go kernel")
		}
		if pair.w == FormMXFP4 {
			w = (w + block - 1) / block * block
		}
		r := rand.New(rand.NewPCG(seed, 1))
		off := int(seed % 7 * 4)
		m, _ := randomMatrix(r, sourceOf(pair.w), h, w, off)
		p := pack(t, pair.w, m, off)
		x := randomVector(r, k*w, off)
		var index []int32
		if how&1 != 0 {
			for range k + 1 {
				index = append(index, int32(r.IntN(k)))
			}
		}
		var bias []float32
		if how&2 != 0 {
			bias = randomVector(r, h, off)
		}
		lo, hi := 0, h
		if how&4 != 0 {
			lo, hi = h/3/TileRows*TileRows, (h+TileRows-1)/2/TileRows*TileRows
		}
		everyOps(t, func(t testing.TB, o *Ops) {
			sameAsGo(t, o, p, quantized(t, Generic(), pair.x, x, w, k, w, off), lo, hi, index, bias, off)
		})
	})
}
