package bench

import (
	"fmt"
	"time"

	"ossian/internal/model"
)

// prefill measures the reading of n tokens.
func (r *runner) prefill(seq model.Seq, n int) error {
	from := r.b.Len(seq)
	row := r.row(promptName(n, from), Prefill, n, from)
	before := r.peak(row)
	rep := Repetition{Depth: from, Work: Operations(r.cfg, from, n, 1), Before: before}
	if err := r.timed(&rep, func() error { return r.read(seq, n) }); err != nil {
		return err
	}
	rep.After = r.peak(row)
	r.add(row, rep)
	return nil
}

// decode measures the writing of the plan's tokens.
func (r *runner) decode(seq model.Seq, depth int) error {
	row := r.row(decodeName(r.plan.Tokens, depth), Decode, r.plan.Tokens, depth)
	from := r.b.Len(seq)
	before := r.bandwidth()
	rep := Repetition{Depth: from, Work: r.opt.Held.Read(r.cfg, from, r.plan.Tokens), Before: before}
	if err := r.timed(&rep, func() error { return r.write(seq, r.plan.Tokens) }); err != nil {
		return err
	}
	rep.After = r.bandwidth()
	r.add(row, rep)
	return nil
}

// timed does what a repetition is of.
func (r *runner) timed(rep *Repetition, do func() error) error {
	used := r.opt.Used
	if used == nil {
		used = func() time.Duration { return 0 }
	}
	start, before := r.opt.Now(), used()
	if err := do(); err != nil {
		return err
	}
	rep.Seconds, rep.Processor = r.opt.Now().Sub(start).Seconds(), (used() - before).Seconds()
	return nil
}

// read appends n random tokens in steps of a chunk. As in a request, the last one's logits are
// wanted.
func (r *runner) read(seq model.Seq, n int) error {
	for n > 0 {
		k := min(n, r.opt.Chunk)
		item := model.Item{Seq: seq, Tokens: r.random(k)}
		if n -= k; n == 0 {
			item.Logits = r.logits
		}
		if err := r.step(item); err != nil {
			return err
		}
	}
	return nil
}

// write appends n random tokens one by one, with logits each. Which ids they are does not
// matter to speed, but that they differ does: they visit different experts.
func (r *runner) write(seq model.Seq, n int) error {
	for range n {
		if err := r.step(model.Item{Seq: seq, Tokens: r.random(1), Logits: r.logits}); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) step(item model.Item) error {
	if err := r.b.Step(r.ctx, []model.Item{item}); err != nil {
		return err
	}
	r.done += len(item.Tokens)
	if r.opt.Progress != nil {
		r.opt.Progress(r.what, r.done, r.total)
	}
	return nil
}

func (r *runner) random(n int) []uint32 {
	r.ids = r.ids[:0]
	for range n {
		r.ids = append(r.ids, r.draw.Uint32N(uint32(r.cfg.Vocab)))
	}
	return r.ids
}

// row finds or makes a row; it joins the result with its first repetition.
func (r *runner) row(name, what string, tokens, depth int) *Row {
	row, ok := r.res.Row(name)
	if !ok {
		row = &Row{Name: name, What: what, Tokens: tokens, Depth: depth, Of: Read}
	}
	r.what = fmt.Sprintf("%s, %d of %d", name, len(row.Repetitions)+1, r.plan.Repeat)
	return row
}

func (r *runner) add(row *Row, rep Repetition) {
	if len(row.Repetitions) == 0 {
		r.res.Rows = append(r.res.Rows, row)
	}
	row.add(rep)
}

// bandwidth probes, and notes what it found.
func (r *runner) bandwidth() float64 { return r.res.Limits.probeRead(r.opt.Prober) }

// peak probes the arithmetic that a row is held against.
func (r *runner) peak(row *Row) float64 {
	p := peakOf(r.res.Limits.probePeaks(r.opt.Prober), r.opt.Held.Arithmetic)
	row.Of = string(p.Kind)
	return p.Rate
}
