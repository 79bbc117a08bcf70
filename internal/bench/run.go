package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"ossian/internal/model"
)

// Options are what a run needs beside its plan.
type Options struct {
	Held   Held
	Chunk  int // most tokens of a prompt in a step
	Prober Prober
	Now    func() time.Time
	Used   func() time.Duration // processor time of the process so far; nil: it is not known
	// Progress hears what is being measured, and how many of all tokens are done.
	Progress func(what string, done, total int)
}

// warmup is how many tokens run before anything counts: enough to visit nearly all experts.
const warmup = 128

// Run measures b by the plan. Repetitions go round: everything once, then everything again, so
// that a disturbance does not meet one thing alone. When ctx is cancelled, or a step
// fails, the Result holds what was measured until then.
func Run(ctx context.Context, b model.Backend, plan Plan, opt Options) (*Result, error) {
	r := &runner{
		ctx: ctx, b: b, cfg: b.Config(), plan: plan, opt: opt, deep: map[int]model.Seq{},
		draw: rand.New(rand.NewPCG(plan.Seed, 0)),
		res:  &Result{Plan: plan, Held: opt.Held, Rows: []*Row{}},
	}
	if err := plan.Check(); err != nil {
		return r.res, err
	}
	if opt.Chunk < 1 {
		return r.res, &PlanError{"a step of a prompt needs at least one token"}
	}
	if err := plan.Within(r.cfg.MaxContext); err != nil {
		return r.res, err
	}
	r.logits = make([]float32, r.cfg.Vocab)
	r.total = r.tokens()
	defer func() {
		for _, s := range r.deep {
			b.FreeSeq(s)
		}
	}()
	if err := r.warm(); err != nil {
		return r.res, err
	}
	for n := range plan.Repeat {
		if err := r.round(n); err != nil {
			return r.res, err
		}
	}
	r.res.Complete = true
	return r.res, nil
}

// runner is one run.
type runner struct {
	ctx  context.Context
	b    model.Backend
	cfg  *model.Config
	plan Plan
	opt  Options
	res  *Result

	deep   map[int]model.Seq // by depth; they grow from round to round
	draw   *rand.Rand
	ids    []uint32
	logits []float32

	what        string
	done, total int
}

// tokens is how many the plan takes in all.
func (r *runner) tokens() int {
	once := 0
	for _, n := range r.plan.Prompts {
		once += n
	}
	n := r.plan.warmup() + r.plan.Repeat*(once+len(r.plan.Depths)*r.plan.Tokens) - r.shared()
	for _, d := range r.plan.Depths {
		n += d
	}
	return n
}

// shared is the longest prompt that fills a part of the first deep sequence: that part is its
// first repetition, which saves reading it twice.
func (r *runner) shared() (n int) {
	d := r.firstDeep()
	for _, p := range r.plan.Prompts {
		if p <= d {
			n = max(n, p)
		}
	}
	return n
}

func (r *runner) firstDeep() int {
	for _, d := range r.plan.Depths {
		if d > 0 {
			return d
		}
	}
	return 0
}

// warm wakes threads, caches and, where weights are mapped, the pages of the file.
func (r *runner) warm() error {
	n := r.plan.warmup()
	seq, err := r.b.NewSeq(n)
	if err != nil {
		return err
	}
	defer r.b.FreeSeq(seq)
	r.what = "warming up"
	if err := r.read(seq, max(n-2, 1)); err != nil {
		return err
	}
	return r.write(seq, n-r.b.Len(seq))
}

// round measures everything once.
func (r *runner) round(n int) error {
	shared := r.shared()
	for _, length := range r.plan.Prompts {
		if n == 0 && length == shared {
			continue // a deep sequence begins with it
		}
		seq, err := r.b.NewSeq(length)
		if err != nil {
			return err
		}
		err = r.prefill(seq, length)
		r.b.FreeSeq(seq)
		if err != nil {
			return err
		}
	}
	for _, depth := range r.plan.Depths {
		if err := r.decodeAt(depth); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) decodeAt(depth int) error {
	if depth == 0 {
		seq, err := r.b.NewSeq(r.plan.Tokens)
		if err != nil {
			return err
		}
		defer r.b.FreeSeq(seq)
		return r.decode(seq, depth)
	}
	seq, made := r.deep[depth]
	if !made {
		var err error
		if seq, err = r.b.NewSeq(r.plan.capacity(depth)); err != nil {
			return err
		}
		r.deep[depth] = seq
		if err := r.deepen(seq, depth); err != nil {
			return err
		}
	}
	return r.decode(seq, depth)
}

// deepen fills a sequence. The first one begins with a measured prompt, and ends with
// another if there is room for two.
func (r *runner) deepen(seq model.Seq, depth int) error {
	n := r.shared()
	if n == 0 || depth != r.firstDeep() {
		return r.fill(seq, depth)
	}
	if err := r.prefill(seq, n); err != nil {
		return err
	}
	if depth < 2*n {
		return r.fill(seq, depth)
	}
	if err := r.fill(seq, depth-n); err != nil {
		return err
	}
	return r.prefill(seq, n)
}

// fill reads on until a sequence has depth positions.
func (r *runner) fill(seq model.Seq, depth int) error {
	r.what = fmt.Sprintf("filling %d positions", depth)
	return r.read(seq, depth-r.b.Len(seq))
}
