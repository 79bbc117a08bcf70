package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ossian/internal/num"
)

// pairings are all forms of weights with all activations that fit them.
var pairings = []struct {
	name string
	w    Form
	x    ActForm
	tol  float64 // of a result, relative to the norm of the products
}{
	{"mxfp4/int8", FormMXFP4, ActInt8, 6e-2},
	{"mxfp4/int16", FormMXFP4, ActInt16, 5e-4},
	{"q8/int8", FormQ8, ActInt8, 6e-2},
	{"q8/int16", FormQ8, ActInt16, 5e-4},
	{"bf16/f32", FormBF16, ActF32, 6e-6},
	{"bf16/bf16", FormBF16, ActBF16, 2e-2},
}

func sourceOf(f Form) Format {
	if f == FormMXFP4 {
		return MXFP4
	}
	return BF16
}

// fencedBytes is bytes between guards, from off past an alignment of 64.
func fencedBytes(n, off int) ([]byte, func() bool) {
	const pad = 320
	mem := make([]byte, pad+off+n+pad)
	for i := range mem {
		mem[i] = 0xff
	}
	b := mem[pad+off : pad+off+n]
	return b, func() bool {
		for i, v := range mem {
			if (i < pad+off || i >= pad+off+n) && v != 0xff {
				return false
			}
		}
		return true
	}
}

func pack(t testing.TB, f Form, m *Matrix, off int) *Packed {
	t.Helper()
	data, intact := fencedBytes(f.Bytes(m.Rows, m.Cols), off)
	p := &Packed{Form: f, Rows: m.Rows, Cols: m.Cols, Data: data}
	if err := Generic().Fill(p, 0, m); err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil || !intact() {
		t.Fatal("packing:", err, "or wrote outside")
	}
	return p
}

func quantized(t testing.TB, o *Ops, f ActForm, x []float32, ldx, n, cols, off int) *Acts {
	t.Helper()
	data, intact := fencedBytes(f.Bytes(n, cols), off&^3)
	a := &Acts{Form: f, Cols: cols, Data: data}
	o.Quantize(a, 0, x, ldx, n)
	if !intact() {
		t.Fatal("quantizing wrote outside")
	}
	if a.N() != n {
		t.Fatalf("%d vectors, want %d", a.N(), n)
	}
	return a
}

func sameBits(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}

func TestMul(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		for _, pair := range pairings {
			r := rand.New(rand.NewPCG(7, uint64(pair.w)))
			sumErr, sumNorm := 0.0, 0.0
			for _, cols := range []int{32, 64, 96, 160, 1, 30, 33, 95, 1120, 2880} {
				if pair.w == FormMXFP4 && cols%32 != 0 {
					continue
				}
				for _, rows := range []int{1, 16, 19, 32, 48, 64, 80, 100, 272} {
					for _, n := range []int{1, 2, 3, 4, 7, 12, 13, 19} {
						if cols > 1000 && (rows != 80 || n == 5) || cols%32 != 0 && rows > 64 {
							continue
						}
						if testing.Short() && (rows+cols/31+n)%5 != 0 { // an emulated processor
							continue
						}
						mulCase(t, o, r, pair.w, pair.x, rows, cols, n, pair.tol, &sumErr, &sumNorm)
					}
				}
			}
			t.Logf("%s: relative error %.2g", pair.name, math.Sqrt(sumErr/sumNorm))
		}
	})
}

func mulCase(t testing.TB, o *Ops, r *rand.Rand, w Form, xf ActForm, rows, cols, n int, tol float64, sumErr, sumNorm *float64) {
	t.Helper()
	off := (rows + n) % 7 * 4
	m, _ := randomMatrix(r, sourceOf(w), rows, cols, off)
	p := pack(t, w, m, off)
	ldx, ldy := cols+n%3, rows+n%5
	x := randomVector(r, (n-1)*ldx+cols, off)
	a := quantized(t, o, xf, x, ldx, n, cols, off)
	bias := randomVector(r, rows, off)
	if n == 2 {
		bias = nil
	}
	var index []int32
	tokens := n
	if n%2 == 1 {
		tokens = n + 2
		for range tokens {
			index = append(index, int32(r.IntN(n)))
		}
	}
	lo, hi := 0, rows
	if rows > 64 {
		lo, hi = 16, rows-rows%16
	}
	y, intact := fenced((tokens-1)*ldy+rows, off)
	for i := range y {
		y[i] = canary
	}
	oracle := slices.Clone(y)
	scratch, intactScratch := fencedBytes(PanelBytes(cols), off)
	o.Mul(y, ldy, p, lo, hi, a, index, bias, scratch)
	if !intact() || !intactScratch() {
		t.Fatalf("%dx%d n=%d: wrote outside", rows, cols, n)
	}
	mul(oracle, ldy, p, lo, hi, quantized(t, Generic(), xf, x, ldx, n, cols, off), index, bias, nil)
	if i := sameBits(y, oracle); i >= 0 {
		t.Fatalf("form %d acts %d %dx%d n=%d: token %d row %d is %g, the Go kernel has %g", w, xf, rows, cols, n, i/ldy, i%ldy, y[i], oracle[i])
	}
	for tok := range tokens {
		from := tok
		if index != nil {
			from = int(index[tok])
		}
		for row := lo; row < hi; row++ {
			sum, norm := 0.0, 0.0
			for c := range cols {
				v := float64(p.At(row, c)) * float64(x[from*ldx+c])
				sum += v
				norm += v * v
			}
			if bias != nil {
				sum += float64(bias[row])
				norm += float64(bias[row]) * float64(bias[row])
			}
			e := float64(y[tok*ldy+row]) - sum
			*sumErr += e * e
			*sumNorm += norm
			if !(math.Abs(e) <= tol*math.Sqrt(norm)+1e-30) {
				t.Fatalf("form %d acts %d %dx%d n=%d token %d row %d: %g, want %g", w, xf, rows, cols, n, tok, row, y[tok*ldy+row], sum)
			}
		}
	}
	// Alone, and in any split of the rows, the bits are the same.
	one := make([]float32, rows)
	for tok := range tokens {
		from := int32(tok)
		if index != nil {
			from = index[tok]
		}
		for r := lo; r < hi; r += 48 {
			o.Mul(one, rows, p, r, min(r+48, hi), a, []int32{from}, bias, nil)
		}
		if i := sameBits(one[lo:hi], y[tok*ldy+lo:tok*ldy+hi]); i >= 0 {
			t.Fatalf("form %d acts %d %dx%d n=%d: row %d of token %d differs alone", w, xf, rows, cols, n, lo+i, tok)
		}
	}
}

