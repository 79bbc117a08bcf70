package hub

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"ossian/internal/disk"
)

// folder is one repository in the official cache's layout:
//
//	models--owner--name/blobs/HASH                  the files
//	                   /snapshots/COMMIT/PATH       links to them
//	                   /refs/REVISION               the commit it stands for
//	                   /.ossian/HASH.part           a file being fetched
//	                   /.ossian/HASH.journal        which of its chunks are there
//	                   /.ossian/HASH.chunks         the chunk hashes of a finished file
//	                   /.ossian/lock
type folder struct {
	dir  string
	repo string
}

const folderPrefix = "models--"

func (s Settings) folder(repo string) folder {
	return folder{dir: filepath.Join(s.Cache, folderPrefix+strings.ReplaceAll(repo, "/", "--")), repo: repo}
}

// repoOf is the repository whose folder has a name.
func repoOf(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, folderPrefix)
	owner, repo, two := strings.Cut(rest, "--")
	return owner + "/" + repo, ok && two && plainPart(owner) && plainPart(repo)
}

func (d folder) blob(f File) string       { return filepath.Join(d.dir, "blobs", f.Hash) }
func (d folder) own(name string) string   { return filepath.Join(d.dir, ".ossian", name) }
func (d folder) part(f File) string       { return d.own(f.Hash + ".part") }
func (d folder) journal(f File) string    { return d.own(f.Hash + ".journal") }
func (d folder) chunks(f File) string     { return d.own(f.Hash + ".chunks") }
func (d folder) snapshot(c string) string { return filepath.Join(d.dir, "snapshots", c) }
func (d folder) ref(revision string) string {
	return filepath.Join(d.dir, "refs", filepath.FromSlash(revision))
}

func (d folder) make() error {
	for _, sub := range []string{"blobs", "snapshots", "refs", ".ossian"} {
		if err := os.MkdirAll(filepath.Join(d.dir, sub), 0o755); err != nil {
			return &Error{What: d.repo, Why: "making its folder", Next: "make the folder writable, or set HF_HUB_CACHE to one that is", Err: err}
		}
	}
	return nil
}

// lock takes the model for this process until the result is closed, or it ends.
func (d folder) lock() (*os.File, error) {
	f, err := disk.Lock(d.own("lock"))
	if errors.Is(err, disk.ErrLocked) {
		return nil, &LockedError{d.repo}
	}
	return f, err
}

// link puts a finished file into a snapshot.
func (d folder) link(commit string, f File) error {
	at := filepath.Join(d.snapshot(commit), filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	target, err := filepath.Rel(filepath.Dir(at), d.blob(f))
	if err != nil {
		return err
	}
	if now, err := os.Readlink(at); err == nil && now == target {
		return nil
	}
	tmp := at + ".new"
	_ = os.Remove(tmp)
	if err := os.Symlink(target, tmp); err != nil {
		if err = os.Link(d.blob(f), tmp); err != nil { // where links need a privilege, one file has two names
			return err
		}
	}
	return os.Rename(tmp, at)
}

// point makes a revision stand for a commit. A commit stands for itself.
func (d folder) point(revision, commit string) error {
	if revision == commit {
		return nil
	}
	path := d.ref(revision)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return disk.Replace(path, []byte(commit), 0o644)
}

// commitOf is what a revision stands for here; "" if it is not here.
func (d folder) commitOf(revision string) string {
	if isHex(revision, 40) {
		return revision
	}
	data, err := os.ReadFile(d.ref(revision))
	if c := strings.TrimSpace(string(data)); err == nil && isHex(c, 40) {
		return c
	}
	return ""
}
