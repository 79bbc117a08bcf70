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
	spans []span
	asked []asked
	layer int

	// Loop bodies, made once.
	attend, attended, activate, norm, embed, rotate, combine func(worker, lo, hi int)

	weight []float32 // of the norm that runs
}

// row is a token of a pass.
type row struct {
	seq *sequence
	pos int
	id  uint32
}

// span is a run of rows that are neighbours in one sequence. Its attention is cut into
// items: a key head for some tokens.
type span struct {
	row, n int
	items  int // of this and all earlier spans
}

// spanTokens is how many tokens an item of attention takes: enough to share the keys they read.
const spanTokens = 32

// asked is a run of rows of one sequence whose logits go to one place.
type asked struct {
	row, n int
	logits []float32
}

func (p *pass) reset(ctx context.Context) {
	p.ctx = ctx
	clear(p.rows)
	clear(p.asked)
	p.rows, p.spans, p.asked = p.rows[:0], p.spans[:0], p.asked[:0]
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
	items := (to - from + spanTokens - 1) / spanTokens * b.cfg.KVHeads
	if n := len(p.spans); n > 0 {
		items += p.spans[n-1].items
	}
	p.spans = append(p.spans, span{len(p.rows), to - from, items})
	for _, id := range it.Tokens[from:to] {
		p.rows = append(p.rows, row{s, s.len, id})
		s.len++
	}
}

func (p *pass) init(b *Backend) {
	c, w := b.cfg, &b.work
	p.rows = make([]row, 0, b.opt.Chunk)
	p.spans, p.asked = make([]span, 0, 16), make([]asked, 0, 16)
	half, q, kv := c.HeadDim/2, c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	p.embed = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b.embed.Row(w.x[i*c.Hidden:(i+1)*c.Hidden], int(p.rows[i].id))
			kernel.RopeTable(w.cos[i*half:(i+1)*half], w.sin[i*half:(i+1)*half], p.rows[i].pos, b.invFreq, b.concentration)
		}
	}
	p.norm = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b.ops.RMSNorm(w.norm.x[i*c.Hidden:(i+1)*c.Hidden], w.x[i*c.Hidden:(i+1)*c.Hidden], p.weight, c.RMSEps)
		}
		b.write(&w.norm, lo, hi)
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
			from, n, h := p.item(i, c.KVHeads)
			t := &p.rows[from]
			b.ops.AttentionSpan(w.attn.x[from*q:(from+n)*q], w.q[from*q:(from+n)*q], q, &t.seq.kv[p.layer], h, h+1, t.pos, n, l.window, l.Sinks)
		}
	}
	p.attended = func(_, lo, hi int) { b.write(&w.attn, lo, hi) }
	p.activate = func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b.ops.SwiGLU(w.act.x[i*c.Intermediate:(i+1)*c.Intermediate], w.gateUp[2*i*c.Intermediate:2*(i+1)*c.Intermediate], float32(c.SwigluLimit), float32(c.SwigluAlpha))
		}
		b.write(&w.act, lo, hi)
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

// item finds the i-th piece of attention: n rows from row from on, for one key head.
func (p *pass) item(i, heads int) (from, n, head int) {
	at, before := 0, 0
	for ; p.spans[at].items <= i; at++ {
		before = p.spans[at].items
	}
	s := &p.spans[at]
	block := (i - before) / heads * spanTokens
	return s.row + block, min(spanTokens, s.n-block), (i - before) % heads
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
	b.use(&w.norm, n, false, &b.unembd)
	b.normalise(n, b.w.Norm)
	for _, a := range p.asked {
		b.jobs.add(&b.unembd, a.logits, &w.norm, a.row, a.row+a.n, nil)
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
	b.use(&w.norm, n, true, &l.q, &l.k, &l.v)
	b.normalise(n, l.AttnNorm)
	b.jobs.add(&l.q, w.q, &w.norm, 0, n, l.QBias)
	b.jobs.add(&l.k, w.k, &w.norm, 0, n, l.KBias)
	b.jobs.add(&l.v, w.v, &w.norm, 0, n, l.VBias)
	b.flush()
	b.team.For(n, grainFor(4*(q+2*kv)), p.rotate)
	keys := p.rows[n-1].pos + 1
	if l.window > 0 {
		keys = min(keys, l.window)
	}
	b.team.For(p.spans[len(p.spans)-1].items, grainFor(2*keys*min(n, spanTokens)*q/c.KVHeads), p.attend)
	b.use(&w.attn, n, false, &l.o)
	b.team.For(n, grainFor(4*q), p.attended)
	b.jobs.add(&l.o, w.tmp, &w.attn, 0, n, l.OBias)
	b.flush()
	b.ops.AddScaled(w.x[:n*c.Hidden], w.tmp[:n*c.Hidden], 1)
}
