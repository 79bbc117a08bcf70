package model

import (
	"fmt"
	"math"
)

// Bounds on a configuration: far above any gpt-oss, low enough that no product of a
// few of them overflows 63 bits.
const (
	maxLayers  = 1024
	maxWidth   = 1 << 16
	maxVocab   = 1 << 22
	maxHeads   = 1024
	maxHeadDim = 1024
	maxExperts = 4096
	maxContext = 1 << 24
)

// Validate checks every bound and what must hold between the numbers. ParseConfig
// has done so; call it on a Config built by hand.
func (c *Config) Validate() error {
	bad := func(key, why string, args ...any) error {
		return &ConfigError{Key: key, Why: fmt.Sprintf(why, args...)}
	}
	for _, n := range []struct {
		key   string
		value int
		most  int
	}{
		{"num_hidden_layers", c.Layers, maxLayers}, {"hidden_size", c.Hidden, maxWidth},
		{"intermediate_size", c.Intermediate, maxWidth}, {"vocab_size", c.Vocab, maxVocab},
		{"num_attention_heads", c.Heads, maxHeads}, {"num_key_value_heads", c.KVHeads, maxHeads},
		{"head_dim", c.HeadDim, maxHeadDim}, {"num_local_experts", c.Experts, maxExperts},
		{"num_experts_per_tok", c.ActiveExperts, maxExperts},
		{"initial_context_length", c.InitialContext, maxContext}, {"max_position_embeddings", c.MaxContext, maxContext},
	} {
		if n.value < 1 || n.value > n.most {
			return bad(n.key, "it is %d, outside 1..%d", n.value, n.most)
		}
	}
	for _, x := range []struct {
		key           string
		value, lo, hi float64
	}{
		{"rope_theta", c.RopeTheta, 2, 1e12}, {"factor", c.YarnFactor, 1, 1e6},
		{"beta_slow", c.YarnBetaSlow, 1e-6, 1e6}, {"beta_fast", c.YarnBetaFast, c.YarnBetaSlow, 1e6},
		{"rms_norm_eps", c.RMSEps, 1e-30, 1}, {"swiglu_limit", c.SwigluLimit, 1e-6, 1e6}, {"swiglu_alpha", c.SwigluAlpha, 1e-6, 1e6},
	} {
		if !(x.value >= x.lo && x.value <= x.hi) { // also NaN
			return bad(x.key, "it is %g, outside %g..%g", x.value, x.lo, x.hi)
		}
	}
	switch {
	case c.Hidden%32 != 0:
		return bad("hidden_size", "%d is not a multiple of 32, the block of MXFP4", c.Hidden)
	case c.Intermediate%32 != 0:
		return bad("intermediate_size", "%d is not a multiple of 32, the block of MXFP4", c.Intermediate)
	case c.HeadDim%2 != 0:
		return bad("head_dim", "%d is odd, but rotation takes pairs", c.HeadDim)
	case c.Heads%c.KVHeads != 0:
		return bad("num_attention_heads", "%d query heads cannot share %d key heads evenly", c.Heads, c.KVHeads)
	case c.Heads*c.HeadDim > 4*maxWidth:
		return bad("num_attention_heads", "%d heads of %d are wider than %d", c.Heads, c.HeadDim, 4*maxWidth)
	case len(c.Layer) != c.Layers:
		return bad("layer_types", "it names %d layers, num_hidden_layers %d", len(c.Layer), c.Layers)
	case c.YarnFactor > 1 && !yarnSane(*c):
		return bad("rope_scaling", "its bounds do not lie in order for %d positions and theta %g", c.InitialContext, c.RopeTheta)
	}
	most := 0
	for i, l := range c.Layer {
		if l.Experts < c.ActiveExperts || l.Experts > maxExperts {
			return bad("num_local_experts", "layer %d has %d, outside %d..%d", i, l.Experts, c.ActiveExperts, maxExperts)
		}
		if l.Window < 0 || l.Window > maxContext {
			return bad("sliding_window", "layer %d has %d, outside 0..%d", i, l.Window, maxContext)
		}
		most = max(most, l.Experts)
	}
	if most != c.Experts {
		return bad("num_local_experts", "it is %d, but the largest layer has %d", c.Experts, most)
	}
	return nil
}

func yarnSane(c Config) bool {
	low, high := yarnBounds(c)
	return low < high && !math.IsNaN(low) && !math.IsInf(low, 0) && !math.IsInf(high, 0)
}
