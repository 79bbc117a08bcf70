package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ossian/internal/disk"
)

// Source is a file that goes into a bundle.
type Source struct {
	Path string // in the bundle
	From string // on this machine
}

// ModelFile is a file of the model; name is its path below the model's folder.
func ModelFile(name, from string) Source { return Source{Path: modelDir + name, From: from} }

// Job is a bundle to be written.
type Job struct {
	Dir    string
	Model  string // "": the program alone
	Origin string // where the model came from, for people
	Files  []Source
	Key    PrivateKey // nil: unsigned
	Split  bool       // large files in parts, even where the disk does not say it needs that
	Made   time.Time
}

const (
	// unfinished marks a bundle that is being written.
	unfinished = "unfinished-bundle"
	// splitAt is the size of parts where files are split: a round number below 4 GiB
	// that whole chunks fill.
	splitAt = 2 << 30
)

// Write makes a bundle. Its folder must be empty, or hold what an interrupted call with
// the same job left; then what is there is kept. The manifest comes last: without one
// nothing is taken for a bundle.
func Write(ctx context.Context, job Job, opt Options) (*Manifest, error) {
	opt = opt.filled()
	files, err := look(job)
	if err != nil {
		return nil, err
	}
	m := &Manifest{Format: manifestFormat, Model: job.Model, Source: job.Origin, Made: job.Made.UTC().Format(time.RFC3339), Chunk: opt.Chunk}
	part := job.part(opt)
	for i := range files {
		f := File{Path: files[i].Path, Size: files[i].size}
		if part > 0 && f.Size > part {
			f.Part = part
		}
		m.Files = append(m.Files, f)
	}
	if err := distinct(m.Files); err != nil { // before hours of writing
		return nil, err
	}
	if err := job.vacant(m); err != nil {
		return nil, err
	}
	if err := job.room(m, opt); err != nil {
		return nil, err
	}
	tell := opt.counting("writing "+job.Dir, m.Bytes())
	for i := range files {
		if err := job.write(ctx, &files[i], &m.Files[i], m.Chunk, opt, tell); err != nil {
			return nil, err
		}
	}
	return m, job.seal(m)
}

// source is a Source that was looked at.
type source struct {
	Source
	size int64
	text []byte // instead of From
}

func (s *source) open() (io.ReaderAt, io.Closer, error) {
	if s.text != nil {
		return bytes.NewReader(s.text), io.NopCloser(nil), nil
	}
	f, err := os.Open(s.From)
	return f, f, err
}

// look asks for the sizes, and adds the text for people.
func look(job Job) (files []source, err error) {
	if job.Model != "" && (!plain(job.Model) || strings.Contains(job.Model, "/")) {
		return nil, failed(quoted(job.Model), "choose letters, digits, dots and dashes: --name NAME", "it is no name for a model")
	}
	for _, s := range job.Files {
		if !plain(s.Path) {
			return nil, failed(quoted(s.Path), "rename the file", "a bundle cannot hold this name: other systems would not take it")
		}
		info, err := os.Stat(s.From)
		if err != nil {
			return nil, unreadable(s.From, err)
		}
		if !info.Mode().IsRegular() {
			return nil, failed(s.From, "leave it out", "it is %s, not a plain file", kindOf(info.Mode()))
		}
		files = append(files, source{Source: s, size: info.Size()})
	}
	text := readme(job)
	return append([]source{{Source: Source{Path: readmeName}, size: int64(len(text)), text: text}}, files...), nil
}

// part is the size of parts, 0 for whole files.
func (job Job) part(opt Options) int64 {
	most, limited := opt.Largest(job.Dir)
	if !limited && !job.Split {
		return 0
	}
	part := int64(splitAt)
	if limited {
		part = min(part, most)
	}
	return max(1, part/opt.Chunk) * opt.Chunk
}

// vacant refuses a folder that holds anything but what an interrupted call left there.
func (job Job) vacant(m *Manifest) error {
	entries, err := os.ReadDir(job.Dir)
	if err == nil && len(entries) > 0 {
		if _, err := os.Lstat(filepath.Join(job.Dir, unfinished)); err == nil {
			return job.leftOver(m)
		}
		if _, err := os.Lstat(filepath.Join(job.Dir, manifestName)); err == nil {
			return failed(job.Dir, "give another folder, or remove this one", "it holds a bundle already")
		}
		return failed(job.Dir, "give a new or empty one, on a stick too: "+filepath.Join(job.Dir, "ossian-bundle"), "a bundle needs a folder of its own, and this one holds %s", quoted(entries[0].Name()))
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(job.Dir, 0o755); err == nil {
			err = os.WriteFile(filepath.Join(job.Dir, unfinished), []byte("ossian bundle is writing here, or was interrupted; the same command goes on.\n"), 0o644)
		}
	}
	if err != nil {
		return unwritable(job.Dir, err)
	}
	return nil
}

