package model

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"ossian/internal/mem"
	"ossian/internal/safetensors"
)

// conversion is what happens to a tensor's bytes on their way into memory.
type conversion uint8

const (
	keep      conversion = iota // byte for byte
	scales                      // byte for byte; 255 is refused
	widen                       // to float32; what is not finite is refused
	transpose                   // [experts, in, out] to [experts, out, in], same elements
	pack                        // rows into the order of a Packer
	unblock                     // rows of GGUF's MXFP4 blocks into codes, and scales behind them
)

// binding is one tensor of the checkpoint and its place in memory.
type binding struct {
	from located
	how  conversion
	size int64        // bytes in memory
	set  func([]byte) // makes the views of Weights
	dst  []byte
	use  use

	packing  *packing     // for pack
	mapping  *mem.Mapping // the file that dst is a part of, if it stays there
	populate bool         // it, while loading: there is memory for the whole file
}

// use is how much of a tensor a decoded token reads.
type use struct {
	looked  bool // one row of it: the embedding
	experts int  // a part of so many; 0: all of it
}

// binder matches the tensors of a checkpoint with the fields of Weights.
type binder struct {
	c        *checkpoint
	w        *Weights
	packer   Packer // may be nil
	used     map[string]bool
	missing  []string
	bindings []binding
	err      error // the first
}

// names are a layout's spellings of what all layouts share.
type names struct {
	layer                               string // prefix, with %d
	embed, unembed, norm                string
	attnNorm, mlpNorm, sinks, o, router string
	gateUp, gateUpBias, down, downBias  string
	blocks, scales                      string // suffixes of MXFP4 experts
	q, k, v                             string
	qkv                                 string // fused; "" when q, k, v are apart
}

// Hugging Face transformers' names, and OpenAI's (gpt_oss/torch/model.py).
func huggingFace() names {
	return names{
		layer: "model.layers.%d.", embed: "model.embed_tokens.weight", unembed: "lm_head.weight", norm: "model.norm.weight",
		attnNorm: "input_layernorm.weight", mlpNorm: "post_attention_layernorm.weight",
		sinks: "self_attn.sinks", o: "self_attn.o_proj", router: "mlp.router",
		q: "self_attn.q_proj", k: "self_attn.k_proj", v: "self_attn.v_proj",
		gateUp: "mlp.experts.gate_up_proj", gateUpBias: "mlp.experts.gate_up_proj_bias",
		down: "mlp.experts.down_proj", downBias: "mlp.experts.down_proj_bias", blocks: "_blocks", scales: "_scales",
	}
}

func openAI() names {
	return names{
		layer: "block.%d.", embed: "embedding.weight", unembed: "unembedding.weight", norm: "norm.scale",
		attnNorm: "attn.norm.scale", mlpNorm: "mlp.norm.scale",
		sinks: "attn.sinks", o: "attn.out", router: "mlp.gate", qkv: "attn.qkv",
		gateUp: "mlp.mlp1_weight", gateUpBias: "mlp.mlp1_bias",
		down: "mlp.mlp2_weight", downBias: "mlp.mlp2_bias", blocks: ".blocks", scales: ".scales",
	}
}

// bind plans the loading of every tensor, or says which are missing, unexpected or of
// the wrong shape. It takes memory for views only.
func bind(c *checkpoint, packer Packer) (*Weights, []binding, error) {
	w := &Weights{Config: c.config, Layers: make([]Layer, c.config.Layers)}
	b := &binder{c: c, w: w, packer: packer, used: map[string]bool{}}
	n := huggingFace()
	if _, ok := c.tensors[openAI().embed]; ok {
		n = openAI()
	}
	if c.gguf {
		n = ggml(c.tensors)
	}
	cfg := &w.Config
	b.matrix(n.embed, cfg.Vocab, cfg.Hidden, func(m Matrix) {
		w.Embed = m
		if cfg.TieEmbeddings {
			w.Unembed = m
		}
	})
	b.mark(0, use{looked: !cfg.TieEmbeddings})
	if !cfg.TieEmbeddings {
		b.product(n.unembed, cfg.Hidden, part{cfg.Vocab, &w.Unembed})
	}
	b.vector(n.norm, cfg.Hidden, func(v Vector) { w.Norm = v })
	for i := range w.Layers {
		b.layer(n, i)
	}
	if err := b.check(n); err != nil {
		return nil, nil, err
	}
	return w, b.bindings, nil
}

