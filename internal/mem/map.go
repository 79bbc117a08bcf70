package mem

import (
	"errors"
	"os"
)

// Mapping is a file's bytes, read by the system as they are touched and shared with every process
// that maps the file. It must not be shortened meanwhile: touching bytes that are no
// longer there ends the process.
type Mapping struct {
	data    []byte
	release func() error
}

var errNoMap = errors.New("this system cannot map files")

// Map maps the whole of f, for reading. f may be closed afterwards.
func Map(f *os.File) (*Mapping, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, &Error{"mapping a file", 0, err}
	}
	size := info.Size()
	if size <= 0 || size > maxInt {
		return nil, &Error{"mapping a file", size, errRange}
	}
	data, release, err := mapFile(f, int(size))
	if err != nil {
		return nil, &Error{"mapping a file", size, err}
	}
	return &Mapping{data, release}, nil
}

// Bytes are the file's. Do not write to them, nor use them after Close.
func (m *Mapping) Bytes() []byte { return m.data }

// Populate brings bytes lo..hi-1 into memory and into the page table, so that their first use
// does not wait for it. It may be called from several goroutines. What it cannot do is left to first use.
func (m *Mapping) Populate(lo, hi int) {
	lo &^= pageAlign - 1
	if b := m.data[lo:hi]; len(b) > 0 && !populate(b) {
		for i := 0; i < len(b); i += pageAlign {
			touch(b[i])
		}
	}
}

// touch keeps a read from being optimised away.
//
//go:noinline
func touch(b byte) byte { return b }

// Close ends the mapping; a second call does nothing.
func (m *Mapping) Close() error {
	if m.release == nil {
		return nil
	}
	release, n := m.release, int64(len(m.data))
	m.data, m.release = nil, nil
	if err := release(); err != nil {
		return &Error{"ending the mapping", n, err}
	}
	return nil
}
