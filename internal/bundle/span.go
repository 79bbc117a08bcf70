package bundle

import (
	"errors"
	"io"
	"os"
)

// span is a file that may lie in parts, each of the same size but the last.
type span struct {
	files []*os.File
	part  int64 // 0: one file
}

func (s *span) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// each cuts a stretch where the parts meet.
func (s *span) each(p []byte, off int64, do func(f *os.File, p []byte, off int64) (int, error)) (n int, err error) {
	for len(p) > 0 {
		i, at, take := int64(0), off, int64(len(p))
		if s.part > 0 {
			i, at = off/s.part, off%s.part
			take = min(take, s.part-at)
		}
		if i >= int64(len(s.files)) {
			return n, io.EOF
		}
		m, err := do(s.files[i], p[:take], at)
		n += m
		if int64(m) < take {
			return n, err
		}
		p, off = p[take:], off+take
	}
	return n, nil
}

func (s *span) ReadAt(p []byte, off int64) (int, error)  { return s.each(p, off, (*os.File).ReadAt) }
func (s *span) WriteAt(p []byte, off int64) (int, error) { return s.each(p, off, (*os.File).WriteAt) }

// end makes the file as long as it is to be, and makes it last.
func (s *span) end(f *File, sync func(*os.File) error) error {
	for i, p := range f.pieces() {
		if err := errors.Join(s.files[i].Truncate(p.size), sync(s.files[i])); err != nil {
			return err
		}
	}
	return nil
}
