package reference

import (
	"math"
	"sort"

	"ossian/internal/model"
)

// mlpBlock is the mixture of experts for one normalised token.
func (f *forward) mlpBlock(l *model.Layer, t []float32) []float32 {
	g := f.linear(l.Router, l.RouterBias, t)
	experts, weights := f.route(g)
	out := make([]float32, len(t))
	for i, e := range experts {
		h := f.swiglu(f.matmulBias(l.GateUp[e], l.GateUpBias[e], t))
		y := f.matmulBias(l.Down[e], l.DownBias[e], h)
		for c := range out {
			out[c] = f.r(float64(out[c]) + float64(f.r(float64(y[c])*float64(weights[i]))))
		}
	}
	return out
}

// route picks the largest logits, the lowest index among equals, and gives them in
// ascending order of the index, in which transformers adds the experts, with the softmax over
// these alone.
func (f *forward) route(g []float32) (experts []int, weights []float32) {
	order := make([]int, len(g))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return g[order[i]] > g[order[j]] })
	experts = order[:f.w.Config.ActiveExperts]
	top, sum := float64(g[experts[0]]), 0.0
	for _, e := range experts {
		sum += math.Exp(float64(g[e]) - top)
	}
	sort.Ints(experts)
	for _, e := range experts {
		weights = append(weights, f.r(math.Exp(float64(g[e])-top)/sum))
	}
	return experts, weights
}

// swiglu takes interleaved gate (even) and up (odd) values.
func (f *forward) swiglu(gu []float32) []float32 {
	limit, alpha := f.w.Config.SwigluLimit, f.w.Config.SwigluAlpha
	out := make([]float32, len(gu)/2)
	for i := range out {
		gate := math.Min(float64(gu[2*i]), limit)
		up := math.Max(-limit, math.Min(float64(gu[2*i+1]), limit))
		sigmoid := f.r(1 / (1 + math.Exp(-float64(f.r(gate*alpha)))))
		glu := f.r(gate * float64(sigmoid))
		out[i] = f.r(float64(f.r(up+1)) * float64(glu))
	}
	return out
}
