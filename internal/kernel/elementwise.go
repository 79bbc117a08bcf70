package kernel

import "math"

func rmsNorm(dst, x, w []float32, eps float64) {
	dst, w = dst[:len(x)], w[:len(x)]
	var a, b float64
	i := 0
	for ; i+2 <= len(x); i += 2 {
		a += float64(x[i]) * float64(x[i])
		b += float64(x[i+1]) * float64(x[i+1])
	}
	if i < len(x) {
		a += float64(x[i]) * float64(x[i])
	}
	r := float32(1 / math.Sqrt((a+b)/float64(len(x))+eps))
	for i, v := range x {
		dst[i] = w[i] * (v * r)
	}
}

// RopeTable fills cos and sin, one value a pair, for one position. Angles are formed
// and reduced in float64: in float32 they would be off by 4e-3 rad at position 131071.
func RopeTable(cos, sin []float32, pos int, invFreq []float64, concentration float64) {
	for i, f := range invFreq {
		s, c := math.Sincos(float64(pos) * f)
		cos[i], sin[i] = float32(c*concentration), float32(s*concentration)
	}
}

func rope(x, cos, sin []float32) {
	half := len(cos)
	sin = sin[:half]
	for ; len(x) >= 2*half; x = x[2*half:] {
		a, b := x[:half], x[half:2*half]
		for i, c := range cos {
			s, u, v := sin[i], a[i], b[i]
			a[i], b[i] = float32(u*c)-float32(v*s), float32(v*c)+float32(u*s)
		}
	}
}

func swiGLU(dst, gu []float32, limit, alpha float32) {
	gu = gu[:2*len(dst)]
	for i := range dst {
		g, u := min(gu[2*i], limit), max(-limit, min(gu[2*i+1], limit))
		dst[i] = (u + 1) * (g / (1 + exp(-alpha*g)))
	}
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

func addScaled(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] += float32(s * v)
	}
}

func argmax(x []float32) int {
	best := -1
	for i, v := range x {
		if v == v && (best < 0 || v > x[best]) {
			best = i
		}
	}
	return best
}

// Softmax replaces x by exp(x)/sum(exp(x)).
func Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for i, v := range x {
		x[i] = exp(v - top)
		sum += float64(x[i])
	}
	r := float32(1 / sum)
	for i := range x {
		x[i] *= r
	}
}

// RouterTopK writes the indices of the len(index) largest logits, largest first and the lowest
// index first among equals, and the softmax over these alone. NaN counts as the
// smallest value. len(index) <= len(logits), and weight is as long as index.
func RouterTopK(index []int32, weight, logits []float32) {
	for k := range index {
		best := -1
		for i, v := range logits {
			if taken(index[:k], int32(i)) {
				continue
			}
			if best < 0 || v > logits[best] || (v == v && logits[best] != logits[best]) {
				best = i
			}
		}
		index[k], weight[k] = int32(best), logits[best]
	}
	Softmax(weight[:len(index)])
}

func taken(index []int32, i int32) bool {
	for _, j := range index {
		if i == j {
			return true
		}
	}
	return false
}
