// Package reference is the forward pass of gpt-oss written to be read next to the
// specification (spec/model.md, openai/gpt-oss torch/model.py): a whole sequence in,
// every layer's output and the logits out. Names follow the torch modules.
//
// It exists to be compared with. It shares no arithmetic with the backends: matrices are
// widened row by row, sums are formed in float64, nothing is cached, no thread is
// started. Values between operations are float32, or rounded to bfloat16 wherever
// torch rounds in a bfloat16 model. Memory: a few vectors a token on the Go heap.
package reference

import (
	"fmt"
	"math"
	"slices"

	"ossian/internal/model"
	"ossian/internal/num"
)

// Options change what Forward computes.
type Options struct {
	// Positions are what the rotary embedding sees; nil means 0, 1, 2, ... Masks go by
	// index, so that gaps can be tested without the tokens in between.
	Positions []int
	// BF16 rounds to bfloat16 after every operation that transformers' eager
	// bfloat16 model rounds after.
	BF16 bool
	// InvFreq32, when set, replaces the rotary table, and angles are the float32 product of position
	// and frequency, as transformers forms them.
	InvFreq32 []float32
}

// Result holds one row a token.
type Result struct {
	Layers [][][]float32 // [layer][token]: the residual stream after the layer
	Logits [][]float32
}

// forward is one run.
type forward struct {
	w   *model.Weights
	opt Options
}

// Forward runs the model over tokens.
func Forward(w *model.Weights, tokens []uint32, opt Options) (*Result, error) {
	cfg := &w.Config
	if opt.Positions != nil && len(opt.Positions) != len(tokens) {
		return nil, fmt.Errorf("reference: %d positions for %d tokens", len(opt.Positions), len(tokens))
	}
	f := &forward{w: w, opt: opt}
	x := make([][]float32, len(tokens))
	for i, id := range tokens {
		if int64(id) >= int64(cfg.Vocab) {
			return nil, fmt.Errorf("reference: token %d of %d is %d, the vocabulary has %d", i, len(tokens), id, cfg.Vocab)
		}
		x[i] = row(w.Embed, int(id))
	}
	cos, sin := f.rotary(len(tokens))
	res := &Result{}
	for n := range w.Layers {
		l, window := &w.Layers[n], cfg.Layer[n].Window
		f.attnBlock(l, window, x, cos, sin)
		for i := range x {
			x[i] = f.add(x[i], f.mlpBlock(l, f.norm(x[i], l.MLPNorm)))
		}
		out := make([][]float32, len(x))
		for i := range x {
			out[i] = slices.Clone(x[i])
		}
		res.Layers = append(res.Layers, out)
	}
	for i := range x {
		res.Logits = append(res.Logits, f.linear(w.Unembed, nil, f.norm(x[i], w.Norm)))
	}
	return res, nil
}

// r rounds the result of an operation as the activation type does.
func (f *forward) r(v float64) float32 {
	if f.opt.BF16 {
		return num.BF16ToF32(num.F32ToBF16(float32(v)))
	}
	return float32(v)
}

// row widens one row of a matrix.
func row(m model.Matrix, i int) []float32 {
	v := m.RowRange(i, i+1)
	out := make([]float32, m.Cols)
	switch m.Format {
	case model.MXFP4:
		num.DequantMXFP4(out, v.Data, v.Scales)
	case model.BF16:
		for c := range out {
			out[c] = num.BF16ToF32(uint16(v.Data[2*c]) | uint16(v.Data[2*c+1])<<8)
		}
	case model.F32:
		for c := range out {
			d := v.Data[4*c:]
			out[c] = math.Float32frombits(uint32(d[0]) | uint32(d[1])<<8 | uint32(d[2])<<16 | uint32(d[3])<<24)
		}
	}
	return out
}

