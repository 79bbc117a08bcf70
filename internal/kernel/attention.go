package kernel

import "math"

// PageSlots is how many positions a page of keys or values holds.
const PageSlots = 64

// KV is the cached keys and values of one layer of one sequence, in pages. Of head h at
// position p, in page p/PageSlots%len(K), and at s = p%PageSlots in it, the value is at V[page] from element
// (h*PageSlots + s)*HeadDim on. Keys lie the other way, so that the scores of neighbouring
// positions come out in neighbouring lanes: element i of the key is at (h*HeadDim + i)*PageSlots + s.
// A full layer has a page for every PageSlots positions; a ring is a shorter list that is used again.
type KV struct {
	Heads   int // key heads
	HeadDim int
	K, V    [][]float32
}

// PageFloats is the length of a page.
func PageFloats(heads, headDim int) int { return heads * PageSlots * headDim }

// Put stores the keys and values of all heads at position p.
func (kv *KV) Put(p int, k, v []float32) {
	page, s := p/PageSlots%len(kv.K), p%PageSlots
	kp, vp := kv.K[page], kv.V[page]
	for h := range kv.Heads {
		at := (h*PageSlots + s) * kv.HeadDim
		copy(vp[at:at+kv.HeadDim], v[h*kv.HeadDim:])
	}
	for i, x := range k[:kv.Heads*kv.HeadDim] {
		kp[i*PageSlots+s] = x
	}
}

// firstKey is the first position that the token at pos sees.
func firstKey(pos, window int) int {
	if window <= 0 {
		return 0
	}
	return max(0, pos-window+1)
}

func attentionSpan(out, q []float32, ld int, kv *KV, lo, hi, pos, n, window int, sinks []float32) {
	for t := range n {
		attention(out[t*ld:], q[t*ld:], kv, lo, hi, firstKey(pos+t, window), pos+t, sinks)
	}
}

// attention goes page by page, all query heads of a key head on a page while it is in the
// cache, with a running maximum: the sum starts as the sink alone.
func attention(out, q []float32, kv *KV, lo, hi, first, last int, sinks []float32) {
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
			at, slot := h0/group*PageSlots*d, p%PageSlots
			n := end - p + 1
			keys, values := kv.K[page][at+slot:at+PageSlots*d], kv.V[page][at+slot*d:at+(slot+n)*d]
			for h := h0; h < h1; h++ {
				m := scores(score[:n], q[h*d:(h+1)*d], keys, scale)
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
				accumulate(acc, score[:n], values)
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

// scores sets s[j] = scale * q·key j and returns the largest. Element i of key j is keys[i*PageSlots+j].
func scores(s, q, keys []float32, scale float32) float32 {
	clear(s)
	i := 0
	for ; i+4 <= len(q); i += 4 {
		k0, k1 := keys[i*PageSlots:][:len(s)], keys[(i+1)*PageSlots:][:len(s)]
		k2, k3 := keys[(i+2)*PageSlots:][:len(s)], keys[(i+3)*PageSlots:][:len(s)]
		a, b, c, d := q[i], q[i+1], q[i+2], q[i+3]
		for j := range s {
			s[j] += (a*k0[j] + b*k1[j]) + (c*k2[j] + d*k3[j])
		}
	}
	for ; i < len(q); i++ {
		a := q[i]
		for j, k := range keys[i*PageSlots:][:len(s)] {
			s[j] += a * k
		}
	}
	top := float32(math.Inf(-1))
	for j, v := range s {
		s[j] = v * scale
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
