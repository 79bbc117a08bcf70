package bundle

import (
	"context"
	"debug/buildinfo"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"ossian/internal/disk"
)

// ProgramFile says where an executable of this program belongs in a bundle. The Go
// toolchain writes into every executable what it was built from and for.
func ProgramFile(from, main string) (Source, error) {
	info, err := buildinfo.ReadFile(from)
	if err != nil {
		return Source{}, &Error{What: from, Why: "looking for what it was built from", Next: "give an ossian executable", Err: err}
	}
	if info.Path != main {
		return Source{}, failed(from, "give an ossian executable", "it is %s, not %s", quoted(info.Path), main)
	}
	goos, goarch := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			goos = s.Value
		case "GOARCH":
			goarch = s.Value
		}
	}
	if goos == "" || goarch == "" {
		return Source{}, failed(from, "build it with the go command", "it does not say for which platform it was built")
	}
	return Source{Path: programPath(goos, goarch), From: from}, nil
}

func programPath(goos, goarch string) string {
	name := "ossian"
	if goos == "windows" {
		name += ".exe"
	}
	return programDir + goos + "-" + goarch + "/" + name
}

// Programs lists the executables of the bundle.
func (m *Manifest) Programs() (list []File) {
	for _, f := range m.Files {
		if strings.HasPrefix(f.Path, programDir) {
			list = append(list, f)
		}
	}
	return list
}

// Program is the executable for a platform.
func (b *Bundle) Program(goos, goarch string) (*File, error) {
	i := slices.IndexFunc(b.Manifest.Files, func(f File) bool { return f.Path == programPath(goos, goarch) })
	if i < 0 {
		var have []string
		for _, f := range b.Manifest.Programs() {
			have = append(have, path.Base(path.Dir(f.Path)))
		}
		return nil, failed(b.Dir, "ask its maker for one made with --with and the executable for this platform", "it has no program for %s-%s (only: %s)", goos, goarch, strings.Join(have, ", "))
	}
	return &b.Manifest.Files[i], nil
}

// InstallProgram copies the executable for a platform to a path, checked, in one step.
func (b *Bundle) InstallProgram(ctx context.Context, goos, goarch, to string, opt Options) error {
	opt = opt.filled()
	f, err := b.Program(goos, goarch)
	if err != nil {
		return err
	}
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, path.Base(f.Path))
	}
	next := to + ".new"
	_ = os.Remove(next)
	err = b.copy(ctx, f, next, false, opt, opt.counting("copying the program", f.Size))
	if err == nil {
		if err = os.Chmod(next, 0o755); err == nil {
			err = os.Rename(next, to)
		}
		if err != nil {
			err = unwritable(to, err)
		}
	}
	if err != nil {
		_ = os.Remove(next)
		return err
	}
	disk.SyncDir(filepath.Dir(to))
	return nil
}
