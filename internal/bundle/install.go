package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"ossian/internal/disk"
)

// Target is where a model goes.
type Target struct {
	Models string // the folder of all models
	Name   string // "": the name in the manifest
	// Link gives the bundle's files a second name instead of copying them, where bundle
	// and models are on one disk. Whoever changes the bundle then changes the model.
	Link bool
}

// Incoming begins the name of a folder that holds what is not installed yet.
const Incoming = ".incoming-"

// Install brings the model of the bundle into its folder and returns that. Every byte is
// held against the manifest on its way; the folder gets its name when all of them are
// there and right. What an interrupted call left is taken up.
func (b *Bundle) Install(ctx context.Context, to Target, opt Options) (dir string, err error) {
	opt = opt.filled()
	if b.Manifest.Model == "" {
		return "", failed(b.Dir, "its program can be copied with --program FILE", "this bundle holds no model")
	}
	if to.Name == "" {
		to.Name = b.Manifest.Model
	}
	if !plain(to.Name) || strings.Contains(to.Name, "/") {
		return "", failed(quoted(to.Name), "choose letters, digits, dots and dashes", "it is no name for a model")
	}
	if err := b.tree(opt); err != nil {
		return "", err
	}
	if err := os.MkdirAll(to.Models, 0o755); err != nil {
		return "", &Error{What: to.Models, Why: "making the folder", Next: "make it writable, or set OSSIAN_HOME", Err: err}
	}
	lock, err := disk.Lock(filepath.Join(to.Models, ".lock"))
	if errors.Is(err, disk.ErrLocked) {
		return "", failed(to.Models, "wait for it", "another process is installing a model")
	}
	if err != nil {
		return "", &Error{What: to.Models, Why: "locking the folder", Next: "make it writable, or set OSSIAN_HOME", Err: err}
	}
	defer lock.Close()
	dir = filepath.Join(to.Models, to.Name)
	if _, err := os.Lstat(dir); err == nil {
		return "", failed(dir, "install it beside with --name, or remove that one with ossian rm "+to.Name, "a model of this name is there already")
	}
	staged := filepath.Join(to.Models, Incoming+b.id[:16])
	if err := b.room(staged, to, opt); err != nil {
		return "", err
	}
	if err := b.stage(ctx, staged, to.Link, opt); err != nil {
		return "", err
	}
	if err := os.Rename(staged, dir); err != nil {
		return "", &Error{What: dir, Why: "giving it its name", Next: "see that " + to.Models + " is writable", Err: err}
	}
	disk.SyncDir(to.Models)
	return dir, nil
}

// room refuses a disk that cannot hold what is still to be copied.
func (b *Bundle) room(staged string, to Target, opt Options) error {
	need := int64(0)
	most, limited := opt.Largest(to.Models)
	for _, f := range b.Manifest.ModelFiles() {
		if limited && f.Size > most {
			return failed(to.Models, "set OSSIAN_HOME to a folder on another disk", "its disk holds files of at most %d bytes (FAT32), and %s has %d", most, f.Path, f.Size)
		}
		need += f.Size
		if info, err := os.Lstat(filepath.Join(staged, filepath.FromSlash(f.Path))); err == nil {
			need -= min(f.Size, info.Size())
		}
	}
	if free, known := opt.Free(to.Models); known && free < need && !to.Link {
		return &SpaceError{Dir: to.Models, Need: need, Have: free}
	}
	return nil
}

// stage fills the folder that becomes the model's.
func (b *Bundle) stage(ctx context.Context, staged string, link bool, opt Options) error {
	tell := opt.counting("installing "+b.Manifest.Model, b.Manifest.Bytes())
	for i := range b.Manifest.Files { // what stays in the bundle is checked too
		if f := &b.Manifest.Files[i]; !strings.HasPrefix(f.Path, modelDir) {
			if err := b.through(ctx, f, ignore, tell); err != nil {
				return err
			}
		}
	}
	for i := range b.Manifest.Files {
		f := &b.Manifest.Files[i]
		name, ours := strings.CutPrefix(f.Path, modelDir)
		if !ours {
			continue
		}
		at := filepath.Join(staged, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return unwritable(at, err)
		}
		linked := false
		if link {
			var err error
			if linked, err = b.link(f, at, opt); err != nil {
				return err
			}
		}
		if err := b.copy(ctx, f, at, linked, opt, tell); err != nil {
			return err
		}
		disk.SyncDir(filepath.Dir(at))
	}
	disk.SyncDir(staged)
	return nil
}

func ignore(int64, []byte) error { return nil }

func unwritable(path string, err error) error {
	if errors.Is(err, syscall.EFBIG) {
		return &Error{What: path, Why: "writing it", Next: "this disk ends files early, as FAT32 does at 4 GiB; write the bundle with --split to a new folder", Err: err}
	}
	return &Error{What: path, Why: "writing it", Next: "see that its disk has room and can be written, then run the same command again: what is here stays", Err: err}
}

// link gives a file its second name, if it can have one.
func (b *Bundle) link(f *File, at string, opt Options) (bool, error) {
	if f.Part > 0 {
		opt.Note(f.Path + " lies in parts, so it is copied")
		return false, nil
	}
	if err := os.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, unwritable(at, err)
	}
	if err := os.Link(filepath.Join(b.Dir, filepath.FromSlash(f.Path)), at); err != nil {
		opt.Note(fmt.Sprintf("%s is copied, because it cannot be linked: %v", f.Path, err))
		return false, nil
	}
	return true, nil
}

// copy brings one file to its place, chunk by chunk as each proves right. Of a file
// that is there in part, what is right already is not written again. A linked file is
// only read.
func (b *Bundle) copy(ctx context.Context, f *File, at string, linked bool, opt Options, tell func(int64)) (err error) {
	if linked {
		return b.through(ctx, f, ignore, tell)
	}
	out, err := os.OpenFile(at, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return unwritable(at, err)
	}
	to := &span{files: []*os.File{out}}
	defer func() {
		if cerr := to.Close(); err == nil && cerr != nil {
			err = unwritable(at, cerr)
		}
	}()
	w := &writer{to: to, at: at, sync: opt.Sync}
	if err := b.through(ctx, f, func(i int64, data []byte) error { return w.put(data, i*b.Manifest.Chunk) }, tell); err != nil {
		return err
	}
	whole := File{Path: f.Path, Size: f.Size}
	if err := to.end(&whole, opt.Sync); err != nil {
		return unwritable(at, err)
	}
	return nil
}

// syncEvery so many bytes what was written is made last: a slow stick would otherwise
// take all of it at once into memory, and then keep everybody waiting at 100 %.
const syncEvery = 64 << 20

// writer writes chunks that are not there yet.
type writer struct {
	to    *span
	at    string // for errors
	sync  func(*os.File) error
	old   []byte
	since int64 // bytes written since the last sync
}

func (w *writer) put(data []byte, off int64) error {
	if cap(w.old) < len(data) {
		w.old = make([]byte, len(data))
	}
	old := w.old[:len(data)]
	if n, _ := w.to.ReadAt(old, off); n == len(data) && bytes.Equal(old, data) {
		return nil
	}
	_, err := w.to.WriteAt(data, off)
	if w.since += int64(len(data)); err == nil && w.since >= syncEvery {
		w.since = 0
		for _, f := range w.to.files {
			err = errors.Join(err, w.sync(f))
		}
	}
	if err != nil {
		return unwritable(w.at, err)
	}
	return nil
}