// TestMulExtremes: scales outside the range of the exponent trick, blocks of zeros, tiny, huge and
// broken activations give what the Go kernel gives.
func TestMulExtremes(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(3, 3))
		const rows, cols, n = 64, 96, 8
		for _, s := range []byte{0, 1, 30, 66, 67, 131, 132, 160, 254} {
			m, _ := randomMatrix(r, MXFP4, rows, cols, 0)
			for i := range m.Scales {
				if m.Scales[i] = s; i%3 == 0 {
					m.Scales[i] = 120
				}
			}
			clear(m.Data[:160])
			p := pack(t, FormMXFP4, m, 0)
			x := randomVector(r, n*cols, 0)
			for i, v := range []float32{0, 1e-45, 1e-38, 1e-15, 1e15, 1e30, 3e38} {
				for c := range cols {
					x[i*cols+c] *= v
				}
			}
			x[7*cols], x[7*cols+40] = float32(math.Inf(1)), float32(math.NaN())
			for _, f := range []ActForm{ActInt8, ActInt16} {
				a := quantized(t, o, f, x, cols, n, cols, 0)
				want, got := make([]float32, n*rows), make([]float32, n*rows)
				mul(want, rows, p, 0, rows, a, nil, nil, nil)
				scratch := make([]byte, PanelBytes(2880))
				o.Mul(got, rows, p, 0, rows, a, nil, nil, scratch)
				if i := sameBits(got, want); i >= 0 {
					t.Fatalf("scale %d: token %d row %d: %g, want %g", s, i/rows, i%rows, got[i], want[i])
				}
				for tok := range int32(n) {
					o.Mul(got, rows, p, 0, rows, a, []int32{tok}, nil, nil)
					if i := sameBits(got[:rows], want[int(tok)*rows:][:rows]); i >= 0 {
						t.Fatalf("scale %d: token %d row %d alone: %g, want %g", s, tok, i, got[i], want[int(tok)*rows+i])
					}
				}
				if v := want[7*rows+1]; v == v {
					t.Fatal("a broken activation was hidden")
				}
			}
		}
	})
}

func TestPackedValues(t *testing.T) {
	everyOps(t, testPackedValues)
}

