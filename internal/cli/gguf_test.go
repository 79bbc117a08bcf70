package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ossian/internal/gguf"
	"ossian/internal/model"
	"ossian/internal/num"
	"ossian/internal/safetensors"
	"ossian/models/nano"
)

// nanoGGUF writes nano as a GGUF file, vocabulary included; dense weights in bfloat16 or
// in 8 bits.
func nanoGGUF(t *testing.T, dense gguf.Type) string {
	t.Helper()
	files, err := fs.Sub(nano.Files, "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := fs.ReadFile(files, "model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	st, err := safetensors.Parse(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := model.ReadConfig(files)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) ([]byte, []int64) {
		x, ok := st.Lookup(name)
		if !ok {
			t.Fatalf("nano has no %s", name)
		}
		return raw[x.Begin:x.End], x.Shape
	}
	floats := func(name string) ([]float32, []int64) {
		p, shape := read(name)
		out := make([]float32, len(p)/2)
		for i := range out {
			out[i] = num.BF16ToF32(binary.LittleEndian.Uint16(p[2*i:]))
		}
		return out, shape
	}
	var specs []gguf.Spec
	var parts [][]byte
	add := func(name string, k gguf.Type, shape []int64, data []byte) {
		specs, parts = append(specs, gguf.Spec{Name: name, Type: k, Shape: shape}), append(parts, data)
	}
	f32 := func(name, from string) {
		v, shape := floats(from)
		data, err := binary.Append(nil, binary.LittleEndian, v)
		if err != nil {
			t.Fatal(err)
		}
		add(name, gguf.F32, shape, data)
	}
	matrix := func(name, from string) {
		v, shape := floats(from)
		if dense != gguf.Q8_0 {
			data, _ := read(from)
			add(name, gguf.BF16, shape, data)
			return
		}
		var data []byte
		for block := range slices.Chunk(v, 32) {
			d := max(slices.Max(block), -slices.Min(block)) / 127
			data = binary.LittleEndian.AppendUint16(data, num.F32ToF16(d))
			for _, x := range block {
				q := 0.0
				if d > 0 {
					q = float64(x / d)
				}
				data = append(data, byte(int8(q+0.5*sign(q))))
			}
		}
		add(name, gguf.Q8_0, shape, data)
	}
	blocks := func(name, from string, first, step int) { // rows first, first+step, ... of every expert
		codes, shape := read(from + "_blocks")
		scales, _ := read(from + "_scales")
		n := int(shape[2])
		var data []byte
		for r := first; r < int(shape[0]*shape[1]); r += step {
			for b := r * n; b < (r+1)*n; b++ {
				o := codes[16*b : 16*b+16]
				data = append(data, scales[b])
				for j := range 8 { // value 2j and 2j+1 low, those 16 further on high
					data = append(data, o[j]&15|o[j+8]<<4, o[j]>>4|o[j+8]&0xF0)
				}
			}
		}
		add(name, gguf.MXFP4, []int64{shape[0], shape[1] / int64(step), shape[2] * 32}, data)
	}
	half := func(name, from string, first int) {
		v, shape := floats(from)
		var data []byte
		for i := first; i < len(v); i += 2 {
			data, _ = binary.Append(data, binary.LittleEndian, v[i])
		}
		add(name, gguf.F32, []int64{shape[0], shape[1] / 2}, data)
	}
	linear := func(name, from string) {
		matrix(name+".weight", from+".weight")
		f32(name+".bias", from+".bias")
	}
	matrix("token_embd.weight", "model.embed_tokens.weight")
	if !cfg.TieEmbeddings {
		matrix("output.weight", "lm_head.weight")
	}
	f32("output_norm.weight", "model.norm.weight")
	for i := range cfg.Layers {
		to, from := "blk."+string(rune('0'+i))+".", "model.layers."+string(rune('0'+i))+"."
		f32(to+"attn_norm.weight", from+"input_layernorm.weight")
		f32(to+"post_attention_norm.weight", from+"post_attention_layernorm.weight")
		f32(to+"attn_sinks.weight", from+"self_attn.sinks")
		for _, p := range [][2]string{{"attn_q", "q"}, {"attn_k", "k"}, {"attn_v", "v"}, {"attn_output", "o"}} {
			linear(to+p[0], from+"self_attn."+p[1]+"_proj")
		}
		f32(to+"ffn_gate_inp.weight", from+"mlp.router.weight")
		f32(to+"ffn_gate_inp.bias", from+"mlp.router.bias")
		x := from + "mlp.experts."
		for first, p := range []string{"gate", "up"} {
			blocks(to+"ffn_"+p+"_exps.weight", x+"gate_up_proj", first, 2)
			half(to+"ffn_"+p+"_exps.bias", x+"gate_up_proj_bias", first)
		}
		blocks(to+"ffn_down_exps.weight", x+"down_proj", 0, 1)
		f32(to+"ffn_down_exps.bias", x+"down_proj_bias")
	}
	kvs := []gguf.KV{{Key: "general.architecture", Value: "gpt-oss"}}
	for k, n := range map[string]int{"block_count": cfg.Layers, "context_length": cfg.MaxContext, "embedding_length": cfg.Hidden,
		"feed_forward_length": cfg.Intermediate, "expert_count": cfg.Experts, "expert_used_count": cfg.ActiveExperts, "attention.head_count": cfg.Heads,
		"attention.head_count_kv": cfg.KVHeads, "attention.key_length": cfg.HeadDim, "attention.value_length": cfg.HeadDim, "attention.sliding_window": cfg.Layer[0].Window} {
		kvs = append(kvs, gguf.KV{Key: "gpt-oss." + k, Value: uint32(n)})
	}
	head, begin, end, err := gguf.Header(append(kvs, nanoVocabulary(t, files)...), specs)
	if err != nil {
		t.Fatal(err)
	}
	out := append(head, make([]byte, end-int64(len(head)))...)
	for i := range parts {
		copy(out[begin[i]:], parts[i])
	}
	path := filepath.Join(t.TempDir(), "small-"+dense.String()+".gguf")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// nanoVocabulary is its tokenizer.json as metadata.
func nanoVocabulary(t *testing.T, files fs.FS) []gguf.KV {
	t.Helper()
	data, err := fs.ReadFile(files, "tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	var tk struct {
		Added []struct {
			ID      int
			Content string
		} `json:"added_tokens"`
		Model struct {
			Vocab  map[string]int
			Merges []any
		}
	}
	if err := json.Unmarshal(data, &tk); err != nil {
		t.Fatal(err)
	}
	size := len(tk.Model.Vocab)
	for _, a := range tk.Added {
		size = max(size, a.ID+1)
	}
	tokens, kinds := make([]string, size), slices.Repeat([]int32{5}, size)
	for s, id := range tk.Model.Vocab {
		tokens[id], kinds[id] = s, 1
	}
	for _, a := range tk.Added {
		tokens[a.ID], kinds[a.ID] = a.Content, 3
	}
	var merges []string
	for _, m := range tk.Model.Merges {
		if pair, ok := m.([]any); ok {
			m = pair[0].(string) + " " + pair[1].(string)
		}
		merges = append(merges, m.(string))
	}
	return []gguf.KV{{Key: "tokenizer.ggml.model", Value: "gpt2"}, {Key: "tokenizer.ggml.pre", Value: "gpt-4o"}, {Key: "tokenizer.ggml.tokens", Value: tokens},
		{Key: "tokenizer.ggml.token_type", Value: kinds}, {Key: "tokenizer.ggml.merges", Value: merges}}
}

// A GGUF file, or a folder with one, is a model: it says what the same model says from safetensors.
func TestGGUF(t *testing.T) {
	say := func(args ...string) string {
		t.Helper()
		w := newNano(t, "")
		if code := w.run(t, append([]string{"run", "-q", "--temperature", "0", "--max-tokens", "300", "What is 17 + 25?"}, args...)...); code != 0 {
			t.Fatalf("%v: %d, %s", args, code, &w.err)
		}
		return w.out.String()
	}
	want := say()
	exact, q8 := nanoGGUF(t, gguf.BF16), nanoGGUF(t, gguf.Q8_0)
	for _, args := range [][]string{{"-m", exact}, {"-m", q8}, {"-m", filepath.Dir(q8)}, {"-m", q8, "--activations", "f32"}, {"-m", q8, "--dense", "bf16"}} {
		if got := say(args...); got != want {
			t.Errorf("%v: %q, not %q", args, got, want)
		}
	}
	if text := w2(t, "show", q8); !strings.Contains(text, "1 of GGUF") || !strings.Contains(text, "small-Q8_0") {
		t.Error(text)
	}
	if ids := w2(t, "tokens", "-m", q8, "What is 17 + 25?"); ids != w2(t, "tokens", "-m", "nano", "What is 17 + 25?") {
		t.Errorf("other ids: %s", ids)
	}
	if text := w2(t, "show", "../../testdata/gguf/wide-bf16-00002-of-00002.gguf"); !strings.Contains(text, "wide-bf16\n") || !strings.Contains(text, "2 of GGUF") {
		t.Error(text)
	}
	w := newNano(t, "")
	if code := w.run(t, "run", "-m", q8, "--weights", "map", "x"); code != 1 || !strings.Contains(w.err.String(), "cannot stay in the file") {
		t.Errorf("mapped: %d, %q", code, &w.err)
	}
}
