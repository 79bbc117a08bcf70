package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ossian/internal/hub"
)

type rmCmd struct {
	Name string `arg:"" help:"The model, as ossian list names it."`
}

func (rmCmd) Help() string {
	return `Removes a pulled model with all its revisions from the cache, which other tools share, or a folder from ~/.ossian/models; of a link there only the link.

Example:

    ossian rm gpt-oss-20b`
}

func (c *rmCmd) Run(sys *system) error {
	if c.Name == builtin {
		return fmt.Errorf("%s is part of the program and cannot be removed", builtin)
	}
	models, err := sys.modelsDir()
	if err != nil {
		return err
	}
	if !strings.ContainsAny(c.Name, `/\`) && c.Name != "." && c.Name != ".." {
		dir := filepath.Join(models, c.Name)
		if _, err := os.Lstat(dir); err == nil {
			if err := os.RemoveAll(dir); err != nil { // of a link it takes the link
				return err
			}
			fmt.Fprintf(sys.stderr, "removed %s\n", dir)
			return nil
		}
	}
	ref, err := hub.ParseRef(c.Name)
	if err != nil {
		return fmt.Errorf("%w; \"ossian list\" shows what can be removed", err)
	}
	if strings.Contains(c.Name, "@") {
		return usage("revisions share their files, so a model is removed with all of them: ossian rm %s", strings.SplitN(c.Name, "@", 2)[0])
	}
	settings, err := sys.hubSettings()
	if err != nil {
		return err
	}
	n, err := settings.Remove(ref.Repo)
	if err != nil {
		return err
	}
	fmt.Fprintf(sys.stderr, "removed %s, %s\n", ref, inBytes(n))
	return nil
}
