package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"ossian/internal/hub"
)

type pullCmd struct {
	Name     string `arg:"" optional:"" help:"A model of the catalogue (gpt-oss-20b, gpt-oss-120b, gpt-oss-safeguard-20b, -120b), or owner/name of a repository with the same architecture; without it the one that suits this machine."`
	Revision string `placeholder:"REV" help:"Branch, tag or commit (default: main)."`
	Original bool   `help:"The weights in OpenAI's own layout, from original/."`
	DryRun   bool   `help:"List the files and their sizes, and fetch none."`
	Yes      bool   `short:"y" help:"Do not ask before fetching the model that suits this machine."`
	Quiet    bool   `short:"q" help:"No progress messages."`
}

func (pullCmd) Help() string {
	return `Fetches into the cache that the official tools use too ($HF_HUB_CACHE, else hub/ in $HF_HOME, else ~/.cache/huggingface/hub), with their hashes checked. It goes on where it was interrupted, whatever interrupted it. $HF_ENDPOINT names a mirror, $HF_TOKEN a token.

Without a name it chooses the largest model that fits into this machine's memory and disk, says why, and asks.

Examples:

    ossian pull
    ossian pull gpt-oss-20b
    ossian pull --dry-run gpt-oss-120b
    ossian pull gpt-oss-20b && ossian run -m gpt-oss-20b "Hello"`
}

func (c *pullCmd) Run(ctx context.Context, sys *system) error {
	if c.Name == "" {
		if wanted, err := c.choose(sys); err != nil || !wanted {
			return err
		}
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

// choose takes the model that suits this machine, if the person agrees.
func (c *pullCmd) choose(sys *system) (wanted bool, err error) {
	best, ok := sys.bestOffer()
	if !ok {
		var known []string
		for _, m := range hub.Catalogue() {
			known = append(known, fmt.Sprintf("%s (%s, %s)", m.Short(), size(m.Bytes), m.About))
		}
		return false, fmt.Errorf("no model fits this machine as it is now; ossian fit says what it would take. Fetch one all the same by its name: %s", strings.Join(known, "; "))
	}
	if settings, err := sys.hubSettings(); err == nil {
		if dir, here := settings.Find(best.Name); here {
			fmt.Fprintf(sys.stderr, "ossian: %s, the largest model that fits this machine, is here already; ask it with: ossian run -m %s \"Hello\"\n", best.Name, best.Name)
			fmt.Fprintln(sys.stdout, dir)
			return false, nil
		}
	}
	c.Name = best.Name
	fmt.Fprintf(sys.stderr, "ossian: %s is the largest model that fits into this machine's memory and disk: %s to fetch, %s of memory at work%s\n",
		best.Name, size(best.Bytes), size(best.Need.Total()), about(best.Rate.First))
	if c.Yes || c.DryRun {
		return true, nil
	}
	if !sys.inTerminal || !sys.errTerminal {
		return false, usage("nobody is here to be asked whether to fetch it; say it with --yes, or name the model: ossian pull %s", best.Name)
	}
	fmt.Fprintf(sys.stderr, "Fetch %s? [y/N] ", size(best.Bytes))
	line, err := readLine(bufio.NewReader(sys.stdin))
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(string(line))) {
	case "y", "yes":
		return true, nil
	}
	fmt.Fprintf(sys.stderr, "ossian: nothing was fetched; another model can be named: ossian fit shows them\n")
	return false, nil
}
