package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"ossian/internal/bundle"
	"ossian/internal/hub"
)

// airGap are the commands for machines without a network.
type airGap struct {
	Bundle   bundleCmd   `cmd:"" help:"Write a model and this program to a folder or stick, signed."`
	Unbundle unbundleCmd `cmd:"" help:"Check what ossian bundle wrote, and install the model."`
}

type bundleCmd struct {
	Model    string   `arg:"" optional:"" help:"The model, as -m takes it; leave it out for the program alone."`
	Dir      string   `arg:"" optional:"" help:"A new or empty folder."`
	Key      string   `placeholder:"FILE" help:"The private key to sign with."`
	NewKey   string   `placeholder:"FILE" help:"Only make a key: FILE to sign with, FILE.pub to give away."`
	Unsigned bool     `help:"Do not sign: then nobody can tell who made the bundle, or changed it."`
	With     []string `sep:"none" placeholder:"FILE" help:"A further ossian executable, for another platform. Can be given several times."`
	Program  bool     `negatable:"" default:"true" help:"Put this program in (default: yes)."`
	Name     string   `placeholder:"NAME" help:"The name the model is installed under (default: its own)."`
	Split    bool     `help:"Cut large files into parts of 2 GiB. It is done by itself on sticks with FAT32."`
	Quiet    bool     `short:"q" help:"No progress messages."`
}

func (bundleCmd) Help() string {
	return `Writes a model, this program and a signed list of their hashes to a folder, to be carried to machines without a network; ossian unbundle checks and installs it there. Interrupted, the same command goes on. Make a key once, keep FILE to yourself, and tell people its fingerprint by another way than the bundle.

Examples:

    ossian bundle --new-key ~/bundle.key
    ossian bundle --key ~/bundle.key gpt-oss-20b /media/stick/gpt-oss-20b
    ossian bundle --unsigned --with ossian-windows.exe gpt-oss-20b DIR`
}

func (c *bundleCmd) Run(ctx context.Context, sys *system) error {
	if c.NewKey != "" {
		return c.newKey(sys)
	}
	if c.Dir == "" {
		c.Model, c.Dir = "", c.Model
	}
	if c.Dir == "" {
		return usage("name a folder to write the bundle to")
	}
	job := bundle.Job{Dir: c.Dir, Split: c.Split, Made: sys.now()}
	switch {
	case c.Key != "" && c.Unsigned:
		return usage("--key and --unsigned contradict each other")
	case c.Key == "" && !c.Unsigned:
		return usage("choose --key FILE to sign the bundle (ossian bundle --new-key FILE makes a key), or --unsigned")
	case c.Key != "":
		key, err := bundle.ReadPrivateKey(c.Key)
		if err != nil {
			return err
		}
		job.Key = key
	}
	if err := c.collect(sys, &job); err != nil {
		return err
	}
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	t := &transfer{sys: sys, quiet: c.Quiet}
	m, err := bundle.Write(ctx, job, bundle.Options{Progress: t.update, Note: t.note})
	t.done()
	if ctx.Err() != nil {
		if !c.Quiet {
			fmt.Fprintln(sys.stderr, "ossian: what was written stays; the same command goes on from there")
		}
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if !c.Quiet {
		fmt.Fprintf(sys.stderr, "wrote %s in %d files\n", inBytes(m.Bytes()), len(m.Files))
		for _, f := range m.Programs() {
			fmt.Fprintf(sys.stderr, "SHA-256 of %s: %s\n", f.Path, f.SHA256)
		}
		if job.Key != nil {
			fmt.Fprintf(sys.stderr, "signed with the key %s: tell that to whoever gets the bundle, by another way\n", job.Key.Public().Fingerprint())
		}
		trust := "--unsigned"
		if job.Key != nil {
			trust = "--key " + job.Key.Public().Fingerprint()
		}
		fmt.Fprintf(sys.stderr, "ossian unbundle --dry-run %s %s reads it all back\n", trust, c.Dir)
	}
	fmt.Fprintln(sys.stdout, c.Dir)
	return nil
}

func (c *bundleCmd) newKey(sys *system) error {
	if c.Model != "" || c.Key != "" || c.Unsigned {
		return usage("--new-key only makes a key; bundle with it afterwards: ossian bundle --key %s MODEL DIR", c.NewKey)
	}
	public, err := bundle.NewKey(c.NewKey)
	if err != nil {
		return err
	}
	fmt.Fprintf(sys.stderr, "made %s, which signs and is yours alone, and %s.pub, which is for everybody\n", c.NewKey, c.NewKey)
	fmt.Fprintln(sys.stdout, public.Fingerprint())
	return nil
}

// collect finds the files that go in.
func (c *bundleCmd) collect(sys *system, job *bundle.Job) error {
	if c.Model != "" {
		at, err := sys.find(c.Model)
		if err != nil {
			return err
		}
		if at.dir == "" {
			return fmt.Errorf("%s is part of the program; leave it out to bundle the program alone", builtin)
		}
		names, err := modelFiles(at.fsys)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		for _, name := range names {
			job.Files = append(job.Files, bundle.ModelFile(name, at.path(name)))
		}
		job.Model, job.Origin = bundleName(at), ""
		if ref, ok := hub.Snapshot(at.dir); ok {
			job.Origin = ref.Repo + "@" + ref.Revision
		}
		if c.Name != "" {
			job.Model = c.Name
		}
	}
	executables := c.With
	if c.Program {
		own, err := sys.executable()
		if err != nil {
			return err
		}
		executables = append([]string{own}, executables...)
	}
	for _, from := range executables {
		s, err := bundle.ProgramFile(from, sys.program)
		if err != nil {
			return err
		}
		job.Files = append(job.Files, s)
	}
	if len(job.Files) == 0 {
		return usage("with neither a model nor a program there is nothing to bundle")
	}
	return nil
}

// bundleName is what a model is called where it is installed: a plain name.
func bundleName(at place) string {
	name, _, _ := strings.Cut(at.name, "@")
	if ref, ok := hub.Snapshot(at.dir); ok {
		name = ref.Repo
	}
	return path.Base(filepath.ToSlash(name))
}

// modelFiles lists what of a folder is the model: the weights that would be read, and
// what belongs to them. Whatever else lies there is nobody's business.
func modelFiles(fsys fs.FS) (names []string, err error) {
	weights := weightFileNames(fsys)
	if len(weights) == 0 {
		return nil, errors.New("it holds no .safetensors or .gguf file")
	}
	var all []hub.File
	for _, dir := range []string{".", "original"} {
		entries, _ := fs.ReadDir(fsys, dir)
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if info, err := fs.Stat(fsys, name); err == nil && info.Mode().IsRegular() {
				all = append(all, hub.File{Path: name})
			}
		}
	}
	for _, f := range hub.Choose(all, strings.HasPrefix(weights[0], "original/")) {
		names = append(names, f.Path)
	}
	if isGGUF(weights[0]) {
		names = append(names, weights...)
	}
	return names, nil
}
