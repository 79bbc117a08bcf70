package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ossian/internal/cpu"
)

// everyOps is every set of kernels this machine can run. Each test runs over all.
func everyOps(t testing.TB, f func(t testing.TB, o *Ops)) {
	seen := map[string]bool{}
	for _, tier := range cpu.Detect().Tiers() {
		o := Select(tier)
		if seen[o.Name] {
			continue
		}
		seen[o.Name] = true
		if tt, ok := t.(*testing.T); ok {
			tt.Run(o.Name, func(t *testing.T) { f(t, o) })
		} else {
			f(t, o)
		}
	}
}

const canary = float32(-12345.5)

// fenced returns a slice of n values that starts off elements into its memory and has
// canaries on both sides, and a check that they still sing.
func fenced(n, off int) ([]float32, func() bool) {
	const pad = 80
	mem := make([]float32, off+pad+n+pad)
	for i := range mem {
		mem[i] = canary
	}
	v := mem[off+pad : off+pad+n]
	return v, func() bool {
		for i, x := range mem {
			if (i < off+pad || i >= off+pad+n) && x != canary {
				return false
			}
		}
		return true
	}
}

func randomVector(r *rand.Rand, n, off int) []float32 {
	v, _ := fenced(n, off)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// randomMatrix gives a matrix and its values in float64. Its memory starts off bytes into an
// allocation and is cut to its exact length, followed by NaN bytes.
func randomMatrix(r *rand.Rand, f Format, rows, cols, off int) (*Matrix, []float64) {
	m := &Matrix{Format: f, Rows: rows, Cols: cols}
	data := func(n int) []byte {
		b := make([]byte, off+n+256)
		for i := range b {
			b[i] = 0xff
		}
		return b[off : off+n]
	}
	want := make([]float64, rows*cols)
	switch f {
	case BF16:
		m.Data = data(rows * cols * 2)
		for i := range want {
			b := math.Float32bits(float32(r.NormFloat64())) >> 16
			m.Data[2*i], m.Data[2*i+1] = byte(b), byte(b>>8)
			want[i] = float64(math.Float32frombits(b << 16))
		}
	case F32:
		m.Data = data(rows * cols * 4)
		for i := range want {
			v := float32(r.NormFloat64())
			b := math.Float32bits(v)
			m.Data[4*i], m.Data[4*i+1], m.Data[4*i+2], m.Data[4*i+3] = byte(b), byte(b>>8), byte(b>>16), byte(b>>24)
			want[i] = float64(v)
		}
	case MXFP4:
		m.Data, m.Scales = data(rows*cols/2), data(rows*cols/32)
		for i := range m.Data {
			m.Data[i] = byte(r.Uint32())
		}
		for i := range m.Scales {
			m.Scales[i] = byte(118 + r.IntN(13))
		}
		e2m1 := []float64{0, 0.5, 1, 1.5, 2, 3, 4, 6}
		for i := range want {
			c := m.Data[i/2] >> (4 * (i % 2)) & 15
			v := e2m1[c&7] * math.Exp2(float64(m.Scales[i/32])-127)
			if c >= 8 {
				v = -v
			}
			want[i] = v
		}
	}
	if err := m.Check(); err != nil {
		panic(err)
	}
	return m, want
}

var formats = []Format{BF16, F32, MXFP4}

func colsFor(f Format) []int {
	if f == MXFP4 {
		return []int{32, 64, 96, 160, 2880}
	}
	return []int{1, 2, 3, 7, 31, 32, 33, 47, 64, 65, 95, 130, 2880}
}

func TestMatMul(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(1, 2))
		worst := 0.0
		for _, f := range formats {
			for ci, cols := range colsFor(f) {
				for _, rows := range []int{1, 2, 5, 16, 19, 33} {
					for _, n := range []int{1, 2, 3, 5, 12, 13, 17} { // whole tiles, tokens left over, a tile part full
						off := (ci + rows + n) % 5
						m, want := randomMatrix(r, f, rows, cols, off)
						ldx, ldy := cols+ci%3, rows+n%3
						x := randomVector(r, (n-1)*ldx+cols, off)
						bias := randomVector(r, rows, off)
						if n == 2 {
							bias = nil
						}
						y, intact := fenced((n-1)*ldy+rows, off)
						scratch, intactScratch := fenced(ScratchFloats(cols), off)
						lo, hi := 0, rows
						if rows > 4 {
							lo, hi = 1, rows-2
						}
						for i := range y {
							y[i] = canary
						}
						o.MatMul(y, ldy, m, lo, hi, x, ldx, n, bias, scratch)
						if !intact() || !intactScratch() {
							t.Fatalf("format %d %dx%d n=%d: wrote outside", f, rows, cols, n)
						}
						for i, v := range y {
							tok, row := i/ldy, i%ldy
							if row < lo || row >= hi {
								if v != canary {
									t.Fatalf("format %d %dx%d n=%d: touched row %d of token %d", f, rows, cols, n, row, tok)
								}
								continue
							}
							sum, norm := 0.0, 0.0
							for c := range cols {
								p := want[row*cols+c] * float64(x[tok*ldx+c])
								sum += p
								norm += p * p
							}
							if bias != nil {
								sum += float64(bias[row])
								norm += float64(bias[row]) * float64(bias[row])
							}
							e := math.Abs(float64(v)-sum) / (math.Sqrt(norm) + 1e-30)
							worst = max(worst, e)
							if !(e < 3e-6) {
								t.Fatalf("format %d %dx%d n=%d row %d token %d: %g, want %g (error %g)", f, rows, cols, n, row, tok, v, sum, e)
							}
						}
						// One token, and any split of rows and tokens, gives the same bits.
						one := make([]float32, rows)
						for tok := range n {
							mid := (lo + hi) / 2
							o.MatMul(one, rows, m, lo, mid, x[tok*ldx:], ldx, 1, bias, nil)
							o.MatMul(one, rows, m, mid, hi, x[tok*ldx:], ldx, 1, bias, nil)
							for row := lo; row < hi; row++ {
								if math.Float32bits(one[row]) != math.Float32bits(y[tok*ldy+row]) {
									t.Fatalf("format %d %dx%d n=%d: row %d of token %d is %g alone, %g among others", f, rows, cols, n, row, tok, one[row], y[tok*ldy+row])
								}
							}
						}
					}
				}
			}
		}
		t.Logf("largest error relative to the norm of the products: %.2g", worst)
	})
}

