package hub

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// Checked is what verifying one file found.
type Checked struct {
	Path  string
	Bytes int64
	// Bad are the damaged chunks of Chunks; both are 0 for a sound file.
	Bad, Chunks int64
	// Wrong says what is wrong; "" for a sound file.
	Wrong    string
	Repaired bool
	file     File
}

// Verify hashes every file of a model in the cache; dir is its snapshot. With repair,
// what is damaged is fetched again: of a file whose chunk hashes are known, the
// damaged chunks only.
func (h *Hub) Verify(ctx context.Context, dir string, repair bool) ([]Checked, error) {
	at, commit, err := snapshotOf(dir)
	if err != nil {
		return nil, err
	}
	if err := at.make(); err != nil {
		return nil, err
	}
	lock, err := at.lock()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	files, err := linked(at, dir)
	if err != nil {
		return nil, err
	}
	all, done := int64(0), int64(0)
	for _, f := range files {
		all += f.Bytes
	}
	for i := range files {
		c := &files[i]
		if err := h.verify(ctx, at, c, func(n int64) { done += n; h.Progress("checking", done, all) }); err != nil {
			return files[:i], err
		}
		if c.Wrong != "" && repair {
			if err := h.repair(ctx, at, commit, c); err != nil {
				return files[:i+1], err
			}
		}
	}
	return files, nil
}

// Snapshot tells which model a folder is, if it is one of a hub's cache.
func Snapshot(dir string) (Ref, bool) {
	at, commit, err := snapshotOf(dir)
	return Ref{at.repo, commit}, err == nil
}

// snapshotOf tells which model of which cache a folder is.
func snapshotOf(dir string) (folder, string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return folder{}, "", &Error{What: dir, Why: "looking at it", Next: "give a model that was pulled", Err: err}
	}
	commit, snapshots := filepath.Base(real), filepath.Dir(real)
	root := filepath.Dir(snapshots)
	repo, ok := repoOf(filepath.Base(root))
	if !ok || filepath.Base(snapshots) != "snapshots" || !isHex(commit, 40) {
		return folder{}, "", failed(dir, "name a model that was pulled (ossian list shows them)", "no published hashes are known of files outside the hub's cache")
	}
	return folder{dir: root, repo: repo}, commit, nil
}

// linked lists the files of a snapshot: where a link leads says what it should be.
func linked(at folder, dir string) (files []Checked, err error) {
	err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		target, err := os.Readlink(p)
		if err != nil {
			return nil // not from the hub: somebody put it there
		}
		hash := filepath.Base(target)
		if !isHex(hash, 40) && !isHex(hash, 64) {
			return nil
		}
		c := Checked{Path: filepath.ToSlash(rel), file: File{Path: filepath.ToSlash(rel), Hash: hash}}
		if info, err := os.Stat(at.blob(c.file)); err == nil {
			c.Bytes = info.Size()
		}
		c.file.Size = c.Bytes
		if n, ok := sizeIn(at.chunks(c.file), hash); ok { // a file cut short still has its published size here
			c.file.Size = n
		}
		files = append(files, c)
		return nil
	})
	slices.SortFunc(files, func(a, b Checked) int { return strings.Compare(a.Path, b.Path) })
	if err == nil && len(files) == 0 {
		err = &Error{What: dir, Why: "verifying it", Next: "pull the model again", Err: ErrNoHashes}
	}
	return files, err
}

// sizeIn is the size that a list of chunk hashes gives its file.
func sizeIn(path, hash string) (size int64, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	var kind, h string
	var version int
	n, err := fmt.Fscan(f, &kind, &version, &h, &size)
	return size, n == 4 && err == nil && h == hash && size >= 0 && size <= maxFileSize
}

func (h *Hub) verify(ctx context.Context, at folder, c *Checked, tell func(int64)) error {
	f, err := os.Open(at.blob(c.file))
	if errors.Is(err, fs.ErrNotExist) {
		c.Wrong = "it is missing"
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if c.Bytes != c.file.Size {
		c.Wrong = fmt.Sprintf("it has %d bytes, not %d", c.Bytes, c.file.Size)
		tell(c.Bytes)
	} else {
		sum, err := hashOf(ctx, f, 0, c.Bytes, published(c.file), tell)
		if err != nil {
			return err
		}
		if sum != c.file.Hash {
			c.Wrong = "its hash is not the published one"
		}
	}
	j, _, err := readJournal(at.chunks(c.file), c.file, h.Chunk)
	if err != nil {
		return err
	}
	known := j.done() == c.file.Size
	switch {
	case c.Wrong == "" && !known: // another tool fetched it; from now on damage can be placed
		if err := sums(ctx, f, j); err != nil {
			return err
		}
		defer j.close()
		return j.rewrite(at.chunks(c.file))
	case c.Wrong != "" && known && c.Bytes == c.file.Size:
		bad, err := badChunks(ctx, f, j)
		c.Bad, c.Chunks = int64(len(bad)), j.chunks()
		return err
	}
	return nil
}

// sums fills a list of chunk hashes from a file known to be sound.
func sums(ctx context.Context, f *os.File, j *journal) error {
	for i := range j.chunks() {
		from, to := j.span(i)
		sum, err := hashOf(ctx, f, from, to-from+1, sha256.New(), nil)
		if err != nil {
			return err
		}
		j.sums[i] = sum
	}
	return nil
}

// repair turns a damaged file back into one that is being fetched, of which the sound
// chunks are there, and completes it.
func (h *Hub) repair(ctx context.Context, at folder, commit string, c *Checked) error {
	want, err := h.listed(ctx, at.repo, commit, c.file)
	if err != nil {
		return err
	}
	j, _, err := readJournal(at.chunks(c.file), want, h.Chunk)
	if err != nil {
		return err
	}
	if c.Bytes == want.Size && j.done() == want.Size {
		f, err := os.Open(at.blob(want))
		if err != nil {
			return err
		}
		bad, err := badChunks(ctx, f, j)
		_ = f.Close()
		if err != nil {
			return err
		}
		for _, i := range bad {
			delete(j.sums, i)
		}
		// First the list, then the name: killed in between, settle goes on from here.
		err = j.rewrite(at.journal(want))
		j.close()
		if err == nil {
			err = os.Rename(at.blob(want), at.part(want))
		}
		if err != nil {
			return err
		}
	} else if err := errors.Join(removed(at.blob(want)), removed(at.journal(want)), removed(at.part(want))); err != nil {
		return err
	}
	var done atomic.Int64
	done.Store(want.Size - at.missing(want))
	tell := func(n int64) { h.Progress("repairing "+want.Path, done.Add(n), want.Size) }
	if err := h.fetch(ctx, at, commit, want, tell); err != nil {
		return err
	}
	c.Repaired = true
	return nil
}

// listed is what the hub says of a file of a commit now.
func (h *Hub) listed(ctx context.Context, repo, commit string, f File) (File, error) {
	all, err := h.list(ctx, repo, commit)
	if err != nil {
		return f, err
	}
	for _, g := range all {
		if g.Path == f.Path && g.Hash == f.Hash {
			return g, nil
		}
	}
	return f, failed(f.Path, "pull the model again", "the hub no longer has this version of it, so it cannot be repaired")
}