func testPackedValues(t testing.TB, o *Ops) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, f := range []Form{FormMXFP4, FormQ8, FormBF16} {
		for _, cols := range []int{32, 96, 33, 7, 2880} {
			if f == FormMXFP4 && cols%32 != 0 {
				continue
			}
			m, want := randomMatrix(r, sourceOf(f), 37, cols, 1)
			switch f { // blocks of zeros, of hardly anything, of no number
			case FormMXFP4:
				for i := range 16 {
					m.Data[i], want[2*i], want[2*i+1] = 0x80, 0, 0
				}
			case FormQ8:
				for i := range min(cols, 32) {
					m.Data[2*i], m.Data[2*i+1], want[i] = 1, 0, 0
				}
			}
			p := pack(t, f, m, 3)
			// Packed in pieces, the bytes are the same.
			q := &Packed{Form: f, Rows: 37, Cols: cols, Data: make([]byte, len(p.Data))}
			for at := 0; at < 37; at += 16 {
				k := min(16, 37-at)
				part := &Matrix{Format: m.Format, Rows: k, Cols: cols, Data: m.Data[at*len(m.Data)/37:][:k*len(m.Data)/37]}
				part.Scales = m.Scales[at*len(m.Scales)/37:][:k*len(m.Scales)/37]
				if err := o.Fill(q, at, part); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(p.Data, q.Data) {
				t.Errorf("form %d, %d columns: packed in pieces differs", f, cols)
			}
			for i, v := range want {
				tol := 0.0
				if f == FormQ8 {
					tol = 0.02
				}
				if got := float64(p.At(i/cols, i%cols)); math.Abs(got-v) > tol {
					t.Fatalf("form %d row %d column %d: %g, want %g", f, i/cols, i%cols, got, v)
				}
			}
		}
	}
	for _, bad := range []struct {
		p  Packed
		at int
	}{
		{Packed{Form: FormQ8, Rows: 40, Cols: 32}, 8}, {Packed{Form: FormQ8, Rows: 40, Cols: 64}, 0},
		{Packed{Form: FormQ8, Rows: 20, Cols: 32}, 16}, {Packed{Form: FormMXFP4, Rows: 40, Cols: 32}, 0},
		{Packed{Form: FormQ8, Rows: 64, Cols: 32}, 0},
	} {
		m, _ := randomMatrix(r, BF16, 20, 32, 0)
		bad.p.Data = make([]byte, bad.p.Form.Bytes(bad.p.Rows, bad.p.Cols))
		if o.Fill(&bad.p, bad.at, m) == nil {
			t.Errorf("%d rows at %d of form %d %dx%d: no error", m.Rows, bad.at, bad.p.Form, bad.p.Rows, bad.p.Cols)
		}
	}
}

// TestFillBroken: a weight that is no number makes its row no number.
func TestFillBroken(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		for _, v := range []uint16{0x7f80, 0xff80, 0x7fc0, 0xffff} {
			m := &Matrix{Format: BF16, Rows: 16, Cols: 32, Data: make([]byte, 1024)}
			m.Data[64*3+6], m.Data[64*3+7] = byte(v), byte(v>>8)
			p := &Packed{Form: FormQ8, Rows: 16, Cols: 32, Data: make([]byte, FormQ8.Bytes(16, 32))}
			if err := o.Fill(p, 0, m); err != nil {
				t.Fatal(err)
			}
			if x := p.At(3, 0); x == x || p.At(2, 0) != 0 {
				t.Errorf("%#x became %g", v, x)
			}
		}
	})
}

// TestQ8Error states what 8 bits and the rounding of their scales cost, on normal weights.
func TestQ8Error(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	m, want := randomMatrix(r, BF16, 64, 2880, 0)
	p := pack(t, FormQ8, m, 0)
	var e, exact, half, norm float64
	for i := 0; i < len(want); i += block {
		var amax float64
		for _, v := range want[i:][:block] {
			amax = max(amax, math.Abs(v))
		}
		s := amax / 127
		s16 := float64(num.F16ToF32(num.F32ToF16(float32(s)) + 1))
		for j, v := range want[i:][:block] {
			d := float64(p.At((i+j)/2880, (i+j)%2880)) - v
			e += d * d
			d = math.RoundToEven(v/s)*s - v
			exact += d * d
			d = math.RoundToEven(v/s16)*s16 - v
			half += d * d
			norm += v * v
		}
	}
	e, exact, half = math.Sqrt(e/norm), math.Sqrt(exact/norm), math.Sqrt(half/norm)
	t.Logf("relative error %.3g with bf16 scales; %.3g with f16, %.3g with float32", e, half, exact)
	if e > 1.03*exact {
		t.Errorf("error %.3g, more than the scales' rounding explains", e)
	}
}

// TestFMA holds the emulation against big floats at the points where two roundings differ from one.
func TestFMA(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200000 {
		a := math.Float32frombits(0x3f800000 | uint32(r.IntN(1<<23)))
		b := math.Float32frombits(0x3f800000 | uint32(r.IntN(1<<12))<<11)
		c := math.Float32frombits(uint32(127-30+r.IntN(60))<<23 | uint32(r.IntN(1<<23)))
		if r.IntN(2) == 0 {
			c = -c
		}
		if got, want := fma(a, b, c), bigFMA(a, b, c); got != want {
			t.Fatalf("%g*%g + %g = %g, want %g", a, b, c, got, want)
		}
	}
}

func TestMulAllocatesNothing(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(3, 4))
		scratch := make([]byte, PanelBytes(2880))
		for _, pair := range pairings {
			for _, n := range []int{1, 3, 8} {
				m, _ := randomMatrix(r, sourceOf(pair.w), 80, 96, 0)
				p := pack(t, pair.w, m, 0)
				x, y := randomVector(r, n*96, 0), make([]float32, n*80)
				a := quantized(t, o, pair.x, x, 96, n, 96, 0)
				if v := testing.AllocsPerRun(5, func() {
					o.Quantize(a, 0, x, 96, n)
					o.Mul(y, 80, p, 0, 80, a, nil, nil, scratch)
				}); v != 0 {
					t.Errorf("%s n=%d: %v allocations", pair.name, n, v)
				}
			}
		}
	})
}
