package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

const (
	manifestName  = "manifest.json"
	signatureName = "manifest.sig"
	readmeName    = "README.txt"
	modelDir      = "model/"
	programDir    = "program/"

	manifestFormat = "ossian-bundle 1"
)

// Bounds on what a manifest may say. The 120b has 15 files of weights and 3,900 chunks.
const (
	maxManifest = 4 << 20
	maxFiles    = 4096
	maxFileSize = 1 << 40
	maxTotal    = 1 << 42
	maxParts    = 1000
	maxChunk    = 64 << 20 // a chunk is held in memory
)

// Manifest lists what a bundle holds. It is written as JSON, indented, fields in this
// order; Parse takes nothing else, so nobody can be shown another meaning of what was
// signed.
type Manifest struct {
	Format string `json:"format"`
	Model  string `json:"model,omitempty"`  // the name it is installed under; "" for the program alone
	Source string `json:"source,omitempty"` // where the model came from, for people
	Made   string `json:"made"`             // when, RFC 3339
	Chunk  int64  `json:"chunk"`            // bytes hashed together
	Files  []File `json:"files"`
}

// File is one file of a bundle or a Record.
type File struct {
	Path   string `json:"path"` // slash-separated
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Part is how many bytes of it lie together in PATH.part000, PATH.part001, ...,
	// for file systems that end a file early; 0: it lies in one piece.
	Part int64 `json:"part,omitempty"`
	// Chunks are the hashes of the chunks, where there are several.
	Chunks []string `json:"chunks,omitempty"`
}

// want is the hash that chunk i should have.
func (f *File) want(i int64) string {
	if len(f.Chunks) == 0 {
		return f.SHA256
	}
	return f.Chunks[i]
}

// piece is a stretch of a file that lies under one name.
type piece struct {
	name string
	size int64
}

// pieces are the names under which a file lies in the bundle.
func (f *File) pieces() []piece {
	if f.Part == 0 {
		return []piece{{f.Path, f.Size}}
	}
	var list []piece
	for left := f.Size; left > 0; left -= f.Part {
		list = append(list, piece{fmt.Sprintf("%s.part%03d", f.Path, len(list)), min(left, f.Part)})
	}
	return list
}

// ModelFiles are the files of the model, with their paths below its folder.
func (m *Manifest) ModelFiles() (list []File) {
	for _, f := range m.Files {
		if p, ok := strings.CutPrefix(f.Path, modelDir); ok {
			f.Path = p
			list = append(list, f)
		}
	}
	return list
}

// name is what the bundle brings, for people.
func (m *Manifest) name() string {
	if m.Model == "" {
		return "the program alone"
	}
	return m.Model
}

// Bytes is the size of all files.
func (m *Manifest) Bytes() int64 { return total(m.Files) }

func total(files []File) (n int64) {
	for _, f := range files {
		n += f.Size
	}
	return n
}

func (m *Manifest) encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", " ")
	return append(data, '\n'), err
}

