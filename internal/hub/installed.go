package hub

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Installed is a model in the cache.
type Installed struct {
	Ref
	Dir      string // of the snapshot; "" if no revision of it is complete
	Commit   string
	Bytes    int64 // on the disk, all revisions
	Complete bool
}

// List gives the models of the cache that this program runs, and those it began to fetch.
func (s Settings) List() ([]Installed, error) {
	entries, err := os.ReadDir(s.Cache)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{What: s.Cache, Why: "looking for models", Next: "make it readable, or set HF_HUB_CACHE", Err: err}
	}
	var out []Installed
	for _, e := range entries {
		repo, ok := repoOf(e.Name())
		if !ok {
			continue
		}
		at := s.folder(repo)
		bytes := at.bytes()
		found := false
		for _, revision := range at.revisions() {
			ref := Ref{repo, revision}
			dir, complete := s.Find(repo + "@" + revision)
			if complete && ours(filepath.Join(dir, "config.json"), repo) == nil {
				out = append(out, Installed{Ref: ref, Dir: dir, Commit: at.commitOf(revision), Bytes: bytes, Complete: true})
				found = true
			}
		}
		if _, err := os.Stat(at.own("lock")); err == nil && !found {
			out = append(out, Installed{Ref: Ref{repo, defaultRevision}, Bytes: bytes})
		}
	}
	slices.SortFunc(out, func(a, b Installed) int { return strings.Compare(a.String(), b.String()) })
	return out, nil
}

// revisions are the names that stand for a commit here, and the commits that none
// stands for: other tools can be asked for a commit alone.
func (d folder) revisions() (list []string) {
	root := filepath.Join(d.dir, "refs")
	_ = filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // what cannot be read is not listed
		}
		if rel, err := filepath.Rel(root, p); err == nil && plainRevision(filepath.ToSlash(rel)) {
			list = append(list, filepath.ToSlash(rel))
		}
		return nil
	})
	named := map[string]bool{}
	for _, r := range list {
		named[d.commitOf(r)] = true
	}
	entries, _ := os.ReadDir(d.snapshot(""))
	for _, e := range entries {
		if isHex(e.Name(), 40) && !named[e.Name()] {
			list = append(list, e.Name())
		}
	}
	return list
}

// bytes is what the repository takes: whole files, and the finished chunks of others.
func (d folder) bytes() (n int64) {
	entries, _ := os.ReadDir(filepath.Join(d.dir, "blobs"))
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	entries, _ = os.ReadDir(d.own(""))
	for _, e := range entries {
		hash, ok := strings.CutSuffix(e.Name(), ".journal")
		size, sound := sizeIn(d.own(e.Name()), hash)
		if !ok || !sound {
			continue
		}
		if j, _, err := readJournal(d.own(e.Name()), File{Hash: hash, Size: size}, 1); err == nil {
			n += j.done()
		}
	}
	return n
}

// Remove takes a model out of the cache, all its revisions, and tells how many bytes
// that was.
func (s Settings) Remove(repo string) (int64, error) {
	at := s.folder(repo)
	if _, err := os.Stat(at.dir); err != nil {
		return 0, failed(repo, "ossian list shows what is", "it is not in %s", s.Cache)
	}
	if err := at.make(); err != nil {
		return 0, err
	}
	lock, err := at.lock()
	if err != nil {
		return 0, err
	}
	n := at.bytes()
	// Renamed first: what is half removed must not look like a model.
	gone := filepath.Join(s.Cache, ".ossian-removed-"+filepath.Base(at.dir))
	_ = lock.Close() // an open file keeps some systems from renaming its folder
	err = os.RemoveAll(gone)
	if err == nil {
		err = os.Rename(at.dir, gone)
	}
	if err == nil {
		err = os.RemoveAll(gone)
	}
	if err != nil {
		return 0, &Error{What: repo, Why: "removing it", Next: "remove " + at.dir + " yourself", Err: err}
	}
	return n, nil
}
