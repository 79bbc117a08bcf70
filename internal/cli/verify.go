package cli

import (
	"context"
	"fmt"
	"os"

	"ossian/internal/hub"
)

type verifyCmd struct {
	Model  string `arg:"" optional:"" help:"A model that was pulled, or its folder; without it all of them."`
	Repair bool   `help:"Fetch again what is damaged: only the damaged chunks, where their hashes are known."`
	Quiet  bool   `short:"q" help:"No progress messages."`
}

func (verifyCmd) Help() string {
	return `Hashes every file of a model and compares with what its publisher says. Nothing is sent or fetched without --repair.

Examples:

    ossian verify gpt-oss-20b
    ossian verify --repair gpt-oss-20b`
}

func (c *verifyCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	h, done, err := sys.hub("verify", c.Quiet)
	if err != nil {
		return err
	}
	defer done()
	dirs, err := c.dirs(h)
	if err != nil {
		return err
	}
	damaged := 0
	for _, dir := range dirs {
		list, err := h.Verify(ctx, dir, c.Repair)
		done()
		fmt.Fprintln(sys.stdout, dir)
		for _, f := range list {
			if f.Wrong != "" && !f.Repaired {
				damaged++
			}
			fmt.Fprintf(sys.stdout, "%12s  %s: %s\n", inBytes(f.Bytes), f.Path, verdict(f))
		}
		if err != nil {
			return err
		}
	}
	if damaged > 0 {
		return fmt.Errorf("%d files are damaged; \"ossian verify --repair\" fetches again what is needed", damaged)
	}
	return nil
}

func (c *verifyCmd) dirs(h *hub.Hub) ([]string, error) {
	if c.Model != "" {
		if info, err := os.Stat(c.Model); err == nil && info.IsDir() {
			return []string{c.Model}, nil
		}
		dir, found := h.Find(c.Model)
		if !found {
			return nil, fmt.Errorf("no model %q was pulled; \"ossian list\" shows what was, \"ossian pull\" fetches", c.Model)
		}
		return []string{dir}, nil
	}
	list, err := h.List()
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, m := range list {
		if m.Complete {
			dirs = append(dirs, m.Dir)
		}
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("there is no pulled model to verify; \"ossian pull\" fetches one")
	}
	return dirs, nil
}

func verdict(f hub.Checked) string {
	if f.Wrong == "" {
		return "sound"
	}
	text := f.Wrong
	if f.Bad > 0 {
		text += fmt.Sprintf(" (%d of %d chunks are damaged)", f.Bad, f.Chunks)
	}
	if f.Repaired {
		text += "; repaired"
	}
	return text
}
