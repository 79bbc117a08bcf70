package model

import "math"

// Rope gives the rotary table of the model: the angle of element pair (i, i+HeadDim/2)
// at position p is p*invFreq[i], and cos and sin are both multiplied by concentration.
// The same table serves every layer and every position.
//
// YaRN (arXiv 2309.00071) as in openai/gpt-oss torch/model.py: the two bounds between
// kept and interpolated frequencies are not rounded unless the configuration says
// truncate. Runtimes that round them drift from the reference at long context.
func Rope(cfg Config) (invFreq []float64, concentration float64) {
	half := cfg.HeadDim / 2
	invFreq = make([]float64, half)
	for i := range invFreq {
		invFreq[i] = math.Pow(cfg.RopeTheta, -float64(i)/float64(half))
	}
	if cfg.YarnFactor <= 1 {
		return invFreq, 1
	}
	low, high := yarnBounds(cfg)
	for i, f := range invFreq {
		r := min(max((float64(i)-low)/(high-low), 0), 1)
		invFreq[i] = (1-r)*f + r*f/cfg.YarnFactor
	}
	return invFreq, 0.1*math.Log(cfg.YarnFactor) + 1
}

// yarnBounds are the pair indices at which a rotation fits YarnBetaFast and
// YarnBetaSlow times into the original context.
func yarnBounds(cfg Config) (low, high float64) {
	at := func(rotations float64) float64 {
		return float64(cfg.HeadDim) / 2 * math.Log(float64(cfg.InitialContext)/(rotations*2*math.Pi)) / math.Log(cfg.RopeTheta)
	}
	low, high = at(cfg.YarnBetaFast), at(cfg.YarnBetaSlow)
	if cfg.YarnTruncate {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(low, 0), min(high, float64(cfg.HeadDim-1))
	if low == high {
		high += 0.001 // as transformers does: a step, not a division by zero
	}
	return low, high
}
