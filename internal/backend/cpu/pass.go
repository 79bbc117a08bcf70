package cpu

import (
	"context"

	"ossian/internal/kernel"
	"ossian/internal/model"
)

// pass is one trip of up to Chunk tokens through all layers.
type pass struct {
	ctx   context.Context // of the step; products look at it between ranges of rows
	rows  []row
	asked []asked
	layer int

	// Loop bodies, made once.
	attend, activate, norm, embed, rotate, combine func(worker, lo, hi int)
	weight                                         []float32 // of the norm that runs
}

// row is a token of a pass.
type row struct {
	seq *sequence
	pos int
	id  uint32
}

// asked is a run of rows of one sequence whose logits go to one place.
type asked struct {
	row, n int
	logits []float32
}

func (p *pass) reset(ctx context.Context) {
	p.ctx = ctx
	clear(p.rows)
	clear(p.asked)
	p.rows, p.asked = p.rows[:0], p.asked[:0]
}

// add takes tokens from..to-1 of an item; the sequence grows by them at once.
func (p *pass) add(b *Backend, s *sequence, it *model.Item, from, to int) {
	v := b.cfg.Vocab
	firstAsked := len(it.Tokens) - len(it.Logits)/v
	if lo := max(from, firstAsked); lo < to {
		at := (lo - firstAsked) * v
		p.asked = append(p.asked, asked{len(p.rows) + lo - from, to - lo, it.Logits[at : at+(to-lo)*v]})
	}
	b.grow(s, s.len+to-from)
	for _, id := range it.Tokens[from:to] {
		p.rows = append(p.rows, row{s, s.len, id})
		s.len++
	}
}

func (p *pass) init(b *Backend) {
	c, w := b.cfg, &b.work
	p.rows = make([]row, 0, b.opt.Chunk)
	p.asked = make([]asked, 0, 4)
	half, q, kv := c.HeadDim/2, c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	p.embed = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b.embed.Row(w.x[i*c.Hidden:(i+1)*c.Hidden], int(p.rows[i].id))
			kernel.RopeTable(w.cos[i*half:(i+1)*half], w.sin[i*half:(i+1)*half], p.rows[i].pos, b.invFreq, b.concentration)
		}
	}
	p.norm = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b.ops.RMSNorm(w.norm[i*c.Hidden:(i+1)*c.Hidden], w.x[i*c.Hidden:(i+1)*c.Hidden], p.weight, c.RMSEps)
		}
	}
	p.rotate = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			cos, sin := w.cos[i*half:(i+1)*half], w.sin[i*half:(i+1)*half]
			k, v := w.k[i*kv:(i+1)*kv], w.v[i*kv:(i+1)*kv]
			b.ops.Rope(w.q[i*q:(i+1)*q], cos, sin)
			b.ops.Rope(k, cos, sin)
			p.rows[i].seq.kv[p.layer].Put(p.rows[i].pos, k, v)
		}
	}
	p.attend = func(_, lo, hi int) {
		l := &b.layers[p.layer]
		for i := lo; i < hi; i++ {
			r, h := i/c.KVHeads, i%c.KVHeads
			t := &p.rows[r]
			first := 0
			if l.window > 0 {
				first = max(0, t.pos-l.window+1)
			}
			b.ops.Attention(w.attn[r*q:(r+1)*q], w.q[r*q:(r+1)*q], &t.seq.kv[p.layer], h, h+1, first, t.pos, l.Sinks)
		}
	}
	p.activate = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b.ops.SwiGLU(w.act[i*c.Intermediate:(i+1)*c.Intermediate], w.gateUp[2*i*c.Intermediate:2*(i+1)*c.Intermediate], float32(c.SwigluLimit), float32(c.SwigluAlpha))
		}
	}
	p.combine = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			sum := w.tmp[i*c.Hidden : (i+1)*c.Hidden]
			clear(sum)
			for k := i * c.ActiveExperts; k < (i+1)*c.ActiveExperts; k++ {
				s := int(w.slot[k])
				b.ops.AddScaled(sum, w.down[s*c.Hidden:(s+1)*c.Hidden], w.weight[k])
			}
			b.ops.AddScaled(w.x[i*c.Hidden:(i+1)*c.Hidden], sum, 1)
		}
	}
}

// forward runs the pass. The order of all sums depends on a token and its position alone.
// A cancelled pass leaves rubbish behind; the caller takes the lengths back.
func (b *Backend) forward() error {
	p, c, w := &b.pass, b.cfg, &b.work
	n := len(p.rows)
	b.team.For(n, grainFor(32*c.HeadDim+2*c.Hidden), p.embed)
	for i := range b.layers {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		p.layer = i
		b.attention(n)
		b.experts(n)
		if b.afterLayer != nil {
			b.afterLayer(i, w.x[:n*c.Hidden])
		}
	}
	if len(p.asked) == 0 {
		return p.ctx.Err()
	}
	b.normalise(n, b.w.Norm)
	for _, a := range p.asked {
		b.jobs.add(&b.unembd, a.logits, c.Vocab, w.norm[a.row*c.Hidden:(a.row+a.n)*c.Hidden], c.Hidden, a.n, nil)
	}
	b.flush()
	return p.ctx.Err()
}

func (b *Backend) normalise(n int, weight []float32) {
	b.pass.weight = weight
	b.team.For(n, grainFor(4*b.cfg.Hidden), b.pass.norm)
}

// attention adds the attention block to the residual stream.
func (b *Backend) attention(n int) {
	p, c, w := &b.pass, b.cfg, &b.work
	l := &b.layers[p.layer]
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	b.normalise(n, l.AttnNorm)
	b.jobs.add(&l.q, w.q, q, w.norm, c.Hidden, n, l.QBias)
	b.jobs.add(&l.k, w.k, kv, w.norm, c.Hidden, n, l.KBias)
	b.jobs.add(&l.v, w.v, kv, w.norm, c.Hidden, n, l.VBias)
	b.flush()
	b.team.For(n, grainFor(4*(q+2*kv)), p.rotate)
	keys := p.rows[n-1].pos + 1
	if l.window > 0 {
		keys = min(keys, l.window)
	}
	b.team.For(n*c.KVHeads, grainFor(2*keys*q/c.KVHeads), p.attend)
	b.jobs.add(&l.o, w.tmp, c.Hidden, w.attn, q, n, l.OBias)
	b.flush()
	b.ops.AddScaled(w.x[:n*c.Hidden], w.tmp[:n*c.Hidden], 1)
}
