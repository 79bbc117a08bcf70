package mem

import (
	"errors"
	"fmt"
	"sync"
)

// Error is a failure to get or give back memory.
type Error struct {
	Op    string // what was being done
	Bytes int64
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("mem: %s of %d bytes: %v", e.Op, e.Bytes, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

var (
	errRange  = errors.New("the size is not positive or too large for this platform")
	errAlign  = errors.New("the alignment is not a power of two up to 4096")
	errFull   = errors.New("the arena is full")
	errClosed = errors.New("the arena is closed")
)

// pageAlign is the alignment of an arena's first byte, on every platform.
const pageAlign = 4096

// Arena hands out pieces of one block of zeroed memory, front to back.
type Arena struct {
	mu      sync.Mutex
	buf     []byte
	used    int
	closed  bool
	release func() error
}

// NewArena reserves size bytes. Memory is taken by the system page by page as it is
// first written, so a size that does not fit may fail only then: ask Available first.
func NewArena(size int64) (*Arena, error) {
	if size <= 0 || size > maxInt-pageAlign {
		return nil, &Error{"reserving an arena", size, errRange}
	}
	buf, release, err := reserve(int(size))
	if err != nil {
		return nil, &Error{"reserving an arena", size, err}
	}
	return &Arena{buf: buf, release: release}, nil
}

const maxInt = int64(int(^uint(0) >> 1))

// Alloc gives n zeroed bytes aligned to align, a power of two up to 4096. The slice's
// capacity is n, so appending never runs into a neighbour.
func (a *Arena) Alloc(n, align int) ([]byte, error) {
	if n < 0 {
		return nil, &Error{"allocating from an arena", int64(n), errRange}
	}
	if align <= 0 || align > pageAlign || align&(align-1) != 0 {
		return nil, &Error{"allocating from an arena", int64(n), errAlign}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, &Error{"allocating from an arena", int64(n), errClosed}
	}
	pad := -a.used & (align - 1)
	if pad > len(a.buf)-a.used || n > len(a.buf)-a.used-pad {
		return nil, &Error{"allocating from an arena", int64(n), errFull}
	}
	lo := a.used + pad
	a.used = lo + n
	return a.buf[lo : lo+n : lo+n], nil
}

// Size is the number of bytes reserved, Used the number handed out with padding.
func (a *Arena) Size() int64 { return int64(len(a.buf)) }

// Used is the number of bytes handed out, padding included.
func (a *Arena) Used() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return int64(a.used)
}

// Close gives the memory back. Touching a slice of it afterwards faults. Closing
// twice is harmless.
func (a *Arena) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	n := int64(len(a.buf))
	a.buf = nil
	if err := a.release(); err != nil {
		return &Error{"releasing an arena", n, err}
	}
	return nil
}
