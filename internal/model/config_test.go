package model

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const golden = "../../testdata/golden"

// published is the published config.json of the 20b, edited by the tests below.
func publishedJSON() map[string]any {
	types := []any{}
	for i := range 24 {
		types = append(types, []string{"sliding_attention", "full_attention"}[i%2])
	}
	return map[string]any{
		"architectures": []any{"GptOssForCausalLM"}, "model_type": "gpt_oss", "attention_bias": true, "attention_dropout": 0.0,
		"eos_token_id": 200002, "experts_per_token": 4, "head_dim": 64, "hidden_act": "silu", "hidden_size": 2880,
		"initial_context_length": 4096, "initializer_range": 0.02, "intermediate_size": 2880, "layer_types": types,
		"max_position_embeddings": 131072, "num_attention_heads": 64, "num_experts_per_tok": 4, "num_hidden_layers": 24,
		"num_key_value_heads": 8, "num_local_experts": 32, "pad_token_id": 199999, "rms_norm_eps": 1e-05,
		"rope_scaling": map[string]any{"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 4096,
			"rope_type": "yarn", "truncate": false},
		"rope_theta": 150000, "router_aux_loss_coef": 0.9, "sliding_window": 128, "swiglu_limit": 7.0,
		"tie_word_embeddings": false, "use_cache": true, "vocab_size": 201088,
		"quantization_config": map[string]any{"quant_method": "mxfp4", "modules_to_not_convert": []any{"lm_head"}},
	}
}

func marshal(t *testing.T, m map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseConfigSpellings(t *testing.T) {
	want := GptOss20B()
	want.EOS = []uint32{200002}
	v4 := publishedJSON()

	v5 := publishedJSON()
	rope := v5["rope_scaling"].(map[string]any)
	rope["rope_theta"] = 150000.0
	v5["rope_parameters"] = rope
	delete(v5, "rope_scaling")
	delete(v5, "rope_theta")
	delete(v5, "initial_context_length")
	delete(v5, "experts_per_token")
	delete(v5, "quantization_config")

	old := publishedJSON() // no layer kinds: parity decides; other names
	delete(old, "layer_types")
	old["num_experts"] = old["num_local_experts"]
	delete(old, "num_local_experts")
	delete(old["rope_scaling"].(map[string]any), "truncate")
	delete(old["rope_scaling"].(map[string]any), "rope_type")
	old["rope_scaling"].(map[string]any)["type"] = "yarn"

	original := map[string]any{"num_hidden_layers": 24, "num_experts": 32, "experts_per_token": 4, "vocab_size": 201088,
		"hidden_size": 2880, "intermediate_size": 2880, "swiglu_limit": 7.0, "head_dim": 64, "num_attention_heads": 64,
		"num_key_value_heads": 8, "sliding_window": 128, "initial_context_length": 4096, "rope_theta": 150000,
		"rope_scaling_factor": 32.0, "rope_ntk_alpha": 1, "rope_ntk_beta": 32, "eos_token_id": []any{200002}}

	for name, m := range map[string]map[string]any{"v4": v4, "v5": v5, "old": old, "original": original} {
		got, err := ParseConfig(marshal(t, m))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if got.Name() != "gpt-oss-20b" {
			t.Errorf("%s: name %q", name, got.Name())
		}
	}
	big := GptOss120B()
	if err := big.Validate(); err != nil || big.Name() != "gpt-oss-120b" {
		t.Errorf("120b: %v %q", err, big.Name())
	}
	big.Layer[3].Experts = 64 // a pruned relative
	if err := big.Validate(); err != nil || big.Name() != "" {
		t.Errorf("pruned: %v %q", err, big.Name())
	}
}

func TestParseConfigRefuses(t *testing.T) {
	set := func(key string, v any) func(map[string]any) { return func(m map[string]any) { m[key] = v } }
	rope := func(key string, v any) func(map[string]any) {
		return func(m map[string]any) { m["rope_scaling"].(map[string]any)[key] = v }
	}
	for name, c := range map[string]struct {
		edit func(map[string]any)
		want string
	}{
		"other model":      {set("model_type", "llama"), "model_type"},
		"other class":      {set("architectures", []any{"LlamaForCausalLM"}), "architectures"},
		"activation":       {set("hidden_act", "gelu"), "hidden_act"},
		"no bias":          {set("attention_bias", false), "attention_bias"},
		"quantised":        {set("quantization_config", map[string]any{"quant_method": "bitsandbytes"}), "bitsandbytes"},
		"blocks":           {set("block_configs", []any{map[string]any{}}), "block_configs"},
		"missing":          {func(m map[string]any) { delete(m, "hidden_size") }, "missing"},
		"null":             {set("hidden_size", nil), "missing"},
		"zero":             {set("num_hidden_layers", 0), "outside 1.."},
		"negative":         {set("vocab_size", -1), "outside 1.."},
		"huge":             {set("hidden_size", int64(1)<<62), "outside 1.."},
		"beyond int64":     {set("hidden_size", 1e30), "reading it"},
		"fraction":         {set("hidden_size", 2880.5), "reading it"},
		"text":             {set("hidden_size", "2880"), "reading it"},
		"no block":         {set("hidden_size", 2881), "multiple of 32"},
		"no block inside":  {set("intermediate_size", 33), "multiple of 32"},
		"odd head":         {set("head_dim", 63), "odd"},
		"grouping":         {set("num_key_value_heads", 7), "evenly"},
		"experts differ":   {set("num_experts", 16), "differ"},
		"active differ":    {set("experts_per_token", 2), "differ"},
		"too few experts":  {func(m map[string]any) { m["num_local_experts"] = 2 }, "num_local_experts"},
		"layer count":      {set("layer_types", []any{"full_attention"}), "names 1 layers"},
		"layer kind":       {func(m map[string]any) { m["layer_types"].([]any)[3] = "linear_attention" }, "layer 3"},
		"window":           {set("sliding_window", 0), "sliding_window"},
		"context differ":   {rope("original_max_position_embeddings", 8192), "differ"},
		"rope kind":        {rope("rope_type", "llama3"), "rope_type"},
		"factor":           {rope("factor", 0.5), "factor"},
		"betas":            {rope("beta_slow", 64), "beta_fast"},
		"attention factor": {rope("attention_factor", 2), "attention_factor"},
		"theta":            {set("rope_theta", 0), "rope_theta"},
		"theta twice":      {rope("rope_theta", 10000), "rope_theta"},
		"eps":              {set("rms_norm_eps", -1e-5), "rms_norm_eps"},
		"limit":            {set("swiglu_limit", 0), "swiglu_limit"},
		"end of text":      {set("eos_token_id", "x"), "eos_token_id"},
		"end of text list": {set("eos_token_id", []any{-1}), "eos_token_id"},
		"max context":      {set("max_position_embeddings", 1<<40), "max_position_embeddings"},
		"tiny yarn context": {func(m map[string]any) {
			delete(m, "initial_context_length")
			rope("original_max_position_embeddings", 1)(m)
		}, "rope_scaling"},
	} {
		m := publishedJSON()
		c.edit(m)
		_, err := ParseConfig(marshal(t, m))
		var typed *ConfigError
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a *ConfigError with %q", name, err, c.want)
		}
	}
	for _, text := range []string{"", "[]", "null x", "{", "{} {}"} {
		if _, err := ParseConfig([]byte(text)); err == nil {
			t.Errorf("%q: accepted", text)
		}
	}
}

