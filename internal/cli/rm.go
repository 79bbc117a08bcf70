package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ossian/internal/hub"
	"ossian/internal/model"
)

type rmCmd struct {
	Name string `arg:"" help:"The model, as ossian list names it."`
}

func (rmCmd) Help() string {
	return `Removes a pulled model with all its revisions from the cache, which other tools share, or a folder or .gguf file from ~/.ossian/models. Of a model that is used in place only the name is forgotten.

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
	if e, here := entryOf(models, c.Name); here {
		return sys.removeEntry(e)
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

// removeEntry takes a model out of the folder of models. Of a link only the link goes:
// what it leads to is somebody else's.
func (s *system) removeEntry(e entry) error {
	if e.target != "" {
		if err := os.Remove(e.path); err != nil {
			return err
		}
		fmt.Fprintf(s.stderr, "forgot the name %s; %s stays as it is\n", e.name, e.target)
		return nil
	}
	if at, err := s.hashes(e.path); err == nil {
		_ = os.Remove(at.file) // of no use without the model
	}
	paths := []string{e.path}
	if isGGUF(e.path) {
		paths = nil
		for _, part := range model.GGUFParts(filepath.Base(e.path)) {
			paths = append(paths, filepath.Join(filepath.Dir(e.path), part))
		}
	}
	for _, p := range paths {
		if err := os.RemoveAll(p); err != nil {
			return err
		}
		fmt.Fprintf(s.stderr, "removed %s\n", p)
	}
	return nil
}
