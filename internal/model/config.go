package model

import "slices"

// Config is the shape and the constants of a model. The zero value is not valid;
// ParseConfig, GptOss20B and GptOss120B give checked ones.
type Config struct {
	Layers        int // len(Layer)
	Hidden        int // width of the residual stream
	Intermediate  int // width of an expert between its two projections
	Vocab         int // rows of embedding and unembedding; more than the tokenizer defines
	Heads         int // query heads
	KVHeads       int // key and value heads; Heads/KVHeads queries share one
	HeadDim       int
	Experts       int // largest count of any layer
	ActiveExperts int // experts a token visits per layer

	Layer []LayerConfig

	InitialContext int // context of pre-training, where YaRN starts
	MaxContext     int // most positions of prompt and answer together

	RopeTheta    float64
	YarnFactor   float64 // 1: plain rotary embedding
	YarnBetaFast float64
	YarnBetaSlow float64
	YarnTruncate bool // round the bounds; gpt-oss does not

	RMSEps      float64
	SwigluLimit float64
	SwigluAlpha float64

	TieEmbeddings bool // the unembedding is the embedding; not so in the published models

	EOS []uint32 // ids that end generation, as the checkpoint names them; may be empty
}

// LayerConfig is what may differ between layers.
type LayerConfig struct {
	Experts int
	Window  int // keys a query sees, itself included; 0: all before it
}

// GptOss20B is the published gpt-oss-20b (and gpt-oss-safeguard-20b).
func GptOss20B() Config { return published(24, 32) }

// GptOss120B is the published gpt-oss-120b (and gpt-oss-safeguard-120b).
func GptOss120B() Config { return published(36, 128) }

// published holds the numbers the two models share; even layers slide.
func published(layers, experts int) Config {
	c := Config{
		Layers: layers, Hidden: 2880, Intermediate: 2880, Vocab: 201088,
		Heads: 64, KVHeads: 8, HeadDim: 64, Experts: experts, ActiveExperts: 4,
		Layer:          make([]LayerConfig, layers),
		InitialContext: 4096, MaxContext: 131072,
		RopeTheta: 150000, YarnFactor: 32, YarnBetaFast: 32, YarnBetaSlow: 1,
		RMSEps: 1e-5, SwigluLimit: 7, SwigluAlpha: 1.702,
		EOS: []uint32{200002, 199999, 200012},
	}
	for i := range c.Layer {
		c.Layer[i] = LayerConfig{Experts: experts, Window: 128 * (1 - i%2)}
	}
	return c
}

// Name is "gpt-oss-20b" or "gpt-oss-120b" when the shape is exactly the published one,
// else "". A fine-tune of the same shape has the same name.
func (c Config) Name() string {
	switch {
	case c.sameShape(GptOss20B()):
		return "gpt-oss-20b"
	case c.sameShape(GptOss120B()):
		return "gpt-oss-120b"
	}
	return ""
}

func (c Config) sameShape(k Config) bool {
	return c.Layers == k.Layers && c.Hidden == k.Hidden && c.Intermediate == k.Intermediate && c.Vocab == k.Vocab &&
		c.Heads == k.Heads && c.KVHeads == k.KVHeads && c.HeadDim == k.HeadDim && c.ActiveExperts == k.ActiveExperts &&
		c.TieEmbeddings == k.TieEmbeddings && slices.Equal(c.Layer, k.Layer)
}
