package synth

import (
	"encoding/json"
	"fmt"

	"ossian/internal/model"
	"ossian/internal/safetensors"
)

// Kind is a model to imitate.
type Kind string

// The published models, and one of 55 MB with the real vocabulary.
const (
	Kind20B  Kind = "20b"
	Kind120B Kind = "120b"
	KindTiny Kind = "tiny"
)

// Layout is the spelling of names and files.
type Layout string

const (
	HF       Layout = "hf"       // Hugging Face: root of the published repository
	Original Layout = "original" // OpenAI: its original/ folder; 20b and tiny only
)

// Error is a request that cannot be fulfilled, or a failure to write.
type Error struct {
	What string
	Why  string
	Next string // may be empty
	Err  error
}

func (e *Error) Error() string {
	s := "synth: " + e.What + ": " + e.Why
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Next != "" {
		s += "; " + e.Next
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Checkpoint is what Write will write.
type Checkpoint struct {
	Kind   Kind
	Layout Layout
	Config model.Config
	Files  []File
	Side   []SideFile // config.json and the like
}

// File is one safetensors file.
type File struct {
	Name    string
	Tensors []Tensor
}

// Tensor is one tensor and how to fill it.
type Tensor struct {
	safetensors.TensorSpec
	fill fill
}

// SideFile is a small file written whole.
type SideFile struct {
	Name string
	Data []byte
}

// Bytes is the size of all tensors.
func (c *Checkpoint) Bytes() (n int64) {
	for _, f := range c.Files {
		n += f.bytes()
	}
	return n
}

func (f File) bytes() (n int64) {
	for _, t := range f.Tensors {
		n += t.bytes()
	}
	return n
}

func (t Tensor) bytes() int64 {
	n, _ := t.Bytes() // shapes are this package's own and fit
	return n
}

// tinyConfig is a model that loads in a blink but knows every token.
func tinyConfig() model.Config {
	c := model.GptOss20B()
	c.Layers, c.Layer = 4, c.Layer[:4]
	c.Hidden, c.Intermediate = 64, 64
	c.Heads, c.KVHeads, c.HeadDim = 4, 2, 32
	c.Experts = 8
	for i := range c.Layer {
		c.Layer[i].Experts = 8
	}
	return c
}

// Plan lists files and tensors of a checkpoint.
func Plan(kind Kind, layout Layout) (*Checkpoint, error) {
	c := &Checkpoint{Kind: kind, Layout: layout}
	switch kind {
	case Kind20B:
		c.Config = model.GptOss20B()
	case Kind120B:
		c.Config = model.GptOss120B()
	case KindTiny:
		c.Config = tinyConfig()
	default:
		return nil, &Error{What: "kind " + string(kind), Why: "it is not one of 20b, 120b, tiny"}
	}
	switch {
	case layout == HF && kind == KindTiny, layout == Original && kind != Kind120B:
		c.Files = []File{{Name: "model.safetensors", Tensors: tensors(c.Config, layout)}}
	case layout == HF:
		c.Files = shards(tensors(c.Config, layout))
	case layout == Original:
		return nil, &Error{What: "layout original", Why: "it is written for 20b and tiny only", Next: "use the layout hf"}
	default:
		return nil, &Error{What: "layout " + string(layout), Why: "it is neither hf nor original"}
	}
	return c, c.addSide()
}

// shardBytes makes 3 files of the 20b and 15 of the 120b, as published.
const shardBytes = 4_800_000_000

// shards packs tensors into files, each as full as shardBytes allows. The published
// names count from zero and put the last number, not the count, behind "of".
func shards(list []Tensor) []File {
	var files []File
	room := int64(0)
	for _, t := range list {
		if n := t.bytes(); n > room {
			files = append(files, File{})
			room = shardBytes
		}
		room -= t.bytes()
		f := &files[len(files)-1]
		f.Tensors = append(f.Tensors, t)
	}
	for i := range files {
		files[i].Name = fmt.Sprintf("model-%05d-of-%05d.safetensors", i, len(files)-1)
	}
	return files
}

// tensors lists a model's tensors with the published names, shapes and types.
func tensors(c model.Config, layout Layout) []Tensor {
	var out []Tensor
	add := func(name string, d safetensors.DType, f fill, shape ...int) {
		s := make([]int64, len(shape))
		for i, n := range shape {
			s[i] = int64(n)
		}
		out = append(out, Tensor{safetensors.TensorSpec{Name: name, DType: d, Shape: s}, f})
	}
	dense := func(name string, f fill, shape ...int) { add(name, safetensors.BF16, f, shape...) }
	linear := func(name string, rows, cols int, gain float32) {
		dense(name+".weight", projection(cols, gain), rows, cols)
		dense(name+".bias", bias(), rows)
	}
	experts := func(blocks, scales, biases string, e, rows, cols int) {
		add(blocks, safetensors.U8, codes(), e, rows, cols/32, 16)
		add(scales, safetensors.U8, blockScales(cols), e, rows, cols/32)
		dense(biases, bias(), e, rows)
	}
	h, n, q, kv := c.Hidden, c.Intermediate, c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	hf := layout == HF
	pick := func(a, b string) string {
		if hf {
			return a
		}
		return b
	}
	dense(pick("model.embed_tokens.weight", "embedding.weight"), normal(0, 1), c.Vocab, h)
	for i, l := range c.Layer {
		p := fmt.Sprintf(pick("model.layers.%d.", "block.%d."), i)
		dense(p+pick("input_layernorm.weight", "attn.norm.scale"), normal(1, 0.1), h)
		if hf {
			linear(p+"self_attn.q_proj", q, h, 1)
			linear(p+"self_attn.k_proj", kv, h, 1)
			linear(p+"self_attn.v_proj", kv, h, 1)
		} else {
			linear(p+"attn.qkv", q+2*kv, h, 1)
		}
		linear(p+pick("self_attn.o_proj", "attn.out"), h, q, 1)
		dense(p+pick("self_attn.sinks", "attn.sinks"), normal(0, 0.5), c.Heads)
		dense(p+pick("post_attention_layernorm.weight", "mlp.norm.scale"), normal(1, 0.1), h)
		router := p + pick("mlp.router", "mlp.gate")
		dense(router+".weight", projection(h, 1.5), l.Experts, h)
		dense(router+".bias", normal(0, 0.3), l.Experts) // some experts are liked more
		up, down := p+pick("mlp.experts.gate_up_proj", "mlp.mlp1"), p+pick("mlp.experts.down_proj", "mlp.mlp2")
		blocks, scales := pick("_blocks", "_weight.blocks"), pick("_scales", "_weight.scales")
		experts(up+blocks, up+scales, up+"_bias", l.Experts, 2*n, h)
		experts(down+blocks, down+scales, down+"_bias", l.Experts, h, n)
	}
	dense(pick("model.norm.weight", "norm.scale"), normal(1, 0.1), h)
	dense(pick("lm_head.weight", "unembedding.weight"), projection(h, 3), c.Vocab, h)
	return out
}

// addSide adds the small files; a tokenizer is not among them, because its absence
// means the built-in o200k_harmony.
func (c *Checkpoint) addSide() error {
	add := func(name string, v any) error {
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return &Error{What: name, Why: "encoding it", Err: err}
		}
		c.Side = append(c.Side, SideFile{name, append(data, '\n')})
		return nil
	}
	if c.Layout == Original {
		return add("config.json", originalConfig(c.Config))
	}
	if len(c.Files) > 1 {
		where := map[string]string{}
		for _, f := range c.Files {
			for _, t := range f.Tensors {
				where[t.Name] = f.Name
			}
		}
		index := map[string]any{"metadata": map[string]any{"total_size": c.Bytes()}, "weight_map": where}
		if err := add("model.safetensors.index.json", index); err != nil {
			return err
		}
	}
	if err := add("generation_config.json", map[string]any{"bos_token_id": 199998, "do_sample": true,
		"eos_token_id": c.Config.EOS, "pad_token_id": 199999}); err != nil {
		return err
	}
	return add("config.json", hfConfig(c.Config))
}

func hfConfig(c model.Config) map[string]any {
	kinds, skip := make([]string, c.Layers), []string{"model.embed_tokens", "lm_head"}
	window := 0
	for i, l := range c.Layer {
		kinds[i] = "full_attention"
		if l.Window > 0 {
			kinds[i], window = "sliding_attention", l.Window
		}
		skip = append(skip, fmt.Sprintf("model.layers.%d.self_attn", i), fmt.Sprintf("model.layers.%d.mlp.router", i))
	}
	return map[string]any{
		"architectures": []string{"GptOssForCausalLM"}, "model_type": "gpt_oss", "torch_dtype": "bfloat16",
		"attention_bias": true, "attention_dropout": 0.0, "hidden_act": "silu", "initializer_range": 0.02, "use_cache": true,
		"num_hidden_layers": c.Layers, "hidden_size": c.Hidden, "intermediate_size": c.Intermediate, "vocab_size": c.Vocab,
		"num_attention_heads": c.Heads, "num_key_value_heads": c.KVHeads, "head_dim": c.HeadDim,
		"num_local_experts": c.Experts, "num_experts_per_tok": c.ActiveExperts, "experts_per_token": c.ActiveExperts,
		"layer_types": kinds, "sliding_window": window, "swiglu_limit": c.SwigluLimit, "rms_norm_eps": c.RMSEps,
		"initial_context_length": c.InitialContext, "max_position_embeddings": c.MaxContext, "rope_theta": c.RopeTheta,
		"rope_scaling": map[string]any{"rope_type": "yarn", "factor": c.YarnFactor, "beta_fast": c.YarnBetaFast,
			"beta_slow": c.YarnBetaSlow, "truncate": c.YarnTruncate, "original_max_position_embeddings": c.InitialContext},
		"tie_word_embeddings": c.TieEmbeddings, "eos_token_id": 200002, "pad_token_id": 199999,
		"quantization_config": map[string]any{"quant_method": "mxfp4", "modules_to_not_convert": skip},
	}
}

func originalConfig(c model.Config) map[string]any {
	return map[string]any{
		"num_hidden_layers": c.Layers, "num_experts": c.Experts, "experts_per_token": c.ActiveExperts, "vocab_size": c.Vocab,
		"hidden_size": c.Hidden, "intermediate_size": c.Intermediate, "swiglu_limit": c.SwigluLimit, "head_dim": c.HeadDim,
		"num_attention_heads": c.Heads, "num_key_value_heads": c.KVHeads, "sliding_window": c.Layer[0].Window,
		"initial_context_length": c.InitialContext, "rope_theta": c.RopeTheta, "rope_scaling_factor": c.YarnFactor,
		"rope_ntk_alpha": c.YarnBetaSlow, "rope_ntk_beta": c.YarnBetaFast,
	}
}
