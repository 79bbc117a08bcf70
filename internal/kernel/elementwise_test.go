package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t testing.TB, what string, got float32, want, scale, tol float64) {
	t.Helper()
	if e := math.Abs(float64(got) - want); !(e <= tol*(scale+1e-30)) {
		t.Fatalf("%s: %g, want %g (off by %g)", what, got, want, e)
	}
}

func TestRMSNorm(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range []int{1, 2, 3, 31, 64, 97, 2880} {
			x, w := randomVector(r, n, n%5), randomVector(r, n, 1)
			dst, intact := fenced(n, 3)
			o.RMSNorm(dst, x, w, 1e-5)
			sum := 0.0
			for _, v := range x {
				sum += float64(v) * float64(v)
			}
			for i := range dst {
				want := float64(w[i]) * float64(x[i]) / math.Sqrt(sum/float64(n)+1e-5)
				near(t, "rmsnorm", dst[i], want, math.Abs(want), 3e-7)
			}
			o.RMSNorm(x, x, w, 1e-5)
			if !slices.Equal(x, dst) || !intact() {
				t.Fatal("in place differs, or wrote outside")
			}
		}
		z := make([]float32, 4)
		o.RMSNorm(z, z, []float32{1, 1, 1, 1}, 1e-5)
		if z[0] != 0 {
			t.Errorf("norm of zeros: %v", z)
		}
	})
}

func TestRope(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, half := range []int{1, 3, 16, 32} {
			inv := make([]float64, half)
			for i := range inv {
				inv[i] = math.Pow(150000, -float64(i)/float64(half))
			}
			for _, pos := range []int{0, 1, 4095, 4096, 131071} {
				cos, sin := make([]float32, half), make([]float32, half)
				RopeTable(cos, sin, pos, inv, 1.25)
				x, intact := fenced(3*2*half, 1)
				for i := range x {
					x[i] = float32(r.NormFloat64())
				}
				in := slices.Clone(x)
				o.Rope(x, cos, sin)
				for h := range 3 {
					for i := range half {
						a, b := float64(in[h*2*half+i]), float64(in[h*2*half+half+i])
						s, c := math.Sincos(float64(pos) * inv[i])
						near(t, "rope", x[h*2*half+i], 1.25*(a*c-b*s), math.Hypot(a, b), 5e-7)
						near(t, "rope", x[h*2*half+half+i], 1.25*(b*c+a*s), math.Hypot(a, b), 5e-7)
					}
				}
				if !intact() {
					t.Fatal("wrote outside")
				}
			}
		}
	})
}

func TestSwiGLU(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		gu := []float32{-100, 3, 7, 7, 8, 8, 6.5, -7, 7.5, -8, 0, 0, -1, -1, 1e30, -1e30, -1e30, 1e30}
		n := len(gu) / 2
		dst, intact := fenced(n, 1)
		o.SwiGLU(dst, gu, 7, 1.702)
		for i := range dst {
			g, u := math.Min(float64(gu[2*i]), 7), math.Max(-7, math.Min(float64(gu[2*i+1]), 7))
			want := g / (1 + math.Exp(-1.702*g)) * (u + 1)
			near(t, "swiglu", dst[i], want, math.Abs(want), 5e-7)
		}
		r := rand.New(rand.NewPCG(4, 4))
		for _, n := range []int{16, 17, 45, 2880} {
			gu := randomVector(r, 2*n, n%3)
			for i := range gu {
				gu[i] *= 6
			}
			gu[2], gu[4], gu[6] = -1e30, float32(math.NaN()), -60
			dst, intact := fenced(n, n%5)
			o.SwiGLU(dst, gu, 7, 1.702)
			for i := range dst {
				g, u := math.Min(float64(gu[2*i]), 7), math.Max(-7, math.Min(float64(gu[2*i+1]), 7))
				want := g / (1 + math.Exp(-1.702*g)) * (u + 1)
				if i == 2 {
					if dst[i] == dst[i] {
						t.Fatal("NaN was hidden")
					}
					continue
				}
				near(t, "swiglu", dst[i], want, math.Abs(want)*(1+math.Abs(g)), 5e-7)
			}
			o.SwiGLU(gu[:n], gu, 7, 1.702)
			if sameBits(gu[:n], dst) >= 0 || !intact() {
				t.Fatal("in place differs, or wrote outside")
			}
		}
		o.SwiGLU(gu[:n], gu, 7, 1.702)
		if !slices.Equal(gu[:n], dst) || !intact() {
			t.Fatal("in place differs, or wrote outside")
		}
	})
}