// TestMXFP4Extremes runs every code byte with the scales at the ends of the range.
func TestMXFP4Extremes(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		for _, s := range []byte{0, 1, 118, 127, 130, 252} {
			m := &Matrix{Format: MXFP4, Rows: 16, Cols: 32, Data: make([]byte, 256), Scales: make([]byte, 16)}
			for i := range m.Data {
				m.Data[i] = byte(i)
			}
			for i := range m.Scales {
				m.Scales[i] = s
			}
			row := make([]float32, 32)
			x, y := make([]float32, 64), make([]float32, 32)
			scratch := make([]float32, ScratchFloats(32))
			for r := range 16 {
				m.Row(row, r)
				for c := range 32 {
					clear(x)
					x[c], x[32+c] = 1, 0.5
					o.MatMul(y, 16, m, 0, 16, x, 32, 1, nil, nil)
					if y[r] != row[c] {
						t.Fatalf("scale %d row %d col %d: %g, want %g", s, r, c, y[r], row[c])
					}
					o.MatMul(y, 16, m, 0, 16, x, 32, 2, nil, scratch)
					if y[r] != row[c] || y[16+r] != float32(row[c]*0.5) {
						t.Fatalf("scale %d row %d col %d: %g %g of two, want %g", s, r, c, y[r], y[16+r], row[c])
					}
				}
			}
		}
	})
}

func TestMatMulAllocatesNothing(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(3, 4))
		scratch := make([]float32, ScratchFloats(96))
		x, y := randomVector(r, 96*3, 0), make([]float32, 40*3)
		for _, f := range formats {
			m, _ := randomMatrix(r, f, 40, 96, 0)
			for _, n := range []int{1, 3} {
				if a := testing.AllocsPerRun(10, func() { o.MatMul(y, 40, m, 0, 40, x, 96, n, nil, scratch) }); a != 0 {
					t.Errorf("format %d n=%d: %v allocations", f, n, a)
				}
			}
		}
	})
}

func TestMatrixCheck(t *testing.T) {
	for _, m := range []Matrix{
		{Format: MXFP4, Rows: 1, Cols: 33, Data: make([]byte, 16), Scales: make([]byte, 1)},
		{Format: BF16, Rows: 2, Cols: 3, Data: make([]byte, 11)},
		{Format: F32, Rows: 2, Cols: 3, Data: make([]byte, 12)},
		{Format: F32, Rows: 1, Cols: 0},
		{Format: 9, Rows: 1, Cols: 1, Data: make([]byte, 4)},
	} {
		if m.Check() == nil {
			t.Errorf("%+v passed", m)
		}
	}
}

func BenchmarkMatMul(b *testing.B) {
	everyOps(b, func(tb testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(5, 6))
		const rows, cols = 256, 2880
		scratch := make([]float32, ScratchFloats(cols))
		for _, f := range []Format{BF16, MXFP4} {
			m, _ := randomMatrix(r, f, rows, cols, 0)
			for _, n := range []int{1, 2, 16, 64} {
				x, y := randomVector(r, n*cols, 0), make([]float32, n*rows)
				b.Run(fmt.Sprintf("%s/%s/n=%d", o.Name, []string{"bf16", "f32", "mxfp4"}[f], n), func(b *testing.B) {
					for b.Loop() {
						o.MatMul(y, rows, m, 0, rows, x, cols, n, nil, scratch)
					}
					b.ReportMetric(float64(b.N)*rows*cols*float64(n)/b.Elapsed().Seconds()/1e9, "Gmac/s")
				})
			}
		}
	})
}
