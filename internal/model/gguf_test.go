package model

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ossian/internal/gguf"
)

const ggufs = "../../testdata/gguf"

// alone is a file system with some files of testdata/gguf.
func alone(t testing.TB, names ...string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, n := range names {
		data, err := os.ReadFile(filepath.Join(ggufs, n))
		if err != nil {
			t.Fatal(err)
		}
		files[n] = &fstest.MapFile{Data: data}
	}
	return files
}

func open(t *testing.T, fsys fs.FS, opt LoadOptions) *Weights {
	t.Helper()
	w, err := Open(fsys, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// wideParts is a model in parts, with dense weights in bfloat16.
func wideParts() []string { return GGUFParts("wide-bf16-00001-of-00002.gguf") }

// A GGUF file by another writer, in one part or several, holds the checkpoint's
// configuration and, with dense weights in bfloat16, exactly its numbers.
func TestGGUFHoldsEqualNumbers(t *testing.T) {
	for model, files := range map[string][]string{"wide": wideParts(), "window": {"window-bf16.gguf"}} {
		want := load(t, golden+"/"+model+"/hf")
		fsys := alone(t, files...)
		got := open(t, fsys, LoadOptions{Readers: 3})
		if d := cmp.Diff(want.Config, got.Config); d != "" {
			t.Errorf("%s: configuration: %s", model, d)
		}
		if !slices.Equal(flat(got), flat(want)) {
			t.Errorf("%s differs", model)
		}
		if c, err := ReadConfig(fsys); err != nil || c.Layers != want.Config.Layers {
			t.Errorf("%s: ReadConfig: %v", model, err)
		}
	}
}

// All bytes are read once, and the last report says so.
func TestGGUFProgress(t *testing.T) {
	fsys := alone(t, "wide-q8_0.gguf")
	data := int64(0)
	found, err := ReadGGUF(fsys, func(f *gguf.File) error {
		for _, x := range f.Tensors() {
			data += x.Bytes()
		}
		return nil
	})
	if err != nil || !found {
		t.Fatal(err)
	}
	for _, p := range []Packer{nil, widePacker{BF16}} {
		var done, total int64
		open(t, fsys, LoadOptions{Packer: p, Progress: func(d, n int64) { done, total = d, n }})
		if done != data || total != data {
			t.Errorf("%d of %d bytes, want %d", done, total, data)
		}
	}
}

// Dense weights in 8 bits are within half a step of their block of 32; the rest is equal.
func TestGGUFQ8(t *testing.T) {
	for _, model := range []string{"wide", "window"} {
		want := load(t, golden+"/"+model+"/hf")
		got := open(t, alone(t, model+"-q8_0.gguf"), LoadOptions{})
		near := func(name string, got, want Matrix) {
			t.Helper()
			g, w := values(got), values(want)
			for i := 0; i < len(w); i += 32 {
				most := 0.0
				for _, v := range w[i : i+32] {
					most = max(most, math.Abs(float64(v)))
				}
				limit := most/254 + most/2048 // half a step, and the scale's rounding
				if got.Format == BF16 {
					limit += most / 256
				}
				for j := i; j < i+32; j++ {
					if d := math.Abs(float64(g[j] - w[j])); d > limit {
						t.Fatalf("%s %s: value %d is %g, not %g", model, name, j, g[j], w[j])
					}
				}
			}
		}
		near("embedding", got.Embed, want.Embed)
		near("unembedding", got.Unembed, want.Unembed)
		if got.Embed.Format != BF16 || got.Unembed.Format != F32 {
			t.Errorf("embedding %s, unembedding %s", got.Embed.Format, got.Unembed.Format)
		}
		for i := range want.Layers {
			g, w := &got.Layers[i], &want.Layers[i]
			near("q", g.Q, w.Q)
			near("k", g.K, w.K)
			near("v", g.V, w.V)
			near("o", g.O, w.O)
			for e := range w.GateUp {
				if !bytes.Equal(g.GateUp[e].Data, w.GateUp[e].Data) || !bytes.Equal(g.GateUp[e].Scales, w.GateUp[e].Scales) ||
					!bytes.Equal(g.Down[e].Data, w.Down[e].Data) || !bytes.Equal(g.Down[e].Scales, w.Down[e].Scales) {
					t.Fatalf("%s: experts %d of layer %d are other bytes", model, e, i)
				}
			}
		}
	}
}

// A packer sees the same rows as without one, those in 8 bits as float32.
func TestGGUFPacked(t *testing.T) {
	for _, name := range []string{"wide-q8_0.gguf", "window-bf16.gguf"} {
		want := open(t, alone(t, name), LoadOptions{})
		for _, refuse := range []Format{F32, MXFP4, BF16} {
			got := open(t, alone(t, name), LoadOptions{Packer: widePacker{refuse}})
			for i := range want.Layers {
				g, w := &got.Layers[i], &want.Layers[i]
				pairs := [][2]Matrix{{g.Q, w.Q}, {g.K, w.K}, {g.V, w.V}, {g.O, w.O}, {got.Unembed, want.Unembed}, {got.Embed, want.Embed}}
				for e := range w.GateUp {
					pairs = append(pairs, [2]Matrix{g.GateUp[e], w.GateUp[e]}, [2]Matrix{g.Down[e], w.Down[e]})
				}
				for n, p := range pairs {
					if p[0].Packed != (p[1].Format != refuse && n != 5) || !slices.Equal(unpack(p[0]), values(p[1])) {
						t.Fatalf("%s without %s: layer %d, matrix %d differs", name, refuse, i, n)
					}
				}
			}
		}
	}
}

// rewritten is a file of testdata/gguf with other metadata, types or names: edit may
// change a tensor and its data, or drop it by naming it "".
func rewritten(t testing.TB, name string, more []gguf.KV, edit func(s *gguf.Spec, data []byte) []byte) []byte {
	t.Helper()
	raw := alone(t, name)[name].Data
	f, err := gguf.Parse(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var kvs []gguf.KV
	for _, k := range f.Keys() {
		v, _ := f.Value(k)
		kv := gguf.KV{Key: k}
		if text, ok := v.Text(); ok {
			kv.Value = text
		} else if n, ok := v.Int(); ok {
			kv.Value = uint32(n)
		} else if x, ok := v.Float(); ok {
			kv.Value = float32(x)
		} else {
			continue
		}
		if i := slices.IndexFunc(more, func(m gguf.KV) bool { return m.Key == k }); i < 0 {
			kvs = append(kvs, kv)
		}
	}
	for _, m := range more {
		if m.Value != nil {
			kvs = append(kvs, m)
		}
	}
	var specs []gguf.Spec
	var parts [][]byte
	for _, x := range f.Tensors() {
		s, data := gguf.Spec{Name: x.Name, Type: x.Type, Shape: slices.Clone(x.Shape)}, slices.Clone(raw[x.Begin:x.End])
		if edit != nil {
			data = edit(&s, data)
		}
		if s.Name != "" {
			specs, parts = append(specs, s), append(parts, data)
		}
	}
	head, begin, end, err := gguf.Header(kvs, specs)
	if err != nil {
		t.Fatal(err)
	}
	out := append(head, make([]byte, end-int64(len(head)))...)
	for i := range parts {
		copy(out[begin[i]:], parts[i])
	}
	return out
}

// Older spellings, missing optional keys and wider types mean the same model.
func TestGGUFDialects(t *testing.T) {
	want := load(t, golden+"/window/hf")
	legacy := rewritten(t, "window-bf16.gguf", []gguf.KV{
		{Key: "general.architecture", Value: "gpt-oss"},
		{Key: "gpt-oss.expert_feed_forward_length"}, {Key: "gpt-oss.rope.scaling.type"}, {Key: "gpt-oss.rope.scaling.factor"},
		{Key: "gpt-oss.rope.scaling.original_context_length"}, {Key: "gpt-oss.rope.freq_base"}, {Key: "gpt-oss.context_length"},
		{Key: "gpt-oss.attention.layer_norm_rms_epsilon"},
	}, func(s *gguf.Spec, data []byte) []byte {
		s.Name = strings.Replace(s.Name, "attn_output.", "attn_out.", 1)
		s.Name = strings.Replace(s.Name, "attn_sinks.weight", "attn_sinks", 1)
		s.Name = strings.Replace(s.Name, "post_attention_norm", "ffn_norm", 1)
		if s.Type != gguf.BF16 {
			return data
		}
		s.Type = gguf.F32 // bfloat16 with zeros below
		wide := make([]byte, 2*len(data))
		for i := 0; i < len(data); i += 2 {
			copy(wide[2*i+2:], data[i:i+2])
		}
		return wide
	})
	got := open(t, fstest.MapFS{"m.gguf": {Data: legacy}}, LoadOptions{})
	if d := cmp.Diff(want.Config, got.Config); d != "" {
		t.Error(d)
	}
	if !slices.Equal(flat(got), flat(want)) {
		t.Error("differs")
	}
}

// float16 is widened, tied embeddings are one tensor.
func TestGGUFHalfAndTied(t *testing.T) {
	half := rewritten(t, "window-bf16.gguf", nil, func(s *gguf.Spec, data []byte) []byte {
		if s.Name == "output.weight" {
			s.Name = ""
		}
		if strings.HasSuffix(s.Name, "attn_q.weight") {
			s.Type = gguf.F16
			for i := 0; i < len(data); i += 2 {
				binary.LittleEndian.PutUint16(data[i:], 0x3E00) // 1.5
			}
		}
		return data
	})
	w := open(t, fstest.MapFS{"m.gguf": {Data: half}}, LoadOptions{})
	if !w.Config.TieEmbeddings || &w.Embed.Data[0] != &w.Unembed.Data[0] {
		t.Error("the embeddings are not tied")
	}
	for _, v := range values(w.Layers[0].Q) {
		if v != 1.5 {
			t.Fatalf("%g, want 1.5", v)
		}
	}
}

func TestGGUFRefuses(t *testing.T) {
	const name = "window-q8_0.gguf"
	change := func(suffix string, f func(s *gguf.Spec, data []byte) []byte) fstest.MapFS {
		return fstest.MapFS{"m.gguf": {Data: rewritten(t, name, nil, func(s *gguf.Spec, data []byte) []byte {
			if strings.HasSuffix(s.Name, suffix) {
				return f(s, data)
			}
			return data
		})}}
	}
	drop := func(s *gguf.Spec, data []byte) []byte { s.Name = ""; return data }
	keyed := func(key string, v any) fstest.MapFS {
		return fstest.MapFS{"m.gguf": {Data: rewritten(t, name, []gguf.KV{{Key: key, Value: v}}, nil)}}
	}
	two := alone(t, name, "wide-q8_0.gguf")
	cases := map[string]struct {
		files fs.FS
		want  string
	}{
		"scale 255":       {change("blk.1.ffn_up_exps.weight", func(_ *gguf.Spec, d []byte) []byte { d[17*3] = 255; return d }), "255, which is no number"},
		"Q8_0 scale NaN":  {change("blk.0.attn_k.weight", func(_ *gguf.Spec, d []byte) []byte { d[34], d[35] = 0, 0x7e; return d }), "not finite"},
		"bias NaN":        {change("blk.0.ffn_gate_exps.bias", func(_ *gguf.Spec, d []byte) []byte { copy(d[4:], []byte{0, 0, 0xc0, 0x7f}); return d }), "not finite"},
		"no up":           {change("blk.0.ffn_up_exps.weight", drop), "it is missing"},
		"no gate":         {change("blk.0.ffn_gate_exps.weight", drop), "it is missing"},
		"no up bias":      {change("blk.0.ffn_up_exps.bias", drop), "it is missing"},
		"no norm":         {change("output_norm.weight", drop), "it is missing"},
		"no embedding":    {change("token_embd.weight", drop), "vocabulary"},
		"unknown tensor":  {change("output_norm.weight", func(s *gguf.Spec, d []byte) []byte { s.Name = "rope_freqs.weight"; return d }), "it is missing"},
		"fused experts":   {change("blk.0.ffn_gate_exps.weight", func(s *gguf.Spec, d []byte) []byte { s.Name = "blk.0.ffn_gate_up_exps.weight"; return d }), "order"},
		"Q4_0":            {change("blk.0.attn_k.weight", func(s *gguf.Spec, d []byte) []byte { s.Type = 2; return d }), "Q4_0"},
		"experts in Q8_0": {change("blk.0.ffn_down_exps.weight", func(s *gguf.Spec, d []byte) []byte { s.Type = gguf.Q8_0; return d }), "expected MXFP4"},
		"other shape":     {change("blk.0.attn_k.weight", func(s *gguf.Spec, d []byte) []byte { s.Shape[0], s.Shape[1] = s.Shape[0]/2, s.Shape[1]*2; return d }), "expected"},
		"architecture":    {keyed("general.architecture", "llama"), "\"llama\""},
		"no layers":       {keyed("gpt-oss.block_count", nil), "missing"},
		"layers":          {keyed("gpt-oss.block_count", uint32(1<<31)), "outside"},
		"heads as text":   {keyed("gpt-oss.attention.head_count", "4"), "whole number"},
		"linear scaling":  {keyed("gpt-oss.rope.scaling.type", "linear"), "yarn"},
		"value length":    {keyed("gpt-oss.attention.value_length", uint32(32)), "keys have"},
		"epsilon":         {keyed("gpt-oss.attention.layer_norm_rms_epsilon", float32(math.NaN())), "rms_norm_eps"},
		"pattern":         {keyed("gpt-oss.attention.sliding_window_pattern", uint32(6)), "not 2"},
		"two models":      {two, "several"},
		"part missing":    {alone(t, wideParts()[0]), "opening it"},
		"part renamed":    {fstest.MapFS{"a-00001-of-00002.gguf": {Data: alone(t, wideParts()[1])[wideParts()[1]].Data}}, "split.no"},
		"no GGUF":         {fstest.MapFS{"m.gguf": {Data: []byte("<html>not found</html>, says the server")}}, "no GGUF file"},
	}
	for what, c := range cases {
		_, err := Open(c.files, LoadOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "model: ") {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
		if !errors.As(err, new(*LoadError)) && !errors.As(err, new(*ConfigError)) {
			t.Errorf("%s: untyped %T", what, err)
		}
	}
	if _, err := Open(alone(t, name), LoadOptions{Map: true}); err == nil || !strings.Contains(err.Error(), "cannot stay in the file") {
		t.Errorf("mapped: %v", err)
	}
	if _, err := Open(alone(t, name), LoadOptions{MemoryLimit: 1000}); !errors.As(err, new(*MemoryError)) || strings.Contains(err.Error(), "map") {
		t.Errorf("too little memory: %v", err)
	}
}

// publishedGGUF is the list of tensors and the metadata of the published 20b file.
func publishedGGUF() ([]gguf.KV, []gguf.Spec) {
	const v = 201088
	kvs := []gguf.KV{{Key: "general.architecture", Value: "gpt-oss"}, {Key: "general.file_type", Value: uint32(38)}}
	for k, n := range map[string]uint32{"block_count": 24, "context_length": 131072, "embedding_length": 2880, "feed_forward_length": 2880,
		"expert_feed_forward_length": 2880, "expert_count": 32, "expert_used_count": 4, "attention.head_count": 64, "attention.head_count_kv": 8,
		"attention.key_length": 64, "attention.value_length": 64, "attention.sliding_window": 128, "rope.scaling.original_context_length": 4096} {
		kvs = append(kvs, gguf.KV{Key: "gpt-oss." + k, Value: n})
	}
	for k, x := range map[string]float32{"attention.layer_norm_rms_epsilon": 1e-5, "rope.freq_base": 150000, "rope.scaling.factor": 32} {
		kvs = append(kvs, gguf.KV{Key: "gpt-oss." + k, Value: x})
	}
	kvs = append(kvs, gguf.KV{Key: "gpt-oss.rope.scaling.type", Value: "yarn"}, gguf.KV{Key: "tokenizer.ggml.eos_token_id", Value: uint32(200002)})
	list := []gguf.Spec{{Name: "token_embd.weight", Type: gguf.Q8_0, Shape: []int64{v, 2880}}, {Name: "output.weight", Type: gguf.Q8_0, Shape: []int64{v, 2880}},
		{Name: "output_norm.weight", Type: gguf.F32, Shape: []int64{2880}}}
	for i := range 24 {
		add := func(name string, t gguf.Type, shape ...int64) {
			list = append(list, gguf.Spec{Name: fmt.Sprintf("blk.%d.", i) + name, Type: t, Shape: shape})
		}
		linear := func(name string, rows, cols int64, t gguf.Type) {
			add(name+".weight", t, rows, cols)
			add(name+".bias", gguf.F32, rows)
		}
		add("attn_norm.weight", gguf.F32, 2880)
		add("post_attention_norm.weight", gguf.F32, 2880)
		linear("attn_q", 4096, 2880, gguf.Q8_0)
		linear("attn_k", 512, 2880, gguf.Q8_0)
		linear("attn_v", 512, 2880, gguf.Q8_0)
		linear("attn_output", 2880, 4096, gguf.Q8_0)
		add("attn_sinks.weight", gguf.F32, 64)
		linear("ffn_gate_inp", 32, 2880, gguf.F32)
		for _, p := range []string{"gate", "up", "down"} {
			add("ffn_"+p+"_exps.weight", gguf.MXFP4, 32, 2880, 2880)
			add("ffn_"+p+"_exps.bias", gguf.F32, 32, 2880)
		}
	}
	return kvs, list
}

// The published 20b file, without its 12 GB: every tensor is accepted and has its place.
func TestGGUFPublished20B(t *testing.T) {
	kvs, list := publishedGGUF()
	head, _, end, err := gguf.Header(kvs, list)
	if err != nil {
		t.Fatal(err)
	}
	census := map[gguf.Type]int{}
	for _, s := range list {
		census[s.Type]++
	}
	if len(list) != 459 || census[gguf.F32] != 289 || census[gguf.Q8_0] != 98 || census[gguf.MXFP4] != 72 {
		t.Fatalf("%d tensors, %v", len(list), census)
	}
	if data := end - int64(len(head)); data != 12_096_558_336 {
		t.Errorf("%d bytes of tensors", data)
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "gpt-oss-20b-mxfp4.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(head)
	if err = errors.Join(err, f.Truncate(end), f.Close()); err != nil { // the rest is a hole
		t.Skipf("no room for a sparse file: %v", err)
	}
	c, err := openCheckpoint(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if c.config.Name() != "gpt-oss-20b" || c.config.YarnFactor != 32 || c.config.RMSEps != 1e-5 {
		t.Errorf("%+v", c.config)
	}
	for _, p := range []Packer{nil, widePacker{BF16}} {
		w, bindings, err := bind(c, p)
		if err != nil {
			t.Fatal(err)
		}
		chunks, total := split(bindings)
		if total != 12_096_558_336 || len(chunks) == 0 || len(w.Layers) != 24 {
			t.Errorf("%d bytes in %d chunks", total, len(chunks))
		}
	}
}

// smallestGGUF is a model of one layer, of zeros: about 10 kB.
func smallestGGUF(t testing.TB, dense gguf.Type) []byte {
	t.Helper()
	kvs := []gguf.KV{{Key: "general.architecture", Value: "gpt-oss"}, {Key: "gpt-oss.rope.freq_base", Value: float32(150000)},
		{Key: "tokenizer.ggml.tokens", Value: []string{"a", "b", "<|call|>", "<|return|>"}}, {Key: "tokenizer.ggml.eos_token_ids", Value: []int32{3}}}
	for _, k := range []struct {
		key   string
		value uint32
	}{{"block_count", 1}, {"embedding_length", 32}, {"feed_forward_length", 32}, {"expert_count", 2}, {"expert_used_count", 1},
		{"attention.head_count", 2}, {"attention.head_count_kv", 1}, {"attention.key_length", 16}} {
		kvs = append(kvs, gguf.KV{Key: "gpt-oss." + k.key, Value: k.value})
	}
	if dense == gguf.F16 {
		kvs = append(kvs, gguf.KV{Key: "gpt-oss.attention.sliding_window_pattern", Value: []int32{1}})
	}
	var list []gguf.Spec
	add := func(name string, k gguf.Type, shape ...int64) {
		list = append(list, gguf.Spec{Name: name, Type: k, Shape: shape})
	}
	add("token_embd.weight", dense, 4, 32)
	add("output_norm.weight", gguf.F32, 32)
	add("blk.0.attn_norm.weight", gguf.F32, 32)
	add("blk.0.ffn_norm.weight", gguf.F32, 32)
	add("blk.0.attn_sinks", gguf.F32, 2)
	add("blk.0.attn_qkv.weight", dense, 64, 32)
	add("blk.0.attn_qkv.bias", gguf.F32, 64)
	add("blk.0.attn_out.weight", dense, 32, 32)
	add("blk.0.attn_out.bias", gguf.F32, 32)
	add("blk.0.ffn_gate_inp.weight", gguf.F32, 2, 32)
	add("blk.0.ffn_gate_inp.bias", gguf.F32, 2)
	for _, p := range []string{"gate", "up", "down"} {
		add("blk.0.ffn_"+p+"_exps.weight", gguf.MXFP4, 2, 32, 32)
		add("blk.0.ffn_"+p+"_exps.bias", gguf.F32, 2, 32)
	}
	head, _, end, err := gguf.Header(kvs, list)
	if err != nil {
		t.Fatal(err)
	}
	return append(head, make([]byte, end-int64(len(head)))...)
}

// A fused query, key and value projection, a list of sliding layers, and ids that end
// generation in each spelling.
func TestGGUFSmallest(t *testing.T) {
	for _, k := range []gguf.Type{gguf.BF16, gguf.F16, gguf.Q8_0} {
		w := open(t, fstest.MapFS{"m.gguf": {Data: smallestGGUF(t, k)}}, LoadOptions{})
		if !slices.Equal(w.Config.EOS, []uint32{3, 2}) || w.Layers[0].Q.Rows != 32 || w.Layers[0].V.Rows != 16 || w.Config.Layer[0].Window != 128 {
			t.Errorf("%s: %+v", k, w.Config)
		}
	}
}

// Blocks are taken apart faster than disks read.
func BenchmarkTakeApart(b *testing.B) {
	const blocks = 1 << 16
	raw, codes, scales := make([]byte, blocks*ggufBlock), make([]byte, blocks*16), make([]byte, blocks)
	b.SetBytes(blocks * ggufBlock)
	for b.Loop() {
		takeApart(codes, scales, raw)
	}
}

// FuzzLoadGGUF: whatever the file holds, loading ends with a model or a typed error.
func FuzzLoadGGUF(f *testing.F) {
	for _, t := range []gguf.Type{gguf.BF16, gguf.F16, gguf.Q8_0} {
		f.Add(smallestGGUF(f, t))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := Open(fstest.MapFS{"m.gguf": {Data: file}}, LoadOptions{MemoryLimit: 1 << 26})
		if err == nil {
			_ = w.Close()
			return
		}
		if !errors.As(err, new(*LoadError)) && !errors.As(err, new(*ConfigError)) && !errors.As(err, new(*MemoryError)) {
			t.Fatalf("untyped error %T: %v", err, err)
		}
	})
}
