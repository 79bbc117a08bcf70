package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

type useCmd struct {
	Path string `arg:"" help:"A model folder, or a .gguf file."`
	Name string `arg:"" optional:"" help:"What to call it (default: the name of the folder or file)."`
}

func (useCmd) Help() string {
	return `Gives a model that lies elsewhere a name for -m. Nothing is copied, and nothing there is ever changed: ossian rm only forgets the name.

Examples:

    ossian use /data/gpt-oss-20b
    ossian use ~/Downloads/gpt-oss-20b-mxfp4.gguf mine && ossian run -m mine "Hello"`
}

func (c *useCmd) Run(sys *system) error {
	real, err := filepath.EvalSymlinks(c.Path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return fmt.Errorf("%s: there is no such folder or file", c.Path)
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	at, err := folder(real, info)
	if err != nil {
		return err
	}
	if _, err := readConfig(at); err != nil { // what cannot be a model is told now, not when it is asked
		return fmt.Errorf("%s: %w", at, err)
	}
	if names := weightFileNames(at.fsys); len(names) == 0 {
		return fmt.Errorf("%s holds no .safetensors or .gguf file", at)
	}
	name := c.Name
	if name == "" {
		name = bundleName(at)
	}
	if err := sys.nameModel(name, real); err != nil {
		return err
	}
	fmt.Fprintf(sys.stderr, "%s is used in place as %s; ask it with: ossian run -m %s \"Hello\"\n", real, name, name)
	return nil
}

// nameModel makes the link by which a model elsewhere is found.
func (s *system) nameModel(name, path string) error {
	if name == "" || name == builtin || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") || strings.ContainsAny(name, `/\:@`) {
		return usage("%q cannot be the name; choose one without slashes, colons and @, as: ossian use %s NAME", name, path)
	}
	models, err := s.modelsDir()
	if err != nil {
		return err
	}
	if e, taken := entryOf(models, name); taken {
		if now, err := filepath.EvalSymlinks(e.path); err == nil && now == path && e.target != "" {
			return nil // it is already so
		}
		return fmt.Errorf("there is a model %s already (%s); choose another name: ossian use %s NAME", name, e.path, path)
	}
	if settings, err := s.hubSettings(); err == nil {
		if dir, pulled := settings.Find(name); pulled {
			return fmt.Errorf("there is a pulled model %s already (%s); choose another name: ossian use %s NAME", name, dir, path)
		}
	}
	if err := os.MkdirAll(models, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(path, filepath.Join(models, name)); err != nil {
		if runtime.GOOS == "windows" {
			return fmt.Errorf("%w; Windows makes links in developer mode only (Settings, For developers); without it use the path: -m %s", err, path)
		}
		return err
	}
	return nil
}
