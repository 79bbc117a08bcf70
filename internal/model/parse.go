package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// MaxConfig bounds config.json; the published one has 2 kB.
const MaxConfig = 1 << 20

// ConfigError says which key of config.json, or of a GGUF file's metadata, is wrong.
type ConfigError struct {
	File string // "": config.json
	Key  string // as the file spells it
	Why  string // what was found and what was expected
	Next string // what to do about it; may be empty
	Err  error
}

func (e *ConfigError) Error() string {
	s := "model: config.json: "
	if e.File != "" {
		s = "model: " + e.File + ": "
	}
	if e.Key != "" {
		s += e.Key + ": "
	}
	s += e.Why
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Next != "" {
		s += "; " + e.Next
	}
	return s
}

func (e *ConfigError) Unwrap() error { return e.Err }

// configFile holds the keys of every spelling: transformers 4 and 5, and OpenAI's
// original/config.json. Keys that only matter to training are left out.
type configFile struct {
	Architectures []string `json:"architectures"`
	ModelType     *string  `json:"model_type"`

	Layers         *int64 `json:"num_hidden_layers"`
	Hidden         *int64 `json:"hidden_size"`
	Intermediate   *int64 `json:"intermediate_size"`
	Vocab          *int64 `json:"vocab_size"`
	Heads          *int64 `json:"num_attention_heads"`
	KVHeads        *int64 `json:"num_key_value_heads"`
	HeadDim        *int64 `json:"head_dim"`
	LocalExperts   *int64 `json:"num_local_experts"`
	Experts        *int64 `json:"num_experts"`
	ExpertsPerTok  *int64 `json:"num_experts_per_tok"`
	ExpertsPerTok2 *int64 `json:"experts_per_token"`

	LayerTypes     []string        `json:"layer_types"`
	SlidingWindow  *int64          `json:"sliding_window"`
	InitialContext *int64          `json:"initial_context_length"`
	MaxPositions   *int64          `json:"max_position_embeddings"`
	BlockConfigs   json.RawMessage `json:"block_configs"`

	RMSEps        *float64        `json:"rms_norm_eps"`
	SwigluLimit   *float64        `json:"swiglu_limit"`
	SwigluAlpha   *float64        `json:"swiglu_alpha"`
	HiddenAct     *string         `json:"hidden_act"`
	AttentionBias *bool           `json:"attention_bias"`
	Tie           *bool           `json:"tie_word_embeddings"`
	EOS           json.RawMessage `json:"eos_token_id"`

	RopeTheta      *float64  `json:"rope_theta"`
	RopeScaling    *ropeFile `json:"rope_scaling"`    // transformers 4
	RopeParameters *ropeFile `json:"rope_parameters"` // transformers 5
	ScalingFactor  *float64  `json:"rope_scaling_factor"`
	NTKAlpha       *float64  `json:"rope_ntk_alpha"` // beta_slow
	NTKBeta        *float64  `json:"rope_ntk_beta"`  // beta_fast

	Quantization *struct {
		Method *string `json:"quant_method"`
	} `json:"quantization_config"`
}

type ropeFile struct {
	RopeType        *string  `json:"rope_type"`
	Type            *string  `json:"type"` // older spelling
	Theta           *float64 `json:"rope_theta"`
	Factor          *float64 `json:"factor"`
	BetaFast        *float64 `json:"beta_fast"`
	BetaSlow        *float64 `json:"beta_slow"`
	Truncate        *bool    `json:"truncate"`
	Original        *int64   `json:"original_max_position_embeddings"`
	AttentionFactor *float64 `json:"attention_factor"`
}

