package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"ossian/internal/disk"
)

const recordFormat = "ossian-hashes 1"

// Record is what the files of a folder were when somebody knew them to be sound, or
// first looked at them.
type Record struct {
	Format string `json:"format"`
	Folder string `json:"folder"` // absolute
	Origin string `json:"origin"` // how the hashes came about, for people: "a bundle signed by ..."
	Chunk  int64  `json:"chunk"`
	Files  []File `json:"files"`
}

// NewRecord is a record of no files yet.
func NewRecord(folder, origin string) *Record {
	return &Record{Format: recordFormat, Folder: folder, Origin: origin, Chunk: Options{}.filled().Chunk}
}

// Add takes a file as it is for sound.
func (r *Record) Add(f File) { r.Files = append(r.Files, f) }

// Record is what the manifest says of the model in the folder it was installed into.
func (b *Bundle) Record(folder string) *Record {
	origin := "an unsigned bundle"
	if b.Signer != nil {
		origin = "a bundle signed with " + b.Signer.Fingerprint()
	}
	r := &Record{Format: recordFormat, Folder: folder, Origin: origin, Chunk: b.Manifest.Chunk, Files: b.Manifest.ModelFiles()}
	for i := range r.Files {
		r.Files[i].Part = 0
	}
	return r
}

// ReadRecord reads a record; nil if there is none.
func ReadRecord(path string) (*Record, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{What: path, Why: "reading the recorded hashes", Next: "make it readable, or remove it", Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	r := &Record{}
	if err == nil {
		err = json.Unmarshal(data, r)
	}
	if err == nil && r.Format != recordFormat {
		err = fmt.Errorf("its format is %s", quoted(r.Format))
	}
	if err == nil {
		err = checkFiles(r.Files, r.Chunk)
	}
	if err != nil {
		return nil, &Error{What: path, Why: "reading the recorded hashes", Next: "remove it: then the files are recorded as they are now", Err: err}
	}
	return r, nil
}

// Write keeps the record in a file.
func (r *Record) Write(path string) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = disk.Replace(path, append(data, '\n'), 0o600)
	}
	if err != nil {
		return &Error{What: path, Why: "writing down the hashes", Next: "make it writable, or set OSSIAN_HOME", Err: err}
	}
	return nil
}

// Checked is what verifying one file found.
type Checked struct {
	File // as it is now; as recorded if it is missing
	// Wrong says what is wrong; "" for a sound file, or one that is new.
	Wrong       string
	Bad, Chunks int64 // the damaged chunks of all, where they can be told
	New         bool  // not recorded yet
}

// Verify hashes files of a folder and holds them against the record.
func (r *Record) Verify(ctx context.Context, folder fs.FS, names []string, opt Options) (list []Checked, err error) {
	opt = opt.filled()
	recorded := map[string]*File{}
	for i := range r.Files {
		recorded[r.Files[i].Path] = &r.Files[i]
	}
	sizes, all := map[string]int64{}, int64(0)
	for _, name := range names {
		info, err := fs.Stat(folder, name)
		if err != nil {
			return nil, unreadable(name, err)
		}
		sizes[name] = info.Size()
		all += info.Size()
	}
	tell := opt.counting("checking", all)
	for _, name := range names {
		now, err := r.describe(ctx, folder, name, sizes[name], tell)
		if err != nil {
			return list, err
		}
		c := Checked{File: now}
		if was := recorded[name]; was != nil {
			c.compare(was)
			delete(recorded, name)
		} else {
			c.New = true
		}
		list = append(list, c)
	}
	for i := range r.Files {
		if was := recorded[r.Files[i].Path]; was != nil {
			list = append(list, Checked{File: *was, Wrong: "it is missing"})
		}
	}
	return list, nil
}

func (r *Record) describe(ctx context.Context, folder fs.FS, name string, size int64, tell func(int64)) (File, error) {
	f, err := folder.Open(name)
	if err != nil {
		return File{}, unreadable(name, err)
	}
	defer f.Close()
	at, ok := f.(io.ReaderAt)
	if !ok {
		return File{}, failed(name, "", "it cannot be read in pieces")
	}
	now, err := describe(ctx, at, name, size, r.Chunk, tell)
	if err != nil && ctx.Err() == nil {
		err = unreadable(name, err)
	}
	return now, err
}

func (c *Checked) compare(was *File) {
	switch {
	case c.Size != was.Size:
		c.Wrong = fmt.Sprintf("it has %d bytes, not %d", c.Size, was.Size)
	case c.SHA256 != was.SHA256:
		c.Wrong = "its hash is not the recorded one"
		c.Chunks = max(1, int64(len(was.Chunks)))
		for i := range c.Chunks {
			if c.want(i) != was.want(i) {
				c.Bad++
			}
		}
	}
}
