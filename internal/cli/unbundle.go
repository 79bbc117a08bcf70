package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"

	"ossian/internal/bundle"
)

type unbundleCmd struct {
	Dir      string `arg:"" help:"The folder that ossian bundle wrote."`
	Key      string `placeholder:"KEY" help:"Whose bundle it must be: the maker's FILE.pub, or the fingerprint they told you (SHA256:...)."`
	Remember bool   `help:"Know this key from now on."`
	Unsigned bool   `help:"Take a bundle that nobody signed."`
	Verify   bool   `help:"Read everything twice: check all of it before the first byte is copied."`
	DryRun   bool   `help:"Check everything and install nothing."`
	Name     string `placeholder:"NAME" help:"Install the model under this name (default: its own)."`
	Link     bool   `help:"Do not copy, but give the bundle's files a second name, where both are on one disk."`
	Program  string `placeholder:"FILE" help:"Also copy the program for this machine to FILE, or into a folder."`
	Quiet    bool   `short:"q" help:"No progress messages."`
}

func (unbundleCmd) Help() string {
	return `Checks the signature, then that the folder holds the listed files and no others, then every byte, and only then gives the model its name in ~/.ossian/models. Interrupted, the same command goes on. A key that was not given and is not remembered is refused, with its fingerprint.

Examples:

    ossian unbundle --key SHA256:... --remember /media/stick/gpt-oss-20b
    ossian unbundle --dry-run /media/stick/gpt-oss-20b
    ossian unbundle --program ~/bin /media/stick/gpt-oss-20b`
}

func (c *unbundleCmd) Run(ctx context.Context, sys *system) error {
	trust, err := c.trust(sys)
	if err != nil {
		return err
	}
	b, err := bundle.Open(c.Dir, trust)
	if err != nil {
		return err
	}
	defer b.Close()
	if c.Remember && b.Signer != nil {
		if err := sys.remember(b.Signer); err != nil {
			return err
		}
	}
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	t := &transfer{sys: sys, quiet: c.Quiet}
	defer t.done()
	opt := bundle.Options{Progress: t.update, Note: t.note}
	err = c.install(ctx, sys, b, t, opt)
	t.done()
	if ctx.Err() != nil {
		if !c.Quiet && !c.DryRun {
			fmt.Fprintln(sys.stderr, "ossian: what was copied stays, and is no model yet; the same command goes on from there")
		}
		return ctx.Err()
	}
	return err
}

func (c *unbundleCmd) install(ctx context.Context, sys *system, b *bundle.Bundle, t *transfer, opt bundle.Options) error {
	m := b.Manifest
	if c.Program != "" { // before anything is copied
		if _, err := b.Program(runtime.GOOS, runtime.GOARCH); err != nil {
			return err
		}
	}
	if c.DryRun || c.Verify || m.Model == "" {
		if err := b.Check(ctx, opt); err != nil {
			return err
		}
		t.done()
	}
	if c.DryRun {
		by := "by nobody"
		if b.Signer != nil {
			by = "with the key " + b.Signer.Fingerprint()
		}
		fmt.Fprintf(sys.stdout, "%s is sound: %d files, %s, signed %s\n", c.Dir, len(m.Files), inBytes(m.Bytes()), by)
		return nil
	}
	if m.Model == "" && c.Program == "" {
		return fmt.Errorf("the bundle is sound and holds the program alone; --program FILE copies the one for %s-%s", runtime.GOOS, runtime.GOARCH)
	}
	if c.Name == builtin || c.Name == "" && m.Model == builtin {
		return usage("%s is the name of the built-in model; choose another with --name", builtin)
	}
	if m.Model != "" {
		if err := c.installModel(ctx, sys, b, t, opt); err != nil {
			return err
		}
	}
	if c.Program != "" {
		if err := b.InstallProgram(ctx, runtime.GOOS, runtime.GOARCH, c.Program, opt); err != nil {
			return err
		}
		if !c.Quiet {
			fmt.Fprintf(sys.stderr, "the program is at %s\n", c.Program)
		}
	}
	return nil
}

func (c *unbundleCmd) installModel(ctx context.Context, sys *system, b *bundle.Bundle, t *transfer, opt bundle.Options) error {
	models, err := sys.modelsDir()
	if err != nil {
		return err
	}
	dir, err := b.Install(ctx, bundle.Target{Models: models, Name: c.Name, Link: c.Link}, opt)
	t.done()
	if err != nil {
		return err
	}
	// The hashes are kept, so that ossian verify can tell later what the maker meant.
	if at, err := sys.hashes(dir); err != nil {
		return err
	} else if err := b.Record(at.folder).Write(at.file); err != nil {
		return err
	}
	if !c.Quiet {
		name := filepath.Base(dir)
		fmt.Fprintf(sys.stderr, "%s is here: %s; ask it with: ossian run -m %s \"Hello\"\n", name, inBytes(b.Manifest.Bytes()), name)
	}
	fmt.Fprintln(sys.stdout, dir)
	return nil
}

// trust is whose bundles are taken: the key that was given, else those remembered.
func (c *unbundleCmd) trust(sys *system) (t bundle.Trust, err error) {
	switch {
	case c.Unsigned && (c.Key != "" || c.Remember):
		return t, usage("--unsigned takes a bundle without a key; leave out --key and --remember")
	case c.Unsigned:
		return bundle.Trust{Unsigned: true}, nil
	case bundle.IsFingerprint(c.Key):
		return bundle.Trust{Fingerprint: c.Key}, nil
	case c.Key != "":
		key, err := bundle.ReadPublicKey(c.Key)
		return bundle.Trust{Keys: []bundle.PublicKey{key}}, err
	case c.Remember:
		return t, usage("--remember needs to be told which key: --key KEY")
	}
	known, err := sys.trustedKeys()
	if err != nil {
		return t, err
	}
	t.Keys, err = bundle.ReadTrusted(known)
	return t, err
}

// trustedKeys is the file of the keys that are remembered.
func (s *system) trustedKeys() (string, error) {
	dir, err := s.ossianHome()
	return filepath.Join(dir, "trusted-keys"), err
}

func (s *system) remember(key bundle.PublicKey) error {
	known, err := s.trustedKeys()
	if err != nil {
		return err
	}
	return bundle.Remember(known, key)
}
