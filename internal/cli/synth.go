package cli

import (
	"context"
	"errors"
)

type synthCmd struct {
	Shape  string `arg:"" enum:"20b,120b,tiny" help:"Which shape: ${enum}."`
	Dir    string `arg:"" type:"path" help:"Where to write; made if it is not there, refused if it holds a checkpoint."`
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
	return errors.New("not there yet")
}