func (b *binder) layer(n names, i int) {
	cfg, l := &b.w.Config, &b.w.Layers[i]
	p := fmt.Sprintf(n.layer, i)
	q, kv, e := cfg.Heads*cfg.HeadDim, cfg.KVHeads*cfg.HeadDim, cfg.Layer[i].Experts
	b.vector(p+n.attnNorm, cfg.Hidden, func(v Vector) { l.AttnNorm = v })
	b.vector(p+n.mlpNorm, cfg.Hidden, func(v Vector) { l.MLPNorm = v })
	if n.qkv != "" {
		b.product(p+n.qkv+".weight", cfg.Hidden, part{q, &l.Q}, part{kv, &l.K}, part{kv, &l.V})
		b.vector(p+n.qkv+".bias", q+2*kv, func(v Vector) {
			l.QBias, l.KBias, l.VBias = v[:q:q], v[q:q+kv:q+kv], v[q+kv:]
		})
	} else {
		b.linear(p+n.q, q, cfg.Hidden, &l.Q, &l.QBias)
		b.linear(p+n.k, kv, cfg.Hidden, &l.K, &l.KBias)
		b.linear(p+n.v, kv, cfg.Hidden, &l.V, &l.VBias)
	}
	b.linear(p+n.o, cfg.Hidden, q, &l.O, &l.OBias)
	b.vector(p+n.sinks, cfg.Heads, func(v Vector) { l.Sinks = v })
	b.matrix(p+n.router+".weight", e, cfg.Hidden, func(m Matrix) { l.Router = m })
	b.vector(p+n.router+".bias", e, func(v Vector) { l.RouterBias = v })
	first := len(b.bindings)
	b.experts(n, p+n.gateUp, e, 2*cfg.Intermediate, cfg.Hidden, &l.GateUp)
	b.vectors(p+n.gateUpBias, e, 2*cfg.Intermediate, &l.GateUpBias)
	b.experts(n, p+n.down, e, cfg.Hidden, cfg.Intermediate, &l.Down)
	b.vectors(p+n.downBias, e, cfg.Hidden, &l.DownBias)
	b.mark(first, use{experts: e})
}

// mark says of the bindings from the given one on how they are used.
func (b *binder) mark(first int, u use) {
	for i := first; i < len(b.bindings); i++ {
		b.bindings[i].use = u
	}
}

// take finds a tensor and holds it against the shape and types that are wanted.
func (b *binder) take(name string, shape []int64, types ...safetensors.DType) (located, bool) {
	t, ok := b.c.tensors[name]
	if !ok {
		b.missing = append(b.missing, name)
		return t, false
	}
	b.used[name] = true
	if !slices.Equal(t.Shape, shape) || !slices.Contains(types, t.DType) {
		if b.err == nil {
			b.err = &LoadError{File: t.file, Tensor: name, Why: fmt.Sprintf("expected %v %v, found %v %v", types, shape, t.DType, t.Shape),
				Next: "the configuration and the weights do not belong together, or the checkpoint is of a kind this program does not read"}
		}
		return t, false
	}
	return t, true
}

func (b *binder) add(t located, how conversion, size int64, set func([]byte)) {
	b.bindings = append(b.bindings, binding{from: t, how: how, size: size, set: set})
}

// stored is the format a dense tensor has in memory and the way there.
func stored(d safetensors.DType) (Format, conversion) {
	switch d {
	case safetensors.BF16:
		return BF16, keep
	case safetensors.F32:
		return F32, keep
	}
	return F32, widen // F16 has no format of its own
}

// part is some rows of a tensor and the matrix that they are.
type part struct {
	rows int
	m    *Matrix
}

// product binds matrices that lie one after the other in a tensor and that a Packer may
// want in its own order.
func (b *binder) product(name string, cols int, parts ...part) {
	rows := 0
	for _, p := range parts {
		rows += p.rows
	}
	t, ok := b.takeDense(name, rows, cols)
	if !ok {
		return
	}
	format, how := stored(t.DType)
	if b.wants(format, cols, parts) {
		if how == widen {
			t = t.asFloat32()
		}
		first := 0
		for _, p := range parts {
			b.packed(t, located{}, format, first, 1, p.rows, cols, func(_ int, m Matrix) { *p.m = m })
			first += p.rows
		}
		return
	}
	b.rows(t, rows, cols, func(m Matrix) {
		first := 0
		for _, p := range parts {
			*p.m = m.RowRange(first, first+p.rows)
			first += p.rows
		}
	})
}

// wants says whether the packer takes all parts of a tensor.
func (b *binder) wants(f Format, cols int, parts []part) bool {
	for _, p := range parts {
		if b.packer == nil {
			return false
		}
		if _, ok := b.packer.Form(f, p.rows, cols); !ok {
			return false
		}
	}
	return true
}

func (b *binder) takeDense(name string, rows, cols int) (located, bool) {
	return b.take(name, []int64{int64(rows), int64(cols)}, safetensors.BF16, safetensors.F32, safetensors.F16)
}

// matrix binds a tensor that keeps its rows.
func (b *binder) matrix(name string, rows, cols int, set func(Matrix)) {
	if t, ok := b.takeDense(name, rows, cols); ok {
		b.rows(t, rows, cols, set)
	}
}

func (b *binder) rows(t located, rows, cols int, set func(Matrix)) {
	format, how := stored(t.DType)
	row, _ := format.RowBytes(cols)
	b.add(t, how, int64(rows)*int64(row), func(p []byte) {
		set(Matrix{Format: format, Rows: rows, Cols: cols, Data: p})
	})
}