// leftOver looks at what an interrupted call left: it must be of this job.
func (job Job) leftOver(m *Manifest) error {
	known := map[string]bool{unfinished: true, manifestName: true, signatureName: true}
	for i := range m.Files {
		for _, p := range m.Files[i].pieces() {
			known[p.name] = true
		}
	}
	return filepath.WalkDir(job.Dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(p, err)
		}
		rel, err := filepath.Rel(job.Dir, p)
		if err != nil || e.IsDir() {
			return err
		}
		if !known[filepath.ToSlash(rel)] && !leftByDesktops(e.Name()) {
			return failed(job.Dir, "give a new or empty one", "an unfinished bundle lies there, and %s is not of this one", quoted(filepath.ToSlash(rel)))
		}
		if !e.Type().IsRegular() {
			return failed(p, "remove it", "it is %s, not a plain file", kindOf(e.Type()))
		}
		return nil
	})
}

// room refuses a disk that cannot hold what is still to be written.
func (job Job) room(m *Manifest, opt Options) error {
	const spare = 4 << 20 // manifest, folders, what is lost at the ends of files
	need := int64(spare)
	for i := range m.Files {
		for _, p := range m.Files[i].pieces() {
			need += p.size
			if info, err := os.Lstat(filepath.Join(job.Dir, filepath.FromSlash(p.name))); err == nil {
				need -= min(p.size, info.Size())
			}
		}
	}
	if free, known := opt.Free(job.Dir); known && free < need {
		return &SpaceError{Dir: job.Dir, Need: need, Have: free}
	}
	return nil
}

// write copies one file, hashing it on its way, and fills in what the manifest says.
func (job Job) write(ctx context.Context, s *source, f *File, chunk int64, opt Options, tell func(int64)) (err error) {
	r, closer, err := s.open()
	if err != nil {
		return unreadable(s.From, err)
	}
	defer closer.Close()
	to := &span{part: f.Part}
	defer func() {
		if cerr := to.Close(); err == nil && cerr != nil {
			err = unwritable(f.Path, cerr)
		}
	}()
	for _, p := range f.pieces() {
		at := filepath.Join(job.Dir, filepath.FromSlash(p.name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return unwritable(at, err)
		}
		out, err := os.OpenFile(at, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return unwritable(at, err)
		}
		to.files = append(to.files, out)
	}
	w := &writer{to: to, at: filepath.Join(job.Dir, filepath.FromSlash(f.Path)), sync: opt.Sync}
	f.SHA256, err = pass(ctx, r, f.Size, chunk, func(i int64, data []byte, sum string) error {
		if chunks(f.Size, chunk) > 1 {
			f.Chunks = append(f.Chunks, sum)
		}
		return w.put(data, i*chunk)
	}, tell)
	if err != nil {
		if typed := (*Error)(nil); ctx.Err() == nil && !errors.As(err, &typed) {
			return unreadable(s.From, err)
		}
		return err
	}
	if err := to.end(f, opt.Sync); err != nil {
		return unwritable(f.Path, err)
	}
	if info, err := os.Stat(s.From); s.text == nil && (err != nil || info.Size() != f.Size) {
		return failed(s.From, "leave it alone until the bundle is written, then run the same command again", "it changed while it was copied")
	}
	return nil
}

// seal writes the signature, then the manifest.
func (job Job) seal(m *Manifest) error {
	data, err := m.encode()
	if err != nil {
		return err
	}
	if _, err := Parse(data); err != nil { // what cannot be read must not be given away
		return err
	}
	if job.Key == nil { // what an interrupted call with a key left
		_ = os.Remove(filepath.Join(job.Dir, signatureName))
	} else {
		if err := disk.Replace(filepath.Join(job.Dir, signatureName), []byte(sign(data, job.Key).String()), 0o644); err != nil {
			return unwritable(signatureName, err)
		}
	}
	if err := disk.Replace(filepath.Join(job.Dir, manifestName), data, 0o644); err != nil {
		return unwritable(manifestName, err)
	}
	if err := os.Remove(filepath.Join(job.Dir, unfinished)); err != nil {
		return unwritable(unfinished, err)
	}
	disk.SyncDir(job.Dir)
	return nil
}

func readme(job Job) []byte {
	var b bytes.Buffer
	what := "This folder holds the program ossian"
	if job.Model != "" {
		what = fmt.Sprintf("This folder holds the model %s and the program ossian that runs it", job.Model)
	}
	fmt.Fprintf(&b, "%s,\nfor machines without a network.\n\n", what)
	b.WriteString("Copy the program for your machine from program/ to a disk, and let it check and\ninstall the rest. On Linux, for example:\n\n" +
		"    cp program/linux-amd64/ossian ~/ossian\n    chmod +x ~/ossian\n    ~/ossian unbundle .\n\n")
	if job.Key == nil {
		b.WriteString("The folder is not signed: nothing says who made it. Take it from somebody you\ntrust, by a way on which nobody could change it.\n")
	} else {
		b.WriteString("ossian will ask whose key signed the folder. Compare the fingerprint it shows with\nthe one its maker tells you, by another way than this folder. The program in\nthis folder vouches for nothing until you know that it is genuine: compare its\nSHA-256 with what its maker tells you, or use an ossian that you have already.\n")
	}
	return b.Bytes()
}
