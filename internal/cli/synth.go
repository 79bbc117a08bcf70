package cli

import (
	"context"
	"fmt"

	"ossian/internal/synth"
)

type synthCmd struct {
	Shape  string `arg:"" enum:"20b,120b,tiny" help:"Which shape: ${enum}."`
	Dir    string `arg:"" type:"path" help:"The folder to write to; it is made if need be, and may hold no checkpoint."`
	Seed   uint64 `placeholder:"N" help:"Same seed, same weights (default: 0)."`
	Layout string `enum:"hf,original" default:"hf" help:"File layout: ${enum} (default: ${default})."`
	Quiet  bool   `short:"q" help:"No progress messages."`
}

func (synthCmd) Help() string {
	return `A checkpoint to measure speed and memory on: exact shapes and formats, random weights, nothing to say. 20b takes 13.8 GB of disk, 120b 65 GB.

Examples:

    ossian synth tiny /tmp/tiny
    ossian synth 20b /tmp/20b && ossian run -m /tmp/20b --max-tokens 4 --stats hi`
}

func (c *synthCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	plan, err := synth.Plan(synth.Kind(c.Shape), synth.Layout(c.Layout))
	if err != nil {
		return err
	}
	p := sys.progress("writing "+c.Dir, c.Quiet)
	err = synth.Write(ctx, c.Dir, plan, c.Seed, p.update)
	p.done()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	if !c.Quiet {
		fmt.Fprintf(sys.stderr, "wrote %s of %s to %s\n", size(plan.Bytes()), c.Shape, c.Dir)
	}
	return nil
}