func (b *binder) vector(name string, n int, set func(Vector)) {
	if t, ok := b.take(name, []int64{int64(n)}, safetensors.BF16, safetensors.F32, safetensors.F16); ok {
		b.add(t, widen, 4*int64(n), func(p []byte) { set(floats(p)) })
	}
}

// vectors binds one vector per expert.
func (b *binder) vectors(name string, experts, n int, into *[]Vector) {
	t, ok := b.take(name, []int64{int64(experts), int64(n)}, safetensors.BF16, safetensors.F32, safetensors.F16)
	if !ok {
		return
	}
	b.add(t, widen, 4*int64(experts)*int64(n), func(p []byte) {
		all := floats(p)
		*into = make([]Vector, experts)
		for e := range *into {
			(*into)[e] = all[e*n : (e+1)*n : (e+1)*n]
		}
	})
}

func (b *binder) linear(name string, rows, cols int, m *Matrix, bias *Vector) {
	b.product(name+".weight", cols, part{rows, m})
	b.vector(name+".bias", rows, func(v Vector) { *bias = v })
}

// experts binds one projection of all experts: MXFP4 blocks and scales, or, where the
// checkpoint has no blocks, bfloat16 or float32 of shape [experts, in, out], which are never packed.
func (b *binder) experts(n names, name string, experts, rows, cols int, into *[]Matrix) {
	e, r, c := int64(experts), int64(rows), int64(cols)
	each := func(fill func(m *Matrix, lo, hi int)) {
		if *into == nil {
			*into = make([]Matrix, experts)
		}
		for i := range *into {
			(*into)[i].Rows, (*into)[i].Cols = rows, cols
			fill(&(*into)[i], i*rows, (i+1)*rows)
		}
	}
	if _, dense := b.c.tensors[name]; dense {
		t, ok := b.take(name, []int64{e, c, r}, safetensors.BF16, safetensors.F32)
		if !ok {
			return
		}
		format, _ := stored(t.DType)
		row, _ := format.RowBytes(cols)
		b.add(t, transpose, t.Bytes(), func(p []byte) {
			each(func(m *Matrix, lo, hi int) { m.Format, m.Data = format, p[lo*row:hi*row:hi*row] })
		})
		return
	}
	blocks, ok1 := b.take(name+n.blocks, []int64{e, r, c / 32, 16}, safetensors.U8)
	scale, ok2 := b.take(name+n.scales, []int64{e, r, c / 32}, safetensors.U8)
	if !ok1 || !ok2 {
		return
	}
	if b.wants(MXFP4, cols, []part{{rows: rows}}) {
		*into = make([]Matrix, experts)
		b.packed(blocks, scale, MXFP4, 0, experts, rows, cols, func(i int, m Matrix) { (*into)[i] = m })
		return
	}
	data, sc := MXFP4.RowBytes(cols)
	if blocks.blocks != nil {
		codes := (blocks.Bytes() + alignment - 1) &^ (alignment - 1)
		b.add(blocks, unblock, codes+scale.Bytes(), func(p []byte) {
			each(func(m *Matrix, lo, hi int) {
				m.Format, m.Data = MXFP4, p[lo*data:hi*data:hi*data]
				m.Scales = p[codes:][lo*sc : hi*sc : hi*sc]
			})
		})
		return
	}
	b.add(blocks, keep, blocks.Bytes(), func(p []byte) {
		each(func(m *Matrix, lo, hi int) { m.Format, m.Data = MXFP4, p[lo*data:hi*data:hi*data] })
	})
	b.add(scale, scales, scale.Bytes(), func(p []byte) {
		each(func(m *Matrix, lo, hi int) { m.Scales = p[lo*sc : hi*sc : hi*sc] })
	})
}

// check reports what is missing, wrong and unexpected, in this order.
func (b *binder) check(n names) error {
	if len(b.missing) > 0 {
		return &LoadError{Tensor: b.missing[0], Why: "it is missing" + others(b.missing),
			Next: "fetch the files that are not here, or check that config.json belongs to these weights"}
	}
	if b.err != nil {
		return b.err
	}
	var extra []string
	for _, name := range sortedKeys(b.c.tensors) {
		if !b.used[name] && !strings.HasSuffix(name, "rotary_emb.inv_freq") && !(name == n.unembed && b.w.Config.TieEmbeddings) {
			extra = append(extra, name)
		}
	}
	if len(extra) > 0 {
		return &LoadError{File: b.c.tensors[extra[0]].file, Tensor: extra[0], Why: "it does not belong to a gpt-oss model" + others(extra),
			Next: "its meaning is unknown, and a model without it would not be this model; use a checkpoint in a published layout"}
	}
	return nil
}

func others(names []string) string {
	if len(names) == 1 {
		return ""
	}
	list := make([]string, 0, 4)
	for _, n := range names[1:min(len(names), 5)] {
		list = append(list, clip(n))
	}
	return fmt.Sprintf(" (and %d more: %s)", len(names)-1, strings.Join(list, ", "))
}

// floats is p, aligned and a multiple of 4 bytes long, as float32.
func floats(p []byte) Vector {
	if len(p) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(p))), len(p)/4)
}
