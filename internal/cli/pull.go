package cli

import (
	"context"
	"fmt"
	"strings"

	"ossian/internal/hub"
)

type pullCmd struct {
	Name     string `arg:"" optional:"" help:"A model of the catalogue (gpt-oss-20b, gpt-oss-120b, gpt-oss-safeguard-20b, -120b), or owner/name of a repository with the same architecture."`
	Revision string `placeholder:"REV" help:"Branch, tag or commit (default: main)."`
	Original bool   `help:"The weights in OpenAI's own layout, from original/."`
	DryRun   bool   `help:"List the files and their sizes, and fetch none."`
	Quiet    bool   `short:"q" help:"No progress messages."`
}

func (pullCmd) Help() string {
	return `Fetches into the cache that the official tools use too ($HF_HUB_CACHE, else hub/ in $HF_HOME, else ~/.cache/huggingface/hub), with their hashes checked. It goes on where it was interrupted, whatever interrupted it. $HF_ENDPOINT names a mirror, $HF_TOKEN a token.

Examples:

    ossian pull gpt-oss-20b
    ossian pull --dry-run gpt-oss-120b
    ossian pull gpt-oss-20b && ossian run -m gpt-oss-20b "Hello"`
}

func (c *pullCmd) Run(ctx context.Context, sys *system) error {
	if c.Name == "" {
		var known []string
		for _, m := range hub.Catalogue() {
			known = append(known, fmt.Sprintf("%s (%s, %s)", m.Short(), size(m.Bytes), m.About))
		}
		return usage("name a model to pull: %s", strings.Join(known, "; "))
	}
	name := c.Name
	if c.Revision != "" {
		name += "@" + c.Revision
	}
	ref, err := hub.ParseRef(name)
	if err != nil {
		return usage("%v", err)
	}
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	h, done, err := sys.hub("pull", c.Quiet)
	if err != nil {
		return err
	}
	defer done()
	plan, err := h.Plan(ctx, ref, c.Original)
	if err != nil {
		return err
	}
	if c.DryRun {
		for _, f := range plan.Files {
			fmt.Fprintf(sys.stdout, "%12s  %s\n", inBytes(f.Size), f.Path)
		}
		fmt.Fprintf(sys.stdout, "%12s  in all, of which %s are still to come\n", inBytes(plan.Bytes()), inBytes(plan.Missing))
		return nil
	}
	dir, err := h.Pull(ctx, plan)
	done()
	if ctx.Err() != nil {
		if !c.Quiet {
			fmt.Fprintf(sys.stderr, "ossian: what was fetched stays; \"ossian pull %s\" goes on from there\n", ref)
		}
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if !c.Quiet {
		fmt.Fprintf(sys.stderr, "%s is here: %s; ask it with: ossian run -m %s \"Hello\"\n", ref, size(plan.Bytes()), ref)
	}
	fmt.Fprintln(sys.stdout, dir)
	return nil
}
