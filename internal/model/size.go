package model

// Sizes are the bytes of a model as published: experts in MXFP4, everything else in
// bfloat16. They are arithmetic on the configuration; a checkpoint in another format
// has other ones (Weights.Bytes).
type Sizes struct {
	Layers []LayerSizes
	Embed  int64 // embedding
	Out    int64 // unembedding; 0 when tied
	Norm   int64 // the last norm
}

// LayerSizes are the bytes of one layer.
type LayerSizes struct {
	Attention int64 // with its norm and sinks
	Router    int64 // with the norm before it
	Expert    int64 // one expert
	Experts   int64 // all of them
	KV        int64 // keys and values of one position, 2 bytes a number
	Window    int   // positions kept; 0: all
}

// Sizes gives the accounting of c.
func (c Config) Sizes() Sizes {
	q, kv := int64(c.Heads*c.HeadDim), int64(c.KVHeads*c.HeadDim)
	h, n := int64(c.Hidden), int64(c.Intermediate)
	s := Sizes{Embed: 2 * int64(c.Vocab) * h, Norm: 2 * h}
	if !c.TieEmbeddings {
		s.Out = s.Embed
	}
	mxfp4 := func(rows, cols int64) int64 { return rows * cols / 32 * 17 }
	for _, l := range c.Layer {
		e := int64(l.Experts)
		one := mxfp4(2*n, h) + mxfp4(h, n) + 2*(2*n+h)
		s.Layers = append(s.Layers, LayerSizes{
			Attention: 2 * ((q+2*kv)*(h+1) + h*(q+1) + int64(c.Heads) + h),
			Router:    2 * (e*(h+1) + h),
			Expert:    one,
			Experts:   e * one,
			KV:        2 * 2 * kv,
			Window:    l.Window,
		})
	}
	return s
}

// Total is every tensor's bytes.
func (s Sizes) Total() int64 {
	n := s.Embed + s.Out + s.Norm
	for _, l := range s.Layers {
		n += l.Attention + l.Router + l.Experts
	}
	return n
}

// Experts, Attention and Embeddings split Total into classes; Attention holds the
// router and all norms as well.
func (s Sizes) Experts() (n int64) {
	for _, l := range s.Layers {
		n += l.Experts
	}
	return n
}

// Attention is every byte that is neither an expert's nor an embedding's.
func (s Sizes) Attention() int64 { return s.Total() - s.Experts() - s.Embeddings() }

// Embeddings is embedding and unembedding.
func (s Sizes) Embeddings() int64 { return s.Embed + s.Out }

// PerToken is what one decoded token reads: everything but the embedding and the
// experts it does not visit. Memory bandwidth over this bounds the decoding speed.
func (s Sizes) PerToken(active int) int64 {
	n := max(s.Out, s.Embed) + s.Norm
	for _, l := range s.Layers {
		n += l.Attention + l.Router + int64(active)*l.Expert
	}
	return n
}

// KV is the bytes of keys and values of a sequence of positions, at width bytes a
// number (2: bfloat16, 4: float32); a window layer keeps its window.
func (s Sizes) KV(positions, width int) int64 {
	var n int64
	for _, l := range s.Layers {
		kept := positions
		if l.Window > 0 {
			kept = min(kept, l.Window)
		}
		n += l.KV / 2 * int64(width) * int64(kept)
	}
	return n
}

// KVPerPosition is by how much KV grows with each position beyond every window.
func (s Sizes) KVPerPosition(width int) (n int64) {
	for _, l := range s.Layers {
		if l.Window == 0 {
			n += l.KV / 2 * int64(width)
		}
	}
	return n
}

// Parameters counts numbers: all of them, and those a token meets (the unembedding
// counts, the embedding does not).
func (c Config) Parameters() (total, active int64) {
	q, kv := int64(c.Heads*c.HeadDim), int64(c.KVHeads*c.HeadDim)
	h, n := int64(c.Hidden), int64(c.Intermediate)
	expert := 2*n*(h+1) + h*(n+1)
	table := int64(c.Vocab) * h
	total, active = table+h, table+h
	if !c.TieEmbeddings {
		total += table
	}
	for _, l := range c.Layer {
		e := int64(l.Experts)
		rest := (q+2*kv)*(h+1) + h*(q+1) + int64(c.Heads) + 2*h + e*(h+1)
		total += rest + e*expert
		active += rest + int64(c.ActiveExperts)*expert
	}
	return total, active
}
