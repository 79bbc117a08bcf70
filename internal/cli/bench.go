package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/bench"
	"ossian/internal/mem"
	"ossian/internal/model"
	"ossian/internal/probe"
)

type benchCmd struct {
	loadFlags
	Prompt    []int  `placeholder:"N,..." help:"Lengths of prompts to read; 0: none (default: 128,512,2048)."`
	Depth     []int  `placeholder:"N,..." help:"How many positions lie before the tokens that are written (default: 0,4096)."`
	Tokens    *int   `placeholder:"N" help:"Tokens to write at each depth; 0: none (default: 64)."`
	Repeat    int    `placeholder:"N" help:"Repetitions of everything (default: 3)."`
	Quick     bool   `help:"Less of everything: --prompt 128,512 --depth 0 --tokens 32 --repeat 2, as far as these do not say otherwise."`
	Seed      uint64 `placeholder:"N" help:"Same seed, same token ids (default: 0)."`
	ProbeOnly bool   `help:"Measure the machine's limits alone, in a few seconds."`
	Fidelity  bool   `help:"Measure quality instead of speed: how far each way of computing is from the exact one. --prompt is the text's length; --quick compares one way alone, the one that --activations and --dense ask for."`
	Disk      bool   `help:"Before loading, read the model's files once past the system's cache, as the limit of loading."`
	JSON      bool   `name:"json" help:"Print one JSON object with every sample."`
	Record    string `placeholder:"FILE" type:"path" help:"Also add a section to a Markdown file."`
}

func (benchCmd) Help() string {
	return `How fast this machine runs a model, and how much of what the machine can do that is. The memory's bandwidth and the processor's peak are measured before and after every repetition, because they move; a share is the median over repetitions of rate over limit.

pp512 is reading a prompt of 512 tokens, tg64@4096 writing 64 tokens after 4096. Writing is held against the bytes that a token reads (weights of its experts, of attention and unembedding, keys and values), reading a prompt against its operations. The ids are random: their meaning has no influence on speed. Interrupted, it prints what was measured until then.

With --fidelity a text is computed in each way. KL is the divergence of the predictions from those with float32 activations and the weights as published (mean, and at the worst position), agreement how often the likeliest token is the same, the logit error the largest difference as a part of the logits' range.

Examples:

    ossian bench
    ossian bench --probe-only
    ossian bench -m gpt-oss-20b --quick
    ossian bench -m gpt-oss-20b --fidelity
    ossian bench -m gpt-oss-20b --disk --record bench/20b.md
    ossian bench -m gpt-oss-20b --prompt 512 --tokens 0 --json | jq '.speed.rows[0].share'`
}

func (c *benchCmd) Validate() error {
	if c.ProbeOnly && (c.Disk || c.Quick || len(c.Prompt)+len(c.Depth) > 0 || c.Tokens != nil) {
		return usage("--probe-only measures the machine alone; it goes with --threads, --json and --record")
	}
	if c.Fidelity && (c.ProbeOnly || c.Disk || len(c.Depth) > 0 || c.Tokens != nil || c.Repeat != 0 || len(c.Prompt) > 1) {
		return usage("--fidelity measures quality; it goes with one --prompt, --quick, --seed, --json, --record and what says how to hold the model")
	}
	if c.Fidelity && len(c.Prompt) == 1 && c.Prompt[0] == 0 {
		return usage("--fidelity needs a text: --prompt 0 leaves none")
	}
	plan := c.plan()
	var pe *bench.PlanError
	if err := plan.Check(); errors.As(err, &pe) {
		return usage("%s", pe.Why)
	}
	if n := plan.Positions(); c.Context > 0 && n > c.Context {
		return usage("the plan needs %d positions, --context allows %d; give shorter prompts or a smaller --depth", n, c.Context)
	}
	return c.loadFlags.check()
}

// plan is the default or the quick one, with the flags over it.
func (c *benchCmd) plan() bench.Plan {
	p := bench.DefaultPlan()
	if c.Quick {
		p = bench.QuickPlan()
	}
	p.Seed = c.Seed
	if len(c.Prompt) > 0 {
		p.Prompts = c.Prompt
	}
	if len(c.Prompt) == 1 && c.Prompt[0] == 0 {
		p.Prompts = nil
	}
	if len(c.Depth) > 0 {
		p.Depths = c.Depth
	}
	if c.Tokens != nil {
		p.Tokens = *c.Tokens
	}
	if p.Tokens == 0 {
		p.Depths, p.Tokens = nil, 1
	}
	if c.Repeat != 0 {
		p.Repeat = c.Repeat
	}
	return p
}

