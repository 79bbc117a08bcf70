package cli

import (
	"context"
	"fmt"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/bench"
	"ossian/internal/mem"
	"ossian/internal/model"
	"ossian/internal/probe"
)

// prober is a machine that is measured.
type prober interface {
	bench.Prober
	Memory() int64
	Close() error
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
		if flags.Context, err = c.positions(at, &plan, r); err != nil {
			return err
		}
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
		Held: heldBy(m), Chunk: cpu.DefaultChunk, Prober: machine, Now: sys.now, Used: bench.ProcessorTime,
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
// and the report says so; one that was chosen is refused.
func (c *benchCmd) positions(at place, plan *bench.Plan, r *benchReport) (int, error) {
	cfg, err := model.ReadConfig(at.fsys)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", at, err)
	}
	if !c.chosen() {
		r.LeftOut = plan.Fit(cfg.MaxContext)
	}
	return plan.Positions(), plan.Within(cfg.MaxContext)
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
		case cpu.Mixed, cpu.Int8, cpu.Int16:
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
