package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ossian/internal/bench"
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
