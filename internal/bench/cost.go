package bench

import (
	"ossian/internal/model"
	"ossian/internal/probe"
)

// Held is what a backend keeps in memory, in bytes, as far as a token reads it.
type Held struct {
	Expert  int64 `json:"expert_bytes"`  // the matrices of one expert
	Dense   int64 `json:"dense_bytes"`   // the attention's projections, all layers
	Unembed int64 `json:"unembed_bytes"` // the unembedding
	Rest    int64 `json:"rest_bytes"`    // what else every token reads: routers, norms, sinks, biases
	KV      int64 `json:"kv_bytes"`      // keys and values of one position in one layer
	// Arithmetic is the kind of operation that the products are made of.
	Arithmetic probe.Kind `json:"arithmetic"`
}

// HoldingOf is what w holds, with keys and values of kv bytes a number, for products made of
// operations of a kind.
func HoldingOf(w *model.Weights, kv int, kind probe.Kind) Held {
	c := &w.Config
	h := Held{
		Unembed: w.Unembed.Bytes(), Rest: 4 * int64(len(w.Norm)),
		KV: 2 * int64(c.KVHeads*c.HeadDim*kv), Arithmetic: kind,
	}
	var experts, biases, count int64
	for i := range w.Layers {
		l := &w.Layers[i]
		h.Dense += l.Q.Bytes() + l.K.Bytes() + l.V.Bytes() + l.O.Bytes()
		h.Rest += l.Router.Bytes()
		for _, v := range []model.Vector{l.AttnNorm, l.MLPNorm, l.QBias, l.KBias, l.VBias, l.OBias, l.Sinks, l.RouterBias} {
			h.Rest += 4 * int64(len(v))
		}
		for e := range l.GateUp {
			experts += l.GateUp[e].Bytes() + l.Down[e].Bytes()
			biases += 4 * int64(len(l.GateUpBias[e])+len(l.DownBias[e]))
		}
		count += int64(len(l.GateUp))
	}
	count = max(count, 1)
	h.Expert = experts / count
	h.Rest += biases / count * int64(c.ActiveExperts*c.Layers)
	return h
}

// Weights is the bytes of weights that a decoded token reads.
func (h Held) Weights(c *model.Config) int64 {
	return int64(c.Layers)*int64(c.ActiveExperts)*h.Expert + h.Dense + h.Unembed + h.Rest
}

// Read is the bytes of weights, keys and values that n tokens read, decoded one after another,
// the first at position from.
func (h Held) Read(c *model.Config, from, n int) int64 {
	return int64(n)*h.Weights(c) + h.KV*keys(c, from, n)
}

// keys is how many positions n queries see, over all layers, the first query being at position from.
func keys(c *model.Config, from, n int) (seen int64) {
	for _, l := range c.Layer {
		for p := from; p < from+n; p++ {
			if l.Window > 0 {
				seen += int64(min(p+1, l.Window))
			} else {
				seen += int64(p + 1)
			}
		}
	}
	return seen
}

// Operations is what a prompt's tokens at positions from to from+n-1 take when rows of them
// meet the unembedding; a multiplication and its addition are two operations.
func Operations(c *model.Config, from, n, rows int) int64 {
	q, k := int64(c.Heads*c.HeadDim), int64(c.KVHeads*c.HeadDim)
	h := int64(c.Hidden)
	var each int64
	for _, l := range c.Layer {
		each += (2*q+2*k)*h + int64(l.Experts)*h + int64(c.ActiveExperts)*3*h*int64(c.Intermediate)
	}
	return 2 * (int64(n)*each + 2*q*keys(c, from, n) + int64(rows)*int64(c.Vocab)*h)
}