func dot(a, b []float32) (sum float64) {
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// linear is torch.nn.Linear: one rounding after product and bias.
func (f *forward) linear(m model.Matrix, bias, x []float32) []float32 {
	out := make([]float32, m.Rows)
	for i := range out {
		v := dot(row(m, i), x)
		if bias != nil {
			v += float64(bias[i])
		}
		out[i] = f.r(v)
	}
	return out
}

// matmulBias is the experts' x @ W + b: two operations, two roundings.
func (f *forward) matmulBias(m model.Matrix, bias, x []float32) []float32 {
	out := f.linear(m, nil, x)
	return f.add(out, bias)
}

func (f *forward) add(a, b []float32) []float32 {
	out := make([]float32, len(a))
	for i := range a {
		out[i] = f.r(float64(a[i]) + float64(b[i]))
	}
	return out
}

// norm is RMSNorm: float32 inside, one rounding at the end.
func (f *forward) norm(x, weight []float32) []float32 {
	scale := 1 / math.Sqrt(dot(x, x)/float64(len(x))+f.w.Config.RMSEps)
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = f.r(float64(weight[i]) * float64(float32(float64(v)*scale)))
	}
	return out
}

// rotary gives cos and sin for every token and pair, concentration included.
func (f *forward) rotary(n int) (cos, sin [][]float32) {
	inv, concentration := model.Rope(f.w.Config)
	cos, sin = make([][]float32, n), make([][]float32, n)
	for t := range n {
		pos := t
		if f.opt.Positions != nil {
			pos = f.opt.Positions[t]
		}
		cos[t], sin[t] = make([]float32, len(inv)), make([]float32, len(inv))
		for i := range inv {
			angle := float64(pos) * inv[i]
			if f.opt.InvFreq32 != nil {
				angle = float64(float32(pos) * f.opt.InvFreq32[i])
			}
			cos[t][i] = f.r(math.Cos(angle) * concentration)
			sin[t][i] = f.r(math.Sin(angle) * concentration)
		}
	}
	return cos, sin
}

// rotate applies the embedding to every head of x: element i pairs with i + half.
func (f *forward) rotate(x, cos, sin []float32) {
	half := len(cos)
	for ; len(x) > 0; x = x[2*half:] {
		for i := range half {
			a, b := float64(x[i]), float64(x[half+i])
			c, s := float64(cos[i]), float64(sin[i])
			x[i] = f.r(float64(f.r(a*c)) - float64(f.r(b*s)))
			x[half+i] = f.r(float64(f.r(b*c)) + float64(f.r(a*s)))
		}
	}
}

// attnBlock is x = x + o_proj(attention(norm(x))).
func (f *forward) attnBlock(l *model.Layer, window int, x [][]float32, cos, sin [][]float32) {
	cfg := &f.w.Config
	q, k, v := make([][]float32, len(x)), make([][]float32, len(x)), make([][]float32, len(x))
	for t := range x {
		h := f.norm(x[t], l.AttnNorm)
		q[t], k[t], v[t] = f.linear(l.Q, l.QBias, h), f.linear(l.K, l.KBias, h), f.linear(l.V, l.VBias, h)
		f.rotate(q[t], cos[t], sin[t])
		f.rotate(k[t], cos[t], sin[t])
	}
	d, group := cfg.HeadDim, cfg.Heads/cfg.KVHeads
	for t := range x {
		first := 0
		if window > 0 {
			first = max(0, t-window+1)
		}
		out := make([]float32, cfg.Heads*d)
		for h := range cfg.Heads {
			kv := h / group * d
			f.sdpa(out[h*d:(h+1)*d], q[t][h*d:(h+1)*d], k[first:t+1], v[first:t+1], kv, l.Sinks[h])
		}
		x[t] = f.add(x[t], f.linear(l.O, l.OBias, out))
	}
}

// sdpa is one head of one query: softmax over the keys and the sink, then the values.
func (f *forward) sdpa(out, q []float32, keys, values [][]float32, kv int, sink float32) {
	d := len(q)
	s := make([]float64, len(keys))
	top := float64(sink)
	for j := range keys {
		s[j] = float64(f.r(float64(f.r(dot(q, keys[j][kv:kv+d]))) / math.Sqrt(float64(d))))
		top = max(top, s[j])
	}
	sum := math.Exp(float64(f.r(float64(sink) - top)))
	for j := range s {
		s[j] = math.Exp(float64(f.r(s[j] - top)))
		sum += s[j]
	}
	acc := make([]float64, d)
	for j := range s {
		p := float64(f.r(s[j] / sum))
		for i := range acc {
			acc[i] += p * float64(values[j][kv+i])
		}
	}
	for i := range out {
		out[i] = f.r(acc[i])
	}
}
