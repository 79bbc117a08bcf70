package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"testing/fstest"

	"ossian/internal/safetensors"
)

// smallest is the config.json and the weights of a model of one layer: about 12 kB.
func smallest(t testing.TB, original, dense bool) (config, weights []byte) {
	t.Helper()
	config, err := json.Marshal(map[string]any{"model_type": "gpt_oss", "num_hidden_layers": 1, "hidden_size": 32, "intermediate_size": 32,
		"vocab_size": 4, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "num_local_experts": 2, "num_experts_per_tok": 1,
		"sliding_window": 8, "max_position_embeddings": 64, "initial_context_length": 4096})
	if err != nil {
		t.Fatal(err)
	}
	var list []safetensors.TensorSpec
	add := func(name string, d safetensors.DType, shape ...int64) {
		list = append(list, safetensors.TensorSpec{Name: name, DType: d, Shape: shape})
	}
	linear := func(name string, rows, cols int64) {
		add(name+".weight", safetensors.BF16, rows, cols)
		add(name+".bias", safetensors.F16, rows)
	}
	n, p := huggingFace(), "model.layers.0."
	if original {
		n, p = openAI(), "block.0."
		linear(p+n.qkv, 16, 32)
	} else {
		linear(p+"self_attn.q_proj", 8, 32)
		linear(p+"self_attn.k_proj", 4, 32)
		linear(p+"self_attn.v_proj", 4, 32)
	}
	add(n.embed, safetensors.F16, 4, 32)
	add(n.unembed, safetensors.BF16, 4, 32)
	add(n.norm, safetensors.F32, 32)
	add(p+n.attnNorm, safetensors.BF16, 32)
	add(p+n.mlpNorm, safetensors.BF16, 32)
	add(p+n.sinks, safetensors.BF16, 2)
	linear(p+n.o, 32, 8)
	linear(p+n.router, 2, 32)
	if dense {
		add(p+n.gateUp, safetensors.BF16, 2, 32, 64)
		add(p+n.down, safetensors.BF16, 2, 32, 32)
	} else {
		add(p+n.gateUp+n.blocks, safetensors.U8, 2, 64, 1, 16)
		add(p+n.gateUp+n.scales, safetensors.U8, 2, 64, 1)
		add(p+n.down+n.blocks, safetensors.U8, 2, 32, 1, 16)
		add(p+n.down+n.scales, safetensors.U8, 2, 32, 1)
	}
	add(p+n.gateUpBias, safetensors.BF16, 2, 64)
	add(p+n.downBias, safetensors.BF16, 2, 32)
	head, size, err := safetensors.Header(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	return config, append(head, make([]byte, size)...)
}

func TestSmallestLoads(t *testing.T) {
	for _, original := range []bool{false, true} {
		for _, dense := range []bool{false, true} {
			config, weights := smallest(t, original, dense)
			w, err := Open(fstest.MapFS{"config.json": {Data: config}, oneFile: {Data: weights}}, LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// FuzzLoad: whatever the files hold, loading ends with a model or a typed error, and
// takes no more memory than the weights' file can account for.
func FuzzLoad(f *testing.F) {
	for _, original := range []bool{false, true} {
		for _, dense := range []bool{false, true} {
			config, weights := smallest(f, original, dense)
			f.Add(config, weights, []byte(nil))
			f.Add(config, weights, []byte(`{"weight_map":{"`+huggingFace().norm+`":"model.safetensors"}}`))
		}
	}
	f.Fuzz(func(t *testing.T, config, weights, index []byte) {
		if len(weights) > 1<<20 {
			t.Skip()
		}
		files := fstest.MapFS{"config.json": {Data: config}, oneFile: {Data: weights}}
		if len(index) > 0 {
			files["model.safetensors.index.json"] = &fstest.MapFile{Data: index}
		}
		w, err := Open(files, LoadOptions{Readers: 2})
		if err != nil {
			var a *LoadError
			var b *ConfigError
			if !errors.As(err, &a) && !errors.As(err, &b) {
				t.Fatalf("untyped error %T: %v", err, err)
			}
			return
		}
		defer w.Close()
		// A bfloat16 bias doubles; every tensor may be padded by a cache line.
		if most := 2*int64(len(weights)) + alignment*int64(bytes.Count(weights, []byte("dtype"))); w.Bytes() > most {
			t.Fatalf("%d bytes of memory for a file of %d", w.Bytes(), len(weights))
		}
		if err := w.Config.Validate(); err != nil {
			t.Fatal(err)
		}
		if len(flat(w)) == 0 {
			t.Fatal("empty")
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	config, _ := smallest(f, false, false)
	f.Add(config)
	f.Add([]byte(`{"model_type":"gpt_oss","num_hidden_layers":2,"hidden_size":64,"intermediate_size":32,"vocab_size":4,"num_attention_heads":2,` +
		`"num_key_value_heads":1,"num_experts":2,"experts_per_token":1,"layer_types":["full_attention","sliding_attention"],"sliding_window":4,` +
		`"eos_token_id":[1,2],"rope_parameters":{"rope_type":"yarn","factor":32,"truncate":true,"original_max_position_embeddings":4096,"rope_theta":1e4}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig(data)
		var typed *ConfigError
		if err != nil {
			if !errors.As(err, &typed) {
				t.Fatalf("untyped error %T: %v", err, err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		inv, concentration := Rope(c)
		for _, v := range append(inv, concentration) {
			if !(v >= 0 && v <= 10) {
				t.Fatalf("rotary table %v of %+v", v, c)
			}
		}
		if s := c.Sizes(); s.Total() <= 0 || s.KV(c.MaxContext, 4) <= 0 || s.PerToken(c.ActiveExperts) > s.Total() {
			t.Fatalf("sizes %+v", s)
		}
	})
}
