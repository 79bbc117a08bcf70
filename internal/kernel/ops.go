package kernel

import "ossian/internal/cpu"

// Ops is one set of kernels. All fields are set. The contracts stand here; every
// implementation passes the same suite.
type Ops struct {
	Name string // the tier, for diagnosis

	// MatMul computes y[t*ldy+r] = bias[r] + sum over c of m[r,c]*x[t*ldx+c]
	// for lo <= r < hi and 0 <= t < n. It touches no other element of y. bias is nil or has
	// m.Rows values. scratch has at least ScratchFloats(m.Cols) values and is used
	// only when n > 1.
	MatMul func(y []float32, ldy int, m *Matrix, lo, hi int, x []float32, ldx, n int, bias, scratch []float32)

	// Fill packs the rows of m as rows at, at+1, ... of p. at is a multiple of TileRows, and
	// so is m.Rows unless they are p's last rows. Disjoint ranges may be filled concurrently,
	// and m needs to hold no more than one tile: weights can be packed while they are read.
	// The bytes are the same in every Ops.
	Fill func(p *Packed, at int, m *Matrix) error

	// Quantize writes n vectors, ldx apart in x, as vectors at..at+n-1 of a. The result is
	// the same in every Ops.
	Quantize func(a *Acts, at int, x []float32, ldx, n int)

	// Mul computes y[t*ldy+r] = bias[r] + the product of row r of p with vector t of a, for
	// lo <= r < hi, which are multiples of TileRows, hi perhaps p.Rows instead. It touches no
	// other element of y. With an index, vector t is a's vector index[t], and there are
	// len(index) of them; else all of a. bias is nil or has p.Rows values. p.Form.Fits(a.Form).
	// scratch has at least PanelBytes(p.Cols) bytes and is used only for more than one vector.
	//
	// The result is the same to the last bit in every Ops.
	Mul func(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte)

	// RMSNorm sets dst[i] = w[i] * x[i] / sqrt(mean(x²) + eps). dst may be x.
	RMSNorm func(dst, x, w []float32, eps float64)

	// Rope rotates the heads of x in place: element i of a head with element
	// i+len(cos), where len(cos) = len(sin) is half the head's width:
	// a*cos - b*sin and b*cos + a*sin. len(x) is a multiple of 2*len(cos).
	Rope func(x, cos, sin []float32)

	// Attention computes, for the query heads of key heads lo..hi-1, the weighted mean
	// of values over the keys at positions first..last with a sink in the
	// denominator. q and out hold all heads of one token; see KV for the cache. The
	// scores are scaled by 1/sqrt(kv.HeadDim); sinks are not.
	Attention func(out, q []float32, kv *KV, lo, hi, first, last int, sinks []float32)

	// AttentionSpan is Attention, to the last bit, for n tokens at positions pos, pos+1, ...
	// of one sequence, ld apart in out and q. Each sees the last window positions up to
	// its own, or all if window is 0. A page is read once for many tokens.
	AttentionSpan func(out, q []float32, ld int, kv *KV, lo, hi, pos, n, window int, sinks []float32)

	// SwiGLU sets dst[i] = g*sigmoid(alpha*g)*(u+1) with g = min(gu[2i], limit) and
	// u = gu[2i+1] clamped to ±limit, for all of dst. dst may be gu[:len(dst)].
	SwiGLU func(dst, gu []float32, limit, alpha float32)

	// AddScaled adds s*x to dst element by element.
	AddScaled func(dst, x []float32, s float32)

	// Argmax is the lowest index of the largest value; NaN never wins. -1 if there is none.
	Argmax func(x []float32) int
}

// Select gives the kernels written for a tier, or those in plain Go where there are none.
func Select(t cpu.Tier) *Ops {
	if o := selectTier(t); o != nil {
		return o
	}
	return Generic()
}

// Generic gives the kernels in plain Go: they run everywhere and are the fallback.
func Generic() *Ops {
	return &Ops{
		Name: string(cpu.Generic), MatMul: matMul, Fill: fill, Quantize: quantize, Mul: mul,
		RMSNorm: rmsNorm, Rope: rope, Attention: attention, AttentionSpan: attentionSpan,
		SwiGLU: swiGLU, AddScaled: addScaled, Argmax: argmax,
	}
}
