package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"ossian/internal/hub"
)

type verifyCmd struct {
	Model  string `arg:"" optional:"" help:"A model, as -m takes it; without it all that are here."`
	Repair bool   `help:"Fetch again what is damaged of a pulled model: only the damaged chunks, where their hashes are known."`
	Quiet  bool   `short:"q" help:"No progress messages."`
}

func (verifyCmd) Help() string {
	return `Hashes every file of a model. Of a pulled model the publisher says what they should be, of an unbundled one its maker. Of any other the weights of the catalogue are known; the rest is written down when it is verified first (in ~/.ossian/hashes), so that damage from then on is found. Nothing is sent or fetched without --repair.

Examples:

    ossian verify gpt-oss-20b
    ossian verify --repair gpt-oss-20b
    ossian verify /data/gpt-oss-20b`
}

func (c *verifyCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	h, done, err := sys.hub("verify", c.Quiet)
	if err != nil {
		return err
	}
	defer done()
	places, err := c.places(sys, h)
	if err != nil {
		return err
	}
	damaged, pulled := 0, false
	for _, at := range places {
		fmt.Fprintln(sys.stdout, at.dir)
		n := 0
		if _, ok := hub.Snapshot(at.dir); ok {
			n, err = c.pulled(ctx, sys, h, at, done)
			pulled = pulled || n > 0
			if errors.Is(err, hub.ErrNoHashes) {
				n, err = c.folder(ctx, sys, at)
			}
		} else {
			n, err = c.folder(ctx, sys, at)
		}
		damaged += n
		if err != nil {
			return err
		}
	}
	switch {
	case damaged > 0 && pulled:
		return fmt.Errorf("%d files are damaged; \"ossian verify --repair\" fetches again what is needed of pulled models", damaged)
	case damaged > 0:
		return fmt.Errorf("%d files are damaged; copy them again from where they came, or \"ossian pull\" the model", damaged)
	}
	return nil
}

// pulled verifies a model of the hub's cache, and tells how many files stay damaged.
func (c *verifyCmd) pulled(ctx context.Context, sys *system, h *hub.Hub, at place, done func()) (damaged int, err error) {
	list, err := h.Verify(ctx, at.dir, c.Repair)
	done()
	for _, f := range list {
		if f.Wrong != "" && !f.Repaired {
			damaged++
		}
		fmt.Fprintf(sys.stdout, "%12s  %s: %s\n", inBytes(f.Bytes), f.Path, verdict(f))
	}
	return damaged, err
}

// places are the models to verify: the one that was named, or all.
func (c *verifyCmd) places(sys *system, h *hub.Hub) (list []place, err error) {
	if c.Model != "" {
		at, err := sys.find(c.Model)
		if err == nil && at.dir == "" {
			err = fmt.Errorf("%s is part of the program, which whoever gave it to you can vouch for", builtin)
		}
		return []place{at}, err
	}
	models, err := sys.modelsDir()
	if err != nil {
		return nil, err
	}
	for _, e := range entries(models) {
		at, err := e.place()
		if err != nil {
			fmt.Fprintln(sys.stderr, "ossian: "+err.Error())
			continue
		}
		if _, bytes := weightFiles(at.fsys); bytes > 0 {
			list = append(list, at)
		}
	}
	pulled, err := h.List()
	if err != nil {
		return nil, err
	}
	for _, m := range pulled {
		if m.Complete && !slices.ContainsFunc(list, func(at place) bool { return at.dir == m.Dir }) {
			list = append(list, place{name: m.String(), dir: m.Dir, fsys: os.DirFS(m.Dir)})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no model to verify; \"ossian pull\" fetches one")
	}
	return list, nil
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