func TestParseConfigOfGoldenModels(t *testing.T) {
	for _, name := range []string{"wide", "narrow", "window", "long"} {
		var want Config
		for i, layout := range []string{"hf", "bf16", "original"} {
			data, err := os.ReadFile(golden + "/" + name + "/" + layout + "/config.json")
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseConfig(data)
			if err != nil {
				t.Fatalf("%s/%s: %v", name, layout, err)
			}
			got.EOS = nil // original/ does not say
			if i == 0 {
				want = got
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s/%s: %s", name, layout, d)
			}
		}
	}
}

// The figures of the model card and of the 120b's index.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		cfg                                       Config
		total, layer, params, active              int64
		kvAll, kvGrow, experts, attention, tables int64
	}{
		{GptOss20B(), 13_761_264_768, 476_863_552, 20_914_757_184, 3_608_307_264, 49152, 24576,
			24 * 32 * 13_236_480, 0, 2_316_533_760},
		{GptOss120B(), 65_248_815_744, 1_748_118_784, 116_829_156_672, 5_132_849_472, 73728, 36864,
			36 * 128 * 13_236_480, 0, 2_316_533_760},
	} {
		s := c.cfg.Sizes()
		l := s.Layers[0]
		if s.Total() != c.total || l.Attention+l.Router+l.Experts != c.layer || l.Expert != 13_236_480 || l.Attention != 53_106_048 {
			t.Errorf("%s: total %d, layer %+v", c.cfg.Name(), s.Total(), l)
		}
		if s.Experts() != c.experts || s.Embeddings() != c.tables || s.Experts()+s.Attention()+s.Embeddings() != c.total {
			t.Errorf("%s: classes %d %d %d", c.cfg.Name(), s.Experts(), s.Attention(), s.Embeddings())
		}
		if total, active := c.cfg.Parameters(); total != c.params || active != c.active {
			t.Errorf("%s: %d parameters, %d active", c.cfg.Name(), total, active)
		}
		if s.KV(1, 2) != c.kvAll || s.KVPerPosition(2) != c.kvGrow || s.KV(1000, 4)-s.KV(999, 4) != 2*c.kvGrow {
			t.Errorf("%s: KV %d, growing %d", c.cfg.Name(), s.KV(1, 2), s.KVPerPosition(2))
		}
	}
	if got := GptOss20B().Sizes().PerToken(4) / 1e6; got < 3650 || got > 3750 {
		t.Errorf("20b reads %d MB a token", got)
	}
}