// Parse reads a manifest and checks that it makes sense.
func Parse(data []byte) (*Manifest, error) {
	bad := func(why string, args ...any) error { return failed(manifestName, again, why, args...) }
	if len(data) > maxManifest {
		return nil, bad("it has more than %d bytes", maxManifest)
	}
	if n := bytes.Count(data, []byte("{")) - 1; n > maxFiles { // before memory is taken for each
		return nil, bad("it lists %d files, and at most %d make sense", n, maxFiles)
	}
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, &Error{What: manifestName, Why: "reading it", Err: err, Next: again}
	}
	if m.Format != manifestFormat {
		return nil, failed(manifestName, "use a newer ossian, or the one that lies in the bundle", "its format is %s, and this program knows %q", quoted(m.Format), manifestFormat)
	}
	if again, err := m.encode(); err != nil || !bytes.Equal(again, data) {
		return nil, bad("it is not written as ossian writes it")
	}
	if m.Model != "" && (!plain(m.Model) || strings.Contains(m.Model, "/")) || len(m.Source) > 300 || unprintable(m.Source) {
		return nil, bad("its model is called %s from %s, which is no name", quoted(m.Model), quoted(m.Source))
	}
	if _, err := time.Parse(time.RFC3339, m.Made); err != nil {
		return nil, bad("it was made at %s, which is no time", quoted(m.Made))
	}
	if err := checkFiles(m.Files, m.Chunk); err != nil {
		return nil, bad("%v", err)
	}
	if err := distinct(m.Files); err != nil {
		return nil, err
	}
	model := false
	for _, f := range m.Files {
		if !plain(f.Path) {
			return nil, bad("it lists %s, which is no path that every system takes", quoted(f.Path))
		}
		model = model || strings.HasPrefix(f.Path, modelDir)
		if f.Path != readmeName && !strings.HasPrefix(f.Path, modelDir) && !strings.HasPrefix(f.Path, programDir) {
			return nil, bad("it lists %s, which is neither of the model nor of the program", quoted(f.Path))
		}
	}
	if model != (m.Model != "") {
		return nil, bad("it names the model %s and lists files of another number of models", quoted(m.Model))
	}
	return m, nil
}

// checkFiles refuses a list that no honest program writes.
func checkFiles(files []File, chunk int64) error {
	if len(files) == 0 || len(files) > maxFiles {
		return fmt.Errorf("it lists %d files, and 1 to %d make sense", len(files), maxFiles)
	}
	if chunk < 1 || chunk > maxChunk {
		return fmt.Errorf("its chunks have %d bytes, and 1 to %d make sense", chunk, maxChunk)
	}
	sum := int64(0)
	for i := range files {
		f := &files[i]
		if !fs.ValidPath(f.Path) {
			return fmt.Errorf("it lists %s, which is no path", quoted(f.Path))
		}
		if f.Size < 0 || f.Size > maxFileSize || !isHash(f.SHA256) {
			return fmt.Errorf("%s has %d bytes and the hash %s, which makes no sense", quoted(f.Path), f.Size, quoted(f.SHA256))
		}
		if sum += f.Size; sum > maxTotal {
			return fmt.Errorf("its files have more than %d bytes together", int64(maxTotal))
		}
		if f.Part < 0 || f.Part > 0 && (f.Part >= f.Size || (f.Size-1)/f.Part >= maxParts) {
			return fmt.Errorf("%s has %d bytes in parts of %d, which makes no sense", quoted(f.Path), f.Size, f.Part)
		}
		want := chunks(f.Size, chunk)
		if want <= 1 {
			want = 0
		}
		if int64(len(f.Chunks)) != want {
			return fmt.Errorf("%s has %d chunk hashes, and %d belong to its %d bytes", quoted(f.Path), len(f.Chunks), want, f.Size)
		}
		for _, c := range f.Chunks {
			if !isHash(c) {
				return fmt.Errorf("%s has the chunk hash %s, which makes no sense", quoted(f.Path), quoted(c))
			}
		}
	}
	return nil
}

// distinct refuses files that would lie over each other.
func distinct(files []File) error {
	var names tree
	for _, own := range []string{manifestName, signatureName, unfinished} {
		names.add(own)
	}
	for i := range files {
		pieces := files[i].pieces()
		if files[i].Part > 0 { // installed, it lies in one piece
			pieces = append(pieces, piece{name: files[i].Path})
		}
		for _, p := range pieces {
			if !names.add(p.name) {
				return failed(quoted(p.name), again, "there is another file of that name, or one that differs in case only")
			}
		}
	}
	return nil
}

// chunks is how many a file has.
func chunks(size, chunk int64) int64 { return (size + chunk - 1) / chunk }

func isHash(s string) bool {
	_, err := hex.DecodeString(s)
	return len(s) == 64 && err == nil && strings.ToLower(s) == s
}

func unprintable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e })
}