// ParseConfig reads config.json as Hugging Face transformers 4 or 5 or OpenAI's
// original/ folder spell it. Every number is bounded, so that later sizes cannot
// overflow; a feature gpt-oss does not have is refused rather than ignored.
func ParseConfig(data []byte) (Config, error) {
	if len(data) > MaxConfig {
		return Config{}, &ConfigError{Why: fmt.Sprintf("it has %d bytes, more than %d", len(data), MaxConfig)}
	}
	var f configFile
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&f); err != nil {
		return Config{}, &ConfigError{Why: "reading it", Err: err, Next: "fetch the file again"}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Config{}, &ConfigError{Why: "text follows the JSON object", Next: "fetch the file again"}
	}
	if err := f.known(); err != nil {
		return Config{}, err
	}
	c := Config{}
	r := &reader{}
	c.Layers = r.whole("num_hidden_layers", maxLayers, f.Layers)
	c.Hidden = r.whole("hidden_size", maxWidth, f.Hidden)
	c.Intermediate = r.whole("intermediate_size", maxWidth, f.Intermediate)
	c.Vocab = r.whole("vocab_size", maxVocab, f.Vocab)
	c.Heads = r.whole("num_attention_heads", maxHeads, f.Heads)
	c.KVHeads = r.whole("num_key_value_heads", maxHeads, f.KVHeads)
	c.HeadDim = r.whole("head_dim", maxHeadDim, f.HeadDim, ref[int64](64))
	c.Experts = r.whole("num_local_experts", maxExperts, r.agree("num_local_experts and num_experts", f.LocalExperts, f.Experts))
	c.ActiveExperts = r.whole("num_experts_per_tok", maxExperts, r.agree("num_experts_per_tok and experts_per_token", f.ExpertsPerTok, f.ExpertsPerTok2))
	c.RMSEps = first(1e-5, f.RMSEps)
	c.SwigluLimit = first(7, f.SwigluLimit)
	c.SwigluAlpha = first(1.702, f.SwigluAlpha)
	c.TieEmbeddings = f.Tie != nil && *f.Tie
	r.rope(&f, &c)
	r.layers(&f, &c)
	c.EOS = r.eos(f.EOS)
	if r.err != nil {
		return Config{}, r.err
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// known refuses other architectures and features before shapes are looked at.
func (f *configFile) known() error {
	const next = "this program runs gpt-oss models only"
	if f.ModelType != nil && *f.ModelType != "gpt_oss" {
		return &ConfigError{Key: "model_type", Why: fmt.Sprintf("it is %q, not \"gpt_oss\"", clip(*f.ModelType)), Next: next}
	}
	if f.Architectures != nil && !slices.Contains(f.Architectures, "GptOssForCausalLM") {
		return &ConfigError{Key: "architectures", Why: `"GptOssForCausalLM" is not among them`, Next: next}
	}
	if f.HiddenAct != nil && *f.HiddenAct != "silu" {
		return &ConfigError{Key: "hidden_act", Why: fmt.Sprintf("it is %q, not \"silu\"", clip(*f.HiddenAct)), Next: next}
	}
	if f.AttentionBias != nil && !*f.AttentionBias {
		return &ConfigError{Key: "attention_bias", Why: "it is false, but gpt-oss has these biases", Next: next}
	}
	if len(f.BlockConfigs) > 0 && string(f.BlockConfigs) != "null" {
		return &ConfigError{Key: "block_configs", Why: "this spelling of layers that differ is not read yet", Next: next}
	}
	if q := f.Quantization; q != nil && q.Method != nil && *q.Method != "mxfp4" {
		return &ConfigError{Key: "quantization_config", Why: fmt.Sprintf("the experts are quantised by %q, not \"mxfp4\"", clip(*q.Method)),
			Next: "use the model's MXFP4 or bfloat16 version"}
	}
	return nil
}

// reader collects the first complaint.
type reader struct{ err error }

func (r *reader) fail(key, why string, args ...any) {
	if r.err == nil {
		r.err = &ConfigError{Key: key, Why: fmt.Sprintf(why, args...)}
	}
}

// whole is the first present value, which must lie in 1..most.
func (r *reader) whole(key string, most int64, values ...*int64) int {
	for _, v := range values {
		if v == nil {
			continue
		}
		if *v < 1 || *v > most {
			r.fail(key, "it is %d, outside 1..%d", *v, most)
			return 0
		}
		return int(*v)
	}
	r.fail(key, "it is missing")
	return 0
}

// agree joins two spellings of one number.
func (r *reader) agree(keys string, a, b *int64) *int64 {
	if a == nil {
		return b
	}
	if b != nil && *a != *b {
		r.fail(keys, "they differ: %d and %d", *a, *b)
	}
	return a
}

func (r *reader) rope(f *configFile, c *Config) {
	s := f.RopeParameters
	if s == nil {
		s = f.RopeScaling
	}
	if s == nil {
		s = &ropeFile{Factor: f.ScalingFactor, BetaSlow: f.NTKAlpha, BetaFast: f.NTKBeta}
		if s.Factor == nil {
			s.Type = ref("default")
		}
	}
	kind := first(first("yarn", s.Type), s.RopeType)
	switch kind {
	case "yarn":
		c.YarnFactor = first(32, s.Factor)
	case "default":
		c.YarnFactor = 1
	default:
		r.fail("rope_type", "it is %q, neither \"yarn\" nor \"default\"", clip(kind))
	}
	c.RopeTheta = first(first(150000, s.Theta), f.RopeTheta)
	if f.RopeTheta != nil && s.Theta != nil && *f.RopeTheta != *s.Theta {
		r.fail("rope_theta", "it is given as %g and as %g", *f.RopeTheta, *s.Theta)
	}
	c.YarnBetaFast = first(32, s.BetaFast)
	c.YarnBetaSlow = first(1, s.BetaSlow)
	c.YarnTruncate = first(false, s.Truncate)
	if a := s.AttentionFactor; a != nil && math.Abs(*a-(0.1*math.Log(c.YarnFactor)+1)) > 1e-6 {
		r.fail("attention_factor", "it is %g; only the one that follows from factor is supported", *a)
	}
	original := r.agree("initial_context_length and original_max_position_embeddings", f.InitialContext, s.Original)
	c.InitialContext = r.whole("initial_context_length", maxContext, original, ref[int64](4096))
	derived := int64(min(float64(c.InitialContext)*min(max(c.YarnFactor, 1), maxContext), maxContext))
	c.MaxContext = r.whole("max_position_embeddings", maxContext, f.MaxPositions, &derived)
}

func (r *reader) layers(f *configFile, c *Config) {
	if f.LayerTypes != nil && len(f.LayerTypes) != c.Layers {
		r.fail("layer_types", "it names %d layers, num_hidden_layers %d", len(f.LayerTypes), c.Layers)
	}
	if r.err != nil {
		return
	}
	c.Layer = make([]LayerConfig, c.Layers)
	for i := range c.Layer {
		kind := "sliding_attention"
		if i%2 == 1 {
			kind = "full_attention"
		}
		if f.LayerTypes != nil {
			kind = f.LayerTypes[i]
		}
		c.Layer[i].Experts = c.Experts
		switch kind {
		case "sliding_attention":
			c.Layer[i].Window = r.whole("sliding_window", maxContext, f.SlidingWindow, ref[int64](128))
		case "full_attention":
		default:
			r.fail("layer_types", "layer %d is %q, neither \"sliding_attention\" nor \"full_attention\"", i, clip(kind))
		}
	}
}

// eos reads one id or a list.
func (r *reader) eos(raw json.RawMessage) []uint32 {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var ids []uint32
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &ids); err != nil || len(ids) > 64 {
			r.fail("eos_token_id", "it is not a list of at most 64 token ids")
		}
		return ids
	}
	var id uint32
	if err := json.Unmarshal(raw, &id); err != nil {
		r.fail("eos_token_id", "it is neither a token id nor a list of them")
	}
	return []uint32{id}
}

func ref[T any](v T) *T { return &v }

// first is *v, or otherwise when it is absent.
func first[T any](otherwise T, v *T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

// clip keeps a text from a file from flooding a message.
func clip(s string) string {
	if len(s) > 120 {
		s = s[:120] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}
