package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// Plan is what a pull brings.
type Plan struct {
	Ref
	Commit   string
	Original bool
	Files    []File
	Missing  int64 // bytes that are still to come
}

// Bytes is the size of all files.
func (p *Plan) Bytes() int64 { return total(p.Files) }

// Plan asks the hub what a model consists of. Nothing is written.
func (h *Hub) Plan(ctx context.Context, ref Ref, original bool) (*Plan, error) {
	p := &Plan{Ref: ref, Original: original}
	var err error
	if p.Commit, err = h.commit(ctx, ref); err != nil {
		return nil, err
	}
	if err := h.choose(ctx, p); err != nil {
		return nil, err
	}
	at := h.folder(ref.Repo)
	for _, f := range p.Files {
		p.Missing += at.missing(f)
	}
	return p, nil
}

func (h *Hub) choose(ctx context.Context, p *Plan) error {
	all, err := h.list(ctx, p.Repo, p.Commit)
	if err != nil {
		return err
	}
	p.Files = Choose(all, p.Original)
	has := func(ok func(string) bool) bool {
		return slices.ContainsFunc(p.Files, func(f File) bool { return ok(f.Path) })
	}
	if !has(func(name string) bool { return name == "config.json" }) || !has(func(name string) bool { return strings.HasSuffix(name, ".safetensors") }) {
		return failed(p.Repo, "name a repository that has config.json and .safetensors files; --original takes those in original/", "it holds no model of the kind this program reads")
	}
	return nil
}

// missing is how many bytes of a file are not in the cache.
func (d folder) missing(f File) int64 {
	if info, err := os.Stat(d.blob(f)); err == nil && info.Size() == f.Size {
		if _, err := os.Stat(d.journal(f)); err != nil {
			return 0
		}
	} else if info, err := os.Stat(d.part(f)); err != nil || info.Size() != f.Size {
		return f.Size
	}
	j, _, err := readJournal(d.journal(f), f, 1)
	if err != nil {
		return f.Size
	}
	return f.Size - j.done()
}

// Pull brings a model into the cache and returns its folder. What is there already is
// not fetched again, however far an earlier pull came.
func (h *Hub) Pull(ctx context.Context, p *Plan) (dir string, err error) {
	at := h.folder(p.Repo)
	if err := at.make(); err != nil {
		return "", err
	}
	lock, err := at.lock()
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if free, known := h.Free(at.dir); known && free < p.Missing {
		return "", &SpaceError{Dir: at.dir, Need: p.Missing, Have: free}
	}
	var done atomic.Int64
	done.Store(p.Bytes() - p.Missing)
	tell := func(n int64) { h.Progress("fetching "+p.Ref.String(), done.Add(n), p.Bytes()) }
	tell(0)
	changes := 0
	for i := 0; i < len(p.Files); i++ {
		f := p.Files[i]
		err := h.obtain(ctx, at, p.Commit, f, tell)
		if changed := (*changedError)(nil); errors.As(err, &changed) {
			changes++
			if changes > maxRounds {
				return "", failed(f.Path, "wait until its publisher is done, then run the same command again", "%s, %d times", changed.why, changes)
			}
			h.Note(fmt.Sprintf("%s: %s; it is started again", f.Path, changed.why))
			if err := errors.Join(removed(at.journal(f)), removed(at.part(f))); err != nil {
				return "", err
			}
			if err := h.choose(ctx, p); err != nil {
				return "", err
			}
			missing := int64(0)
			for _, f := range p.Files {
				missing += at.missing(f)
			}
			done.Store(p.Bytes() - missing)
			i = -1 // the list may differ anywhere; what is here costs nothing
			continue
		}
		if err != nil {
			return "", err
		}
		if err := at.link(p.Commit, f); err != nil {
			return "", &Error{What: f.Path, Why: "linking it into the snapshot", Next: "see that " + at.dir + " is writable", Err: err}
		}
		if f.Path == "config.json" {
			if err := ours(at.blob(f), p.Repo); err != nil {
				return "", err
			}
		}
	}
	if err := at.point(p.Revision, p.Commit); err != nil {
		return "", &Error{What: p.Repo, Why: "writing down its revision", Next: "see that " + at.dir + " is writable", Err: err}
	}
	return at.snapshot(p.Commit), nil
}

// obtain sees to it that a file is in its place and whole.
func (h *Hub) obtain(ctx context.Context, at folder, commit string, f File, tell func(int64)) error {
	here, err := at.settle(f)
	if err != nil || here {
		return err
	}
	return h.fetch(ctx, at, commit, f, tell)
}

// settle brings what a crash, a repair or another tool left into one of two states:
// the file is in its place, or what there is of it waits to be completed.
func (d folder) settle(f File) (here bool, err error) {
	blob, part := d.blob(f), d.part(f)
	info, err := os.Stat(blob)
	if err != nil {
		return false, nil
	}
	if info.Size() != f.Size {
		return false, os.Remove(blob)
	}
	_, err = os.Stat(d.journal(f))
	if err != nil {
		return true, nil
	}
	if _, err := os.Stat(part); err == nil { // another tool was faster
		return true, errors.Join(removed(d.journal(f)), removed(part))
	}
	j, _, err := readJournal(d.journal(f), f, 1)
	if err != nil {
		return false, err
	}
	if j.done() == f.Size { // killed between the two renames at the end
		return true, os.Rename(d.journal(f), d.chunks(f))
	}
	return false, os.Rename(blob, part) // killed at the beginning of a repair
}

// ours refuses a model of another architecture before its weights are fetched.
func ours(config, repo string) error {
	data, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	var c struct {
		Type string `json:"model_type"`
	}
	if err := json.Unmarshal(data, &c); err != nil || !strings.HasPrefix(c.Type, architecture) {
		return failed(repo, "choose gpt-oss or a model made from it", "its architecture is %s, which this program does not run", quoted(c.Type))
	}
	return nil
}

const architecture = "gpt_oss"

// Find gives the folder of a model that is in the cache, complete.
func (s Settings) Find(name string) (dir string, found bool) {
	ref, err := ParseRef(name)
	if err != nil {
		return "", false
	}
	at := s.folder(ref.Repo)
	commit := at.commitOf(ref.Revision)
	if commit == "" {
		return "", false
	}
	dir = at.snapshot(commit)
	for _, names := range []string{"*.safetensors", "original/*.safetensors"} {
		if list, _ := fs.Glob(os.DirFS(dir), names); len(list) > 0 {
			_, err := os.Stat(filepath.Join(dir, "config.json"))
			return dir, err == nil
		}
	}
	return "", false
}