// chosen says that the lengths are the person's, so that none may be left out.
func (c *benchCmd) chosen() bool { return len(c.Prompt)+len(c.Depth) > 0 || c.Tokens != nil }

// prober is a machine that is measured.
type prober interface {
	bench.Prober
	Memory() int64
	Close() error
}

func (c *benchCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	r := newBenchReport(sys)
	r.Command = c.command()
	err := c.measure(ctx, sys, r)
	if err != nil && !r.worth() {
		return explain(err)
	}
	if c.JSON {
		enc := json.NewEncoder(sys.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = errors.Join(err, enc.Encode(r))
	} else {
		_, printed := io.WriteString(sys.stdout, r.text())
		err = errors.Join(err, printed)
	}
	if c.Record != "" {
		err = errors.Join(err, r.record(c.Record))
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(sys.stderr, "ossian: interrupted; the figures are of what was measured until then")
		return coded(exitInterrupted)
	}
	return explain(err)
}

// probeRounds is how often --probe-only measures.
const probeRounds = 5

// measure fills the report as far as it gets.
func (c *benchCmd) measure(ctx context.Context, sys *system, r *benchReport) error {
	if c.Fidelity {
		at, err := sys.find(c.Model)
		if err != nil {
			return err
		}
		return c.fidelity(ctx, sys, at, r)
	}
	machine, err := sys.prober(c.Threads)
	if err != nil {
		return err
	}
	defer func() { _ = machine.Close() }() // nothing is lost by a failure
	if c.ProbeOnly {
		limits, err := bench.Probe(ctx, machine, probeRounds)
		r.Limits = &limits
		return err
	}
	at, err := sys.find(c.Model)
	if err != nil {
		return err
	}
	if c.Disk {
		if err := c.readDisk(ctx, sys, at, r); err != nil {
			return err
		}
	}
	plan, flags := c.plan(), c.loadFlags
	if flags.Context == 0 {
		flags.Context = c.positions(at, &plan, r)
	}
	m, err := sys.openAt(ctx, at, &flags)
	if err != nil {
		return err
	}
	defer m.close()
	r.loaded(m)

	p := sys.progress("measuring", c.Quiet)
	p.unit = func(n int64) string { return fmt.Sprintf("%d tokens", n) }
	r.Speed, err = bench.Run(ctx, m.backend, plan, bench.Options{
		Held: heldBy(m), Chunk: cpu.DefaultChunk, Prober: machine, Now: sys.now,
		Progress: func(what string, done, total int) {
			p.about("measuring " + what)
			p.update(int64(done), int64(total))
		},
	})
	p.done()
	if peak, ok := mem.PeakRSS(); ok {
		r.PeakMemory = max(peak-machine.Memory(), 0)
	}
	return err
}

// positions is the context to open a model with. A plan that nobody chose is cut to what the model can,
// and the report says so; one that was chosen is refused by the model's own limit.
func (c *benchCmd) positions(at place, plan *bench.Plan, r *benchReport) int {
	cfg, err := model.ReadConfig(at.fsys)
	if err == nil && !c.chosen() {
		r.LeftOut = plan.Fit(cfg.MaxContext)
	}
	return plan.Positions()
}

func (c *benchCmd) readDisk(ctx context.Context, sys *system, at place, r *benchReport) error {
	if at.dir == "" {
		return usage("--disk needs a model in a folder; the built-in one is part of the program")
	}
	p := sys.progress("reading "+at.name, c.Quiet)
	defer p.done()
	disk, err := bench.ReadFiles(ctx, at.fsys, weightFileNames(at.fsys), sys.now, p.update)
	if err == nil {
		r.Disk = &disk
	}
	return err
}

// kvNumber is the bytes of a number in the CPU backend's keys and values.
const kvNumber = 4

// heldBy is what a backend holds.
func heldBy(m *opened) bench.Held {
	kind := probe.F32
	if b, ok := m.backend.(*cpu.Backend); ok {
		switch b.Activations() {
		case cpu.Int8, cpu.Int16:
			kind = probe.Int8
		case cpu.BF16:
			kind = probe.BF16
		}
	}
	return bench.HoldingOf(m.weights, kvNumber, kind)
}

// newMachine is the prober of a real system.
func newMachine(threads int) (prober, error) {
	m, err := bench.NewMachine(threads)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// about changes what the progress is said to be of.
func (p *progress) about(what string) {
	p.mu.Lock()
	p.what = what
	p.mu.Unlock()
}

func perSecond(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
