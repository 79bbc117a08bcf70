package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
)

// settings give the flags of serve values from the environment and from a file, where the
// command line gives none. The environment goes before the file: OSSIAN_SERVE_MAX_BODY is
// --max-body. It is a kong.Resolver.
type settings struct {
	sys  *system
	read bool
	path string
	file map[string]setting
}

// setting is what a file says of a flag.
type setting struct {
	values []string
	line   int
}

const settingsPrefix = "OSSIAN_SERVE_"

// Validate has nothing to say of the grammar.
func (*settings) Validate(*kong.Application) error { return nil }

// Resolve gives a flag's value, nil if there is none.
func (s *settings) Resolve(c *kong.Context, at *kong.Path, flag *kong.Flag) (any, error) {
	if at.Command == nil || at.Command.Name != "serve" {
		return nil, nil
	}
	if !s.read {
		s.read = true
		if err := s.load(c, at.Command); err != nil {
			return nil, err
		}
	}
	for _, name := range append(flag.Envs, settingsPrefix+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))) {
		if v := s.sys.getenv(name); v != "" {
			return v, nil
		}
	}
	if v, ok := s.file[flag.Name]; ok {
		return strings.Join(v.values, ","), nil
	}
	return nil, nil
}

// load reads the file that --config names, or the usual one if it is there.
func (s *settings) load(c *kong.Context, serve *kong.Command) error {
	for _, p := range c.Path {
		if p.Flag != nil && p.Flag.Name == "config" {
			s.path, _ = c.FlagValue(p.Flag).(string)
		}
	}
	if s.path == "" {
		if s.path = s.sys.getenv(settingsPrefix + "CONFIG"); s.path == "" {
			dir, err := s.sys.ossianHome()
			if err != nil {
				return err
			}
			s.path = filepath.Join(dir, "serve.conf")
			if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
				return nil
			}
		}
	}
	file, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer file.Close()
	if s.file, err = readSettings(file); err != nil {
		return usage("%s, %v", s.path, err)
	}
	known := map[string]bool{}
	for _, f := range serve.Flags {
		known[f.Name] = f.Name != "config" && f.Name != "print-config"
	}
	for name, v := range s.file {
		if !known[name] {
			return usage("%s, line %d: there is no setting %q; ossian serve --help lists them, without the dashes", s.path, v.line, name)
		}
	}
	return nil
}

// maxSettings bounds a configuration file.
const maxSettings = 1 << 20

// readSettings reads lines "name = value", several for a list, # for comments.
func readSettings(in io.Reader) (map[string]setting, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxSettings+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSettings {
		return nil, errors.New("longer than a configuration needs")
	}
	all := map[string]setting{}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("line %d: %q is not name = value", i+1, line)
		}
		all[name] = setting{append(all[name].values, value), i + 1}
	}
	return all, nil
}

// printSettings writes the settings in force so that they can be a configuration file.
func printSettings(c *kong.Context, out io.Writer) error {
	for _, f := range c.Selected().Flags {
		if f.Name == "config" || f.Name == "print-config" {
			continue
		}
		var values []string
		switch v := c.FlagValue(f).(type) {
		case []string:
			values = v
		case *bool, *int, *string:
			return fmt.Errorf("the flag --%s cannot be printed", f.Name)
		default:
			if text := fmt.Sprint(v); text != "" {
				values = []string{text}
			}
		}
		for _, v := range values {
			if _, err := fmt.Fprintf(out, "%s = %s\n", f.Name, v); err != nil {
				return err
			}
		}
		if len(values) == 0 {
			if _, err := fmt.Fprintf(out, "# %s =\n", f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
