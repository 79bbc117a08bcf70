package gguf

import (
	"encoding/binary"
	"errors"
	"io"
)

// scanner reads a header front to back through a small window, so that a long array
// costs no memory, and nothing is believed that the file has no bytes for.
type scanner struct {
	r    io.ReaderAt
	pos  int64 // of the next byte
	end  int64 // size of the file
	what string
	buf  []byte // bytes from pos on that were read already
	room []byte // buf's memory
}

const window = 64 << 10

func newScanner(r io.ReaderAt, pos, end int64) *scanner {
	return &scanner{r: r, pos: pos, end: end, what: "header", room: make([]byte, min(window, end-pos))}
}

func (s *scanner) left() int64 { return s.end - s.pos }

// peek shows the next n bytes, at most a window; they are valid until the next call.
func (s *scanner) peek(n int) ([]byte, error) {
	if int64(n) > s.left() {
		return nil, damaged(s.what, "it ends after %d bytes, in the middle of the header", s.end)
	}
	if len(s.buf) < n {
		p := s.room[:min(int64(len(s.room)), s.left())]
		if err := readAt(s.r, p, s.pos); err != nil {
			return nil, &Error{What: s.what, Why: "reading it", Next: refetch, Err: err}
		}
		s.buf = p
	}
	return s.buf[:n], nil
}

// skip passes n bytes that are there.
func (s *scanner) skip(n int64) error {
	if n < 0 || n > s.left() {
		return damaged(s.what, "%d bytes are announced, but the file has only %d more", n, s.left())
	}
	s.buf = s.buf[min(n, int64(len(s.buf))):]
	s.pos += n
	return nil
}

func (s *scanner) u32() (uint32, error) {
	p, err := s.peek(4)
	if err != nil {
		return 0, err
	}
	v := binary.LittleEndian.Uint32(p)
	return v, s.skip(4)
}

func (s *scanner) u64() (uint64, error) {
	p, err := s.peek(8)
	if err != nil {
		return 0, err
	}
	v := binary.LittleEndian.Uint64(p)
	return v, s.skip(8)
}

// count reads a number of things of which each takes at least each bytes.
func (s *scanner) count(of string, each, most int64) (int64, error) {
	v, err := s.u64()
	if err != nil {
		return 0, err
	}
	if v > uint64(s.left()/each) {
		return 0, damaged(s.what, "%d %s are announced, more than its %d bytes can hold", v, of, s.end)
	}
	if v > uint64(most) {
		return 0, &Error{What: s.what, Why: quantity(v, of, most), Next: "use a file with fewer"}
	}
	return int64(v), nil
}

// text reads a string of at most most bytes.
func (s *scanner) text(most int64) (string, error) {
	n, err := s.count("bytes of text", 1, most)
	if err != nil {
		return "", err
	}
	if n <= int64(len(s.room)) {
		p, err := s.peek(int(n))
		if err != nil {
			return "", err
		}
		v := string(p)
		return v, s.skip(n)
	}
	p := make([]byte, n)
	if err := readAt(s.r, p, s.pos); err != nil {
		return "", &Error{What: s.what, Why: "reading it", Next: refetch, Err: err}
	}
	return string(p), s.skip(n)
}

// readAt fills p or fails; io.EOF with a full p is success.
func readAt(r io.ReaderAt, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