func TestAddScaledAndArgmax(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range []int{0, 1, 5, 33} {
			x := randomVector(r, n, 1)
			dst, intact := fenced(n, 2)
			for i := range dst {
				dst[i] = 1
			}
			o.AddScaled(dst, x, 0.5)
			for i := range dst {
				near(t, "addscaled", dst[i], 1+0.5*float64(x[i]), 1, 1e-6)
			}
			if !intact() {
				t.Fatal("wrote outside")
			}
		}
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for _, c := range []struct {
			x    []float32
			want int
		}{
			{nil, -1}, {[]float32{nan}, -1}, {[]float32{nan, -5, nan}, 1}, {[]float32{1, 3, 3}, 1},
			{[]float32{-inf, -inf}, 0}, {[]float32{2, inf, inf, nan}, 1},
		} {
			if got := o.Argmax(c.x); got != c.want {
				t.Errorf("argmax %v = %d, want %d", c.x, got, c.want)
			}
			if c.want < 0 {
				continue
			}
			for _, n := range []int{1, 15, 16, 31, 40} { // in the last places, after NaNs
				x := make([]float32, n, n+len(c.x))
				for i := range x {
					x[i] = nan
				}
				if got := o.Argmax(append(x, c.x...)); got != n+c.want {
					t.Errorf("argmax of %d NaN and %v = %d, want %d", n, c.x, got, n+c.want)
				}
			}
		}
	})
}

// TestArgmaxLong: vectors of several pieces, with equal values, NaN and infinities anywhere.
func TestArgmaxLong(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(2, 1))
		special := []float32{float32(math.NaN()), float32(math.Inf(-1)), 3, 0, float32(math.Copysign(0, -1))}
		for i := range 300 {
			x := randomVector(r, 1+r.IntN(20000), i%5)
			for range r.IntN(8) {
				x[r.IntN(len(x))] = special[r.IntN(len(special))]
			}
			if i%3 == 0 { // few values, mostly equal and mostly NaN or -Inf
				for j := range x {
					x[j] = special[min(r.IntN(200), 1+i%4)]
				}
			}
			if got, want := o.Argmax(x), argmax(x); got != want {
				t.Fatalf("%d values: %d, want %d", len(x), got, want)
			}
		}
	})
}

func TestRouterTopK(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		logits []float32
		index  []int32
	}{
		{[]float32{1, 2, 3, 4}, []int32{3, 2}},
		{[]float32{5, 5, 5, 5, 5}, []int32{0, 1, 2, 3}},
		{[]float32{-1, 7, -1, 7}, []int32{1, 3, 0}},
		{[]float32{nan, 1, nan, 0}, []int32{1, 3, 0}},
		{[]float32{nan, nan}, []int32{0, 1}},
	} {
		index, weight := make([]int32, len(c.index)), make([]float32, len(c.index))
		RouterTopK(index, weight, c.logits)
		if !slices.Equal(index, c.index) {
			t.Errorf("%v: %v, want %v", c.logits, index, c.index)
		}
	}
	index, weight := make([]int32, 2), make([]float32, 2)
	RouterTopK(index, weight, []float32{0, float32(math.Log(3)), -50})
	near(t, "weight", weight[0], 0.75, 1, 1e-6)
	near(t, "weight", weight[1], 0.25, 1, 1e-6)
}

// newKV fills a cache of positions 0..n-1 in pages, a ring when pages is short.
func newKV(r *rand.Rand, heads, d, n, pages int) (*KV, [][]float32, [][]float32) {
	kv := &KV{Heads: heads, HeadDim: d}
	for range pages {
		kv.K = append(kv.K, make([]float32, PageFloats(heads, d)))
		kv.V = append(kv.V, make([]float32, PageFloats(heads, d)))
	}
	var ks, vs [][]float32
	for p := range n {
		k, v := randomVector(r, heads*d, 0), randomVector(r, heads*d, 0)
		ks, vs = append(ks, k), append(vs, v)
		kv.Put(p, k, v)
	}
	return kv, ks, vs
}

func TestAttention(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(9, 9))
		worst := 0.0
		for _, c := range []struct{ heads, group, d, n, pages, first, last int }{
			{2, 8, 64, 700, 11, 0, 699},
			{2, 4, 32, 200, 4, 100, 163},
			{1, 1, 32, 1, 1, 0, 0},
			{2, 4, 64, 63, 1, 0, 62},
			{2, 2, 64, 200, 4, 0, 199},
			{2, 2, 64, 200, 4, 72, 199}, // a window of 128
			{1, 20, 16, 300, 5, 0, 299}, // more query heads than are held at once
			{3, 1, 7, 130, 3, 5, 129},   // an odd width
			{2, 3, 16, 70, 2, 1, 69},
			{1, 2, 96, 77, 2, 0, 76},
			{2, 1, 128, 67, 2, 0, 66},
			{2, 8, 64, 1000, 4, 850, 977},
		} {
			kv, ks, vs := newKV(r, c.heads, c.d, c.n, c.pages)
			heads := c.heads * c.group
			q, sinks := randomVector(r, heads*c.d, 1), randomVector(r, heads, 0)
			for i := range q {
				q[i] *= 3
			}
			out, intact := fenced(heads*c.d, 3)
			o.Attention(out, q, kv, 0, c.heads, c.first, c.last, sinks)
			for h := range heads {
				kh := h / c.group
				top := float64(sinks[h])
				s := map[int]float64{}
				for p := c.first; p <= c.last; p++ {
					for i := range c.d {
						s[p] += float64(q[h*c.d+i]) * float64(ks[p][kh*c.d+i])
					}
					s[p] /= math.Sqrt(float64(c.d))
					top = max(top, s[p])
				}
				sum := math.Exp(float64(sinks[h]) - top)
				want := make([]float64, c.d)
				for p := c.first; p <= c.last; p++ {
					e := math.Exp(s[p] - top)
					sum += e
					for i := range want {
						want[i] += e * float64(vs[p][kh*c.d+i])
					}
				}
				for i := range want {
					e := math.Abs(float64(out[h*c.d+i]) - want[i]/sum)
					worst = max(worst, e)
					near(t, "attention", out[h*c.d+i], want[i]/sum, 1, 5e-6)
				}
			}
			if !intact() {
				t.Fatal("wrote outside")
			}
			split := make([]float32, len(out))
			for h := range c.heads {
				o.Attention(split, q, kv, h, h+1, c.first, c.last, sinks)
			}
			if !slices.Equal(split, out) {
				t.Fatal("head by head differs from all heads")
			}
			if a := testing.AllocsPerRun(3, func() { o.Attention(out, q, kv, 0, c.heads, c.first, c.last, sinks) }); a != 0 {
				t.Fatalf("%v allocations", a)
			}
		}
		t.Logf("largest error: %.2g", worst)
	})
}

