package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// exactAttention is the attention of one query head in float64.
func exactAttention(q []float32, keys, values [][]float32, at, first, last int, sink float32) []float64 {
	d := len(q)
	top := float64(sink)
	s := make([]float64, last-first+1)
	for i := range s {
		for j, v := range q {
			s[i] += float64(v) * float64(keys[first+i][at+j])
		}
		s[i] /= math.Sqrt(float64(d))
		top = max(top, s[i])
	}
	sum := math.Exp(float64(sink) - top)
	out := make([]float64, d)
	for i, v := range s {
		e := math.Exp(v - top)
		sum += e
		for j := range out {
			out[j] += e * float64(values[first+i][at+j])
		}
	}
	for j := range out {
		out[j] /= sum
	}
	return out
}

// TestAttentionShapes takes shapes at random: heads, widths, windows, spans, and rings just long enough.
// Each is held against float64, against its tokens and heads alone, and against a long cache; slots
// that nobody may see are NaN.
func TestAttentionShapes(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(11, 12))
		worst := 0.0
		for range 60 {
			heads, group := 1+r.IntN(3), []int{1, 2, 3, 4, 8, 8, 12, 16}[r.IntN(8)]
			d := []int{64, 64, 32, 16, 48, 80, 128, 8, 24, 7}[r.IntN(10)]
			n, window, pos := 1+r.IntN(40), r.IntN(200), r.IntN(300)
			if r.IntN(3) == 0 {
				n = 1
			}
			full := (pos+n-1)/PageSlots + 1
			pages := full
			if window > 0 {
				pages = min(full, (window+n-2)/PageSlots+2)
			}
			_, ks, vs := newKV(r, heads, d, pos+n, full)
			kv, _, _ := newKV(r, heads, d, 0, pages)
			for i := range kv.K {
				for j := range kv.K[i] {
					kv.K[i][j], kv.V[i][j] = float32(math.NaN()), float32(math.NaN())
				}
			}
			for p := firstKey(pos, window); p < pos+n; p++ {
				kv.Put(p, ks[p], vs[p])
			}
			ld := heads*group*d + r.IntN(9)
			q, sinks := randomVector(r, n*ld, r.IntN(8)), randomVector(r, heads*group, 1)
			sharp := float32(1 + 3*r.IntN(2))
			for i := range q {
				q[i] *= sharp
			}
			out, intact := fenced(n*ld, r.IntN(8))
			lo := r.IntN(heads)
			hi := lo + 1 + r.IntN(heads-lo)
			o.AttentionSpan(out, q, ld, kv, lo, hi, pos, n, window, sinks)
			if !intact() {
				t.Fatal("wrote outside")
			}
			for tok := range n {
				first, last := firstKey(pos+tok, window), pos+tok
				for h := range heads * group {
					got := out[tok*ld+h*d:][:d]
					if h < lo*group || h >= hi*group {
						if got[0] != canary || got[d-1] != canary {
							t.Fatalf("touched head %d, beside %d..%d", h, lo*group, hi*group)
						}
						continue
					}
					want := exactAttention(q[tok*ld+h*d:][:d], ks, vs, h/group*d, first, last, sinks[h])
					for i := range want {
						worst = max(worst, math.Abs(float64(got[i])-want[i]))
						near(t, "attention", got[i], want[i], 1, 1e-5)
					}
				}
				for i := heads * group * d; i < ld; i++ {
					if out[tok*ld+i] != canary {
						t.Fatal("wrote between tokens")
					}
				}
				one := make([]float32, heads*group*d)
				for h := lo; h < hi; h++ {
					o.Attention(one, q[tok*ld:], kv, h, h+1, first, last, sinks)
				}
				if i := sameBits(one[lo*group*d:hi*group*d], out[tok*ld+lo*group*d:][:(hi-lo)*group*d]); i >= 0 {
					t.Fatalf("token %d of %d at %d, window %d, %d heads of %d: differs alone", tok, n, pos, window, group, d)
				}
			}
		}
		t.Logf("largest error: %.2g", worst)
	})
}

// TestAttentionExtremes: scores so far apart that weights vanish, and a sink above them all.
func TestAttentionExtremes(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(5, 5))
		const n, d, heads = 150, 64, 8
		kv, ks, vs := newKV(r, 1, d, n, 3)
		out, sinks := make([]float32, heads*d), make([]float32, heads)
		for _, c := range []struct{ scale, sink float32 }{{0, 0}, {60, 0}, {60, -300}, {1, 200}, {1, -200}, {1e-20, 5}} {
			q := randomVector(r, heads*d, 0)
			for i := range q {
				q[i] *= c.scale
			}
			for i := range sinks {
				sinks[i] = c.sink
			}
			o.Attention(out, q, kv, 0, 1, 0, n-1, sinks)
			for h := range heads {
				want := exactAttention(q[h*d:][:d], ks, vs, 0, 0, n-1, c.sink)
				for i := range want {
					near(t, "attention", out[h*d+i], want[i], 1, 1e-4) // scores of hundreds in float32
				}
			}
		}
	})
}
