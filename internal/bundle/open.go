package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Bundle is one whose signature was checked and whose manifest was read. What else its
// folder holds is not believed yet.
type Bundle struct {
	Dir      string
	Manifest *Manifest
	Signer   PublicKey // nil: nobody
	id       string    // hash of the manifest
	root     *os.Root
}

// Open reads signature and manifest of the bundle in a folder, the signature first.
func Open(dir string, trust Trust) (b *Bundle, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, &Error{What: dir, Why: "opening the folder", Next: "give the folder that ossian bundle wrote", Err: err}
	}
	defer func() {
		if err != nil {
			_ = root.Close()
		}
	}()
	if _, err := root.Lstat(unfinished); err == nil {
		return nil, failed(dir, "run ossian bundle with the same words again where it was made: it goes on from there", "this bundle was not finished")
	}
	manifest, err := readSmall(root, manifestName, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failed(dir, "give the folder that ossian bundle wrote", "it holds no bundle: there is no %s", manifestName)
	}
	if err != nil {
		return nil, err
	}
	b = &Bundle{Dir: dir, id: hashOf(manifest), root: root}
	signed, err := readSmall(root, signatureName, maxSignature)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !trust.Unsigned {
			return nil, &UnsignedError{dir}
		}
	case err != nil:
		return nil, err
	default:
		sig, err := parseSignature(signed)
		if err == nil {
			err = sig.check(manifest)
		}
		if err != nil {
			return nil, err
		}
		if trust.Unsigned {
			return nil, failed(dir, "leave --unsigned out", "it is signed, with the key %s", sig.key.Fingerprint())
		}
		if !trust.covers(sig.key) {
			return nil, &UnknownKeyError{dir, sig.key}
		}
		b.Signer = sig.key
	}
	b.Manifest, err = Parse(manifest)
	return b, err
}

// Close lets go of the folder.
func (b *Bundle) Close() error { return b.root.Close() }

// readSmall reads a plain file of at most most bytes.
func readSmall(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := openPlain(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if int64(len(data)) > most {
		return nil, failed(name, again, "it has more than %d bytes", most)
	}
	return data, nil
}

// openPlain opens a file that is one: no link, no device, and nothing that took its
// place meanwhile.
func openPlain(root *os.Root, name string) (*os.File, error) {
	path := filepath.FromSlash(name)
	seen, err := root.Lstat(path)
	if err != nil {
		return nil, unreadable(name, err)
	}
	if !seen.Mode().IsRegular() {
		return nil, failed(name, again, "it is %s, not a plain file", kindOf(seen.Mode()))
	}
	f, err := root.Open(path)
	if err != nil {
		return nil, unreadable(name, err)
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(seen, now) {
		_ = f.Close()
		return nil, failed(name, again, "it was exchanged while it was opened")
	}
	return f, nil
}

func unreadable(name string, err error) error {
	return &Error{What: name, Why: "reading it", Next: "see that the disk or stick is sound, then run the same command again", Err: err}
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a plain file"
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return fmt.Sprintf("something else (%v)", m.Type())
}

// open opens a file of the bundle, all its parts.
func (b *Bundle) open(f *File) (*span, error) {
	s := &span{part: f.Part}
	for _, p := range f.pieces() {
		file, err := openPlain(b.root, p.name)
		if err != nil {
			_ = s.Close()
			return nil, err
		}
		s.files = append(s.files, file)
	}
	return s, nil
}