// TestAttentionRing: the same positions in a ring and in a full cache give equal bits.
func TestAttentionRing(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(9, 9))
		full, ks, vs := newKV(r, 2, 32, 400, 7)
		ring, _, _ := newKV(r, 2, 32, 0, 3)
		q, sinks := randomVector(r, 4*32, 0), randomVector(r, 4, 0)
		a, b := make([]float32, len(q)), make([]float32, len(q))
		for p := range 400 {
			ring.Put(p, ks[p], vs[p])
			first := max(0, p-99)
			o.Attention(a, q, full, 0, 2, first, p, sinks)
			o.Attention(b, q, ring, 0, 2, first, p, sinks)
			if !slices.Equal(a, b) {
				t.Fatalf("position %d: ring and full cache differ", p)
			}
		}
	})
}

// TestAttentionSpan: many tokens at once give the bits of each alone, full and windowed, ring or not.
func TestAttentionSpan(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(9, 9))
		for _, d := range []int{64, 32, 24} {
			for _, window := range []int{0, 1, 50, 128} {
				for _, c := range []struct{ pos, n, pages int }{{0, 1, 1}, {0, 70, 2}, {61, 40, 2}, {130, 33, 5}} {
					pages := c.pages
					if window == 0 {
						pages = 3
					}
					kv, _, _ := newKV(r, 2, d, c.pos+c.n, max(pages, 3))
					for _, page := range kv.K { // slots not written yet must not matter
						for i := range page {
							if page[i] == 0 {
								page[i] = float32(math.NaN())
							}
						}
					}
					ld := 8*d + 5
					q, sinks := randomVector(r, c.n*ld, 1), randomVector(r, 8, 0)
					out, intact := fenced(c.n*ld, 3)
					o.AttentionSpan(out, q, ld, kv, 0, 2, c.pos, c.n, window, sinks)
					if !intact() {
						t.Fatal("wrote outside")
					}
					one := make([]float32, 8*d)
					for tok := range c.n {
						o.Attention(one, q[tok*ld:], kv, 0, 2, firstKey(c.pos+tok, window), c.pos+tok, sinks)
						if i := sameBits(one, out[tok*ld:][:8*d]); i >= 0 || one[0] != one[0] {
							t.Fatalf("d=%d window=%d pos=%d: token %d element %d is %g alone, %g among others", d, window, c.pos, tok, i, one[max(i, 0)], out[tok*ld+max(i, 0)])
						}
						for i := tok*ld + 8*d; i < (tok+1)*ld; i++ {
							if out[i] != canary {
								t.Fatal("wrote between tokens")
							}
						}
					}
				}
			}
		}
	})
}

func BenchmarkAttention(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 9))
	kv, _, _ := newKV(r, 8, 64, 1024, 16)
	q, sinks, out := randomVector(r, 64*64, 0), randomVector(r, 64, 0), make([]float32, 64*64)
	everyOps(b, func(_ testing.TB, o *Ops) {
		b.Run(o.Name, func(b *testing.B) {
			for b.Loop() {
				o.Attention(out, q, kv, 0, 8, 0, 1023, sinks)
			}
			b.ReportMetric(float64(b.N)*64*1024*128/b.Elapsed().Seconds()/1e9, "Gmac/s")
		})
	})
}

func BenchmarkSwiGLU(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 9))
	x, y := randomVector(r, 5760, 0), make([]float32, 2880)
	everyOps(b, func(_ testing.TB, o *Ops) {
		b.Run(o.Name, func(b *testing.B) {
			for b.Loop() {
				o.SwiGLU(y, x, 7, 1.702)
			}
		})
	})
}
