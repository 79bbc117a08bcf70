package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Check reads the whole bundle: first whether its folder holds the files of the manifest
// and no others, then every byte.
func (b *Bundle) Check(ctx context.Context, opt Options) error {
	opt = opt.filled()
	if err := b.tree(opt); err != nil {
		return err
	}
	tell := opt.counting("checking", b.Manifest.Bytes())
	for i := range b.Manifest.Files {
		f := &b.Manifest.Files[i]
		if err := b.through(ctx, f, ignore, tell); err != nil {
			return err
		}
	}
	return nil
}

// through reads a file of the bundle and hands on the chunks that are as the manifest
// says.
func (b *Bundle) through(ctx context.Context, f *File, each func(i int64, data []byte) error, tell func(int64)) error {
	s, err := b.open(f)
	if err != nil {
		return err
	}
	defer s.Close()
	n := chunks(f.Size, b.Manifest.Chunk)
	sum, err := pass(ctx, s, f.Size, b.Manifest.Chunk, func(i int64, data []byte, sum string) error {
		if sum != f.want(i) {
			from := i * b.Manifest.Chunk
			return failed(f.Path, again, "bytes %d to %d are not those of the manifest (chunk %d of %d): the file is damaged or was changed", from, from+int64(len(data))-1, i+1, n)
		}
		return each(i, data)
	}, tell)
	if err != nil {
		if typed := (*Error)(nil); ctx.Err() == nil && !errors.As(err, &typed) {
			return unreadable(f.Path, err)
		}
		return err
	}
	if sum != f.SHA256 {
		return failed(f.Path, again, "its chunks are those of the manifest, and its hash is not: the manifest contradicts itself")
	}
	return nil
}

// tree holds the folder against the manifest without reading the files.
func (b *Bundle) tree(opt Options) error {
	want, dirs := map[string]int64{manifestName: -1}, map[string]bool{".": true}
	if b.Signer != nil {
		want[signatureName] = -1
	}
	for i := range b.Manifest.Files {
		for _, p := range b.Manifest.Files[i].pieces() {
			want[p.name] = p.size
			for dir := path.Dir(p.name); dir != "."; dir = path.Dir(dir) {
				dirs[dir] = true
			}
		}
	}
	var unknown []string
	sizes := map[string]int64{} // of the unknown
	err := fs.WalkDir(b.root.FS(), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(p, err)
		}
		if dirs[p] && e.IsDir() {
			return nil
		}
		if dirs[p] {
			return failed(p, again, "it is %s, not a folder", kindOf(e.Type()))
		}
		size, listed := want[p]
		if !listed {
			if leftByDesktops(path.Base(p)) {
				opt.Note(fmt.Sprintf("%s is not of the bundle and is left alone: desktops leave such things behind", quoted(p)))
				return skip(e)
			}
			if unknown = append(unknown, p); len(unknown) > 20 { // enough to tell
				return fs.SkipAll
			}
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
				sizes[p] = info.Size()
			}
			return skip(e)
		}
		delete(want, p)
		if !e.Type().IsRegular() {
			return failed(p, again, "it is %s, not a plain file", kindOf(e.Type()))
		}
		info, err := e.Info()
		if err != nil {
			return unreadable(p, err)
		}
		if size >= 0 && info.Size() != size {
			return failed(p, again, "it has %d bytes, and the manifest says %d", info.Size(), size)
		}
		return nil
	})
	if err != nil {
		return err
	}
	missing := b.missing(want)
	switch {
	case len(missing) == 1 && len(unknown) == 1 && sizes[unknown[0]] == want[missing[0]]:
		return failed(missing[0], "give it back its name", "it is missing, and %s, which has its size, is not in the manifest: was it renamed?", quoted(unknown[0]))
	case len(missing) > 0:
		return failed(missing[0], again, "it is missing%s", others(missing))
	case len(unknown) > 0:
		return failed(quoted(unknown[0]), "take it out of the folder, if you know what it is; else "+again, "it is not in the manifest: somebody added it%s", others(unknown))
	}
	return nil
}

// missing lists what of want is left, in the manifest's order.
func (b *Bundle) missing(want map[string]int64) (list []string) {
	for i := range b.Manifest.Files {
		for _, p := range b.Manifest.Files[i].pieces() {
			if _, left := want[p.name]; left {
				list = append(list, p.name)
			}
		}
	}
	return list
}

func skip(e fs.DirEntry) error {
	if e.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func others(list []string) string {
	if len(list) == 1 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", len(list)-1)
}

// leftByDesktops are files that macOS and Windows put into any folder somebody opens.
func leftByDesktops(name string) bool {
	switch name {
	case ".DS_Store", "Thumbs.db", "desktop.ini", ".Spotlight-V100", ".fseventsd", ".Trashes", "System Volume Information":
		return true
	}
	return strings.HasPrefix(name, "._")
}
