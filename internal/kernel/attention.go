package kernel

import "math"

// PageSlots is how many positions a page of keys or values holds.
const PageSlots = 64

// KV is the cached keys and values of one layer of one sequence, in pages. The key of
// head h at position p is at K[(p/PageSlots)%len(K)], from
// element (h*PageSlots + p%PageSlots)*HeadDim on; values likewise in V. A full layer has a page for every
// PageSlots positions; a ring is a shorter list that is used again.
type KV struct {
	Heads   int // key heads
	HeadDim int
	K, V    [][]float32
}

// PageFloats is the length of a page.
func PageFloats(heads, headDim int) int { return heads * PageSlots * headDim }

// Put stores the keys and values of all heads at position p.
func (kv *KV) Put(p int, k, v []float32) {
	page := p / PageSlots % len(kv.K)
	kp, vp := kv.K[page], kv.V[page]
	for h := range kv.Heads {
		at := (h*PageSlots + p%PageSlots) * kv.HeadDim
		copy(kp[at:at+kv.HeadDim], k[h*kv.HeadDim:])
		copy(vp[at:at+kv.HeadDim], v[h*kv.HeadDim:])
	}
}

// attention goes page by page, all query heads of a key head on a page while it is in the
// cache, with a running maximum: the sum starts as the sink alone.
func attention(out, q []float32, kv *KV, lo, hi, first, last int, sinks []float32) {
	attend(out, q, kv, lo, hi, first, last, sinks, false)
}

// attend is attention with the inner loops of this processor (wide) or those in Go. A
// flag and not two functions: what is handed to a function value leaves the stack.
func attend(out, q []float32, kv *KV, lo, hi, first, last int, sinks []float32, wide bool) {
	d := kv.HeadDim
	group := len(sinks) / kv.Heads
	scale := float32(1 / math.Sqrt(float64(d)))
	var score [PageSlots]float32
	const chunk = 16 // query heads with their state on the stack at a time
	for h0 := lo * group; h0 < hi*group; {
		h1 := min(h0+chunk, (h0/group+1)*group)
		var top [chunk]float32
		var sum [chunk]float64
		for h := h0; h < h1; h++ {
			top[h-h0], sum[h-h0] = sinks[h], 1
			clear(out[h*d : (h+1)*d])
		}
		for p := first; p <= last; {
			end := min(p/PageSlots*PageSlots+PageSlots-1, last)
			page := p / PageSlots % len(kv.K)
			at := (h0/group*PageSlots + p%PageSlots) * d
			n := end - p + 1
			keys, values := kv.K[page][at:at+n*d], kv.V[page][at:at+n*d]
			for h := h0; h < h1; h++ {
				var m float32
				if wide {
					m = scoresWide(score[:n], q[h*d:(h+1)*d], keys, scale)
				} else {
					m = scores(score[:n], q[h*d:(h+1)*d], keys, scale)
				}
				acc := out[h*d : (h+1)*d]
				if m > top[h-h0] {
					r := exp(top[h-h0] - m)
					top[h-h0], sum[h-h0] = m, sum[h-h0]*float64(r)
					for i := range acc {
						acc[i] *= r
					}
				}
				m = top[h-h0]
				for i, s := range score[:n] {
					e := exp(s - m)
					score[i] = e
					sum[h-h0] += float64(e)
				}
				if wide {
					accumulateWide(acc, score[:n], values)
				} else {
					accumulate(acc, score[:n], values)
				}
			}
			p = end + 1
		}
		for h := h0; h < h1; h++ {
			r := float32(1 / sum[h-h0])
			acc := out[h*d : (h+1)*d]
			for i := range acc {
				acc[i] *= r
			}
		}
		h0 = h1
	}
}

// scores sets s[j] = scale * q·key j and returns the largest.
func scores(s, q, keys []float32, scale float32) float32 {
	d := len(q)
	top := float32(math.Inf(-1))
	j := 0
	for ; j+4 <= len(s); j += 4 {
		k := keys[j*d : (j+4)*d]
		k0, k1, k2, k3 := k[:d], k[d:2*d], k[2*d:3*d], k[3*d:4*d]
		var e0, e1, e2, e3, o0, o1, o2, o3 float32
		i := 0
		for ; i+2 <= len(q); i += 2 {
			a, b := q[i], q[i+1]
			e0 += k0[i] * a
			e1 += k1[i] * a
			e2 += k2[i] * a
			e3 += k3[i] * a
			o0 += k0[i+1] * b
			o1 += k1[i+1] * b
			o2 += k2[i+1] * b
			o3 += k3[i+1] * b
		}
		if i < len(q) {
			a := q[i]
			e0 += k0[i] * a
			e1 += k1[i] * a
			e2 += k2[i] * a
			e3 += k3[i] * a
		}
		s[j], s[j+1], s[j+2], s[j+3] = (e0+o0)*scale, (e1+o1)*scale, (e2+o2)*scale, (e3+o3)*scale
		top = max(top, s[j], s[j+1], s[j+2], s[j+3])
	}
	for ; j < len(s); j++ {
		s[j] = tail(keys[j*d:(j+1)*d], q) * scale
		top = max(top, s[j])
	}
	return top
}

// accumulate adds p[j] * value j to acc, in the order of j.
func accumulate(acc, p, values []float32) {
	d := len(acc)
	j := 0
	for ; j+4 <= len(p); j += 4 {
		v := values[j*d : (j+4)*d]
		v0, v1, v2, v3 := v[:d], v[d:2*d], v[2*d:3*d], v[3*d:4*d]
		p0, p1, p2, p3 := p[j], p[j+1], p[j+2], p[j+3]
		for i := range acc {
			a := acc[i]
			a += p0 * v0[i]
			a += p1 * v1[i]
			a += p2 * v2[i]
			a += p3 * v3[i]
			acc[i] = a
		}
	}
	for ; j < len(p); j++ {
		v := values[j*d : (j+1)*d]
		for i := range acc {
			acc[i] += p[j] * v[i]
		}
	}
}
