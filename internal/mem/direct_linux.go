package mem

import (
	"errors"
	"io"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// directBytes is the longest single read; O_DIRECT wants offset, length and address
// aligned to a disk's block, of which pageAlign is a multiple.
const directBytes = 4 << 20

// directReader reads aligned pieces into buffers of its own and copies out of them.
type directReader struct {
	f       *os.File
	buffers sync.Pool // *[]byte of directBytes
}

func direct(f *os.File) (io.ReaderAt, bool) {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil {
		return nil, false
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFL, flags|unix.O_DIRECT); err != nil {
		return nil, false
	}
	d := &directReader{f: f, buffers: sync.Pool{New: func() any {
		raw := make([]byte, directBytes+pageAlign)
		off := int(-uintptr(unsafe.Pointer(&raw[0])) & (pageAlign - 1))
		b := raw[off : off+directBytes]
		return &b
	}}}
	var first [1]byte
	if _, err := d.ReadAt(first[:], 0); err != nil && err != io.EOF { // some file systems accept the flag only
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETFL, flags) // back to what it was
		return nil, false
	}
	return d, true
}

func (d *directReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errRange
	}
	buf := d.buffers.Get().(*[]byte)
	defer d.buffers.Put(buf)
	for n < len(p) {
		lo := (off + int64(n)) &^ (pageAlign - 1)
		skip := int(off + int64(n) - lo)
		want := min((skip+len(p)-n+pageAlign-1)&^(pageAlign-1), directBytes)
		got, err := unix.Pread(int(d.f.Fd()), (*buf)[:want], lo)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return n, &os.PathError{Op: "read", Path: d.f.Name(), Err: err}
		}
		if got <= skip { // the file ends before what was asked for
			return n, io.EOF
		}
		n += copy(p[n:], (*buf)[skip:got])
	}
	return n, nil
}
