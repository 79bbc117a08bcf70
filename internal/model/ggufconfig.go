package model

import (
	"errors"
	"fmt"

	"ossian/internal/gguf"
)

// metadata reads the keys of one architecture of a GGUF file.
type metadata struct {
	f      *gguf.File
	prefix string
	reader
}

// ggufConfig is the configuration that a GGUF file holds. What its keys do not say is as
// in every gpt-oss: bounds of YaRN, layers that slide, the limit of SwiGLU.
func ggufConfig(f *gguf.File, file string, tensors map[string]ggufTensor) (Config, error) {
	c, err := readMetadata(f, tensors)
	if err == nil {
		err = c.Validate()
	}
	var typed *ConfigError
	if errors.As(err, &typed) {
		typed.File = file
		if typed.Next == "" {
			typed.Next = "the file is damaged, or of a kind this program does not read"
		}
	}
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

func readMetadata(f *gguf.File, tensors map[string]ggufTensor) (Config, error) {
	v, _ := f.Value("general.architecture")
	arch, _ := v.Text()
	if arch != "gpt-oss" && arch != "gptoss" {
		return Config{}, &ConfigError{Key: "general.architecture", Why: fmt.Sprintf("it is %q, not \"gpt-oss\"", clip(arch)), Next: "this program runs gpt-oss models only"}
	}
	m := &metadata{f: f, prefix: arch + "."}
	c := Config{SwigluLimit: 7, SwigluAlpha: 1.702}
	c.Layers = m.number("block_count", maxLayers)
	c.Hidden = m.number("embedding_length", maxWidth)
	if c.Intermediate = 0; m.has("expert_feed_forward_length") {
		c.Intermediate = m.number("expert_feed_forward_length", maxWidth)
	} else {
		c.Intermediate = m.number("feed_forward_length", maxWidth)
	}
	c.Heads = m.number("attention.head_count", maxHeads)
	c.KVHeads = m.number("attention.head_count_kv", maxHeads)
	c.HeadDim = m.number("attention.key_length", maxHeadDim, 64)
	if values := m.number("attention.value_length", maxHeadDim, int64(c.HeadDim)); values != c.HeadDim {
		m.fail(m.prefix+"attention.value_length", "it is %d, but keys have %d", values, c.HeadDim)
	}
	c.Experts = m.number("expert_count", maxExperts)
	c.ActiveExperts = m.number("expert_used_count", maxExperts)
	c.RMSEps = m.real("attention.layer_norm_rms_epsilon", 1e-5)
	m.rope(&c)
	m.layers(&c)
	if t, ok := tensors["token_embd.weight"]; ok && len(t.Shape) == 2 && t.Shape[0] <= maxVocab {
		c.Vocab = int(t.Shape[0])
	} else if m.err == nil {
		return c, &ConfigError{Key: "token_embd.weight", Why: "the file has no such tensor of two dimensions, so the vocabulary's size is unknown"}
	}
	_, untied := tensors["output.weight"]
	c.TieEmbeddings = !untied
	c.EOS = m.eos()
	return c, m.err
}

func (m *metadata) has(key string) bool {
	_, ok := m.f.Value(m.prefix + key)
	return ok
}

// number is a whole number in 1..most; otherwise stands in for a missing one.
func (m *metadata) number(key string, most int64, otherwise ...int64) int {
	key = m.prefix + key
	v, ok := m.f.Value(key)
	if !ok {
		if len(otherwise) > 0 {
			return m.whole(key, most, &otherwise[0])
		}
		return m.whole(key, most)
	}
	n, ok := v.Int()
	if !ok {
		m.fail(key, "it is no whole number")
	}
	return m.whole(key, most, &n)
}

func (m *metadata) real(key string, otherwise float64) float64 {
	v, ok := m.f.Value(m.prefix + key)
	if !ok {
		return otherwise
	}
	x, ok := v.Float()
	if !ok {
		m.fail(m.prefix+key, "it is no number")
	}
	return x
}

func (m *metadata) rope(c *Config) {
	const scaling = "rope.scaling."
	kind := "yarn"
	if v, ok := m.f.Value(m.prefix + scaling + "type"); ok {
		kind, _ = v.Text()
	}
	switch kind {
	case "yarn":
		c.YarnFactor = m.real(scaling+"factor", 32)
	case "none":
		c.YarnFactor = 1
	default:
		m.fail(m.prefix+scaling+"type", "it is %q, neither \"yarn\" nor \"none\"", clip(kind))
	}
	if a := m.real(scaling+"attn_factor", 1); a != 1 {
		m.fail(m.prefix+scaling+"attn_factor", "it is %g; only the attention factor that follows from the scaling factor is supported", a)
	}
	c.RopeTheta = m.real("rope.freq_base", 150000)
	c.YarnBetaFast = m.real(scaling+"yarn_beta_fast", 32)
	c.YarnBetaSlow = m.real(scaling+"yarn_beta_slow", 1)
	c.InitialContext = m.number(scaling+"original_context_length", maxContext, 4096)
	derived := int64(min(float64(c.InitialContext)*min(max(c.YarnFactor, 1), maxContext), maxContext))
	c.MaxContext = m.number("context_length", maxContext, derived)
}

// layers slide in turns, the first included, unless a list says which do.
func (m *metadata) layers(c *Config) {
	const pattern = "attention.sliding_window_pattern"
	window := m.number("attention.sliding_window", maxContext, 128)
	if m.err != nil {
		return
	}
	slides := make([]int64, c.Layers)
	for i := range slides {
		slides[i] = int64(1 - i%2)
	}
	if v, ok := m.f.Value(m.prefix + pattern); ok && v.Kind == gguf.Array {
		list, err := m.f.Ints(m.prefix+pattern, c.Layers)
		if err != nil || len(list) != c.Layers {
			m.fail(m.prefix+pattern, "it is no list of %d truth values", c.Layers)
			return
		}
		slides = list
	} else if n, whole := v.Int(); ok && (!whole || n != 2) {
		m.fail(m.prefix+pattern, "it is %d, not 2: every other layer slides", n)
	}
	c.Layer = make([]LayerConfig, c.Layers)
	for i, s := range slides {
		if c.Layer[i].Experts = c.Experts; s != 0 {
			c.Layer[i].Window = window
		}
	}
}

// eos collects the ids that end generation: those the file names, and those of harmony's
// tokens that do, because files name one of the three.
func (m *metadata) eos() (ids []uint32) {
	add := func(n int64) {
		if n < 0 || n >= maxVocab {
			m.fail("tokenizer.ggml", "an id that ends generation is %d, outside 0..%d", n, maxVocab-1)
			return
		}
		for _, id := range ids {
			if int64(id) == n {
				return
			}
		}
		ids = append(ids, uint32(n))
	}
	for _, key := range []string{"eos_token_id", "eot_token_id"} {
		if v, ok := m.f.Value("tokenizer.ggml." + key); ok {
			if n, whole := v.Int(); whole {
				add(n)
			}
		}
	}
	if _, ok := m.f.Value("tokenizer.ggml.eos_token_ids"); ok {
		list, err := m.f.Ints("tokenizer.ggml.eos_token_ids", 64)
		if err != nil {
			m.fail("tokenizer.ggml.eos_token_ids", "it is no list of at most 64 token ids")
		}
		for _, n := range list {
			add(n)
		}
	}
	if _, ok := m.f.Value("tokenizer.ggml.tokens"); ok {
		err := m.f.Strings("tokenizer.ggml.tokens", func(i int, text string) error {
			if text == "<|return|>" || text == "<|call|>" || text == "<|endoftext|>" {
				add(int64(i))
			}
			return nil
		})
		if err != nil {
			m.fail("tokenizer.ggml.tokens", "%v", err)
		}
	}
	return ids
}
