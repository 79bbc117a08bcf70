//go:build !linux

package mem

import (
	"errors"
	"fmt"
	"unsafe"
)

// InHeap says that arenas are a part of the Go heap here.
const InHeap = true

// reserve takes the block from the Go heap, aligned by hand. It holds no pointers, so
// the collector does not scan it.
func reserve(size int) (buf []byte, release func() error, err error) {
	defer func() {
		if r := recover(); r != nil { // makeslice: len out of range
			buf, release, err = nil, nil, errors.New(fmt.Sprint(r))
		}
	}()
	raw := make([]byte, size+pageAlign)
	off := int(-uintptr(unsafe.Pointer(&raw[0])) & (pageAlign - 1))
	return raw[off : off+size : off+size], func() error { return nil }, nil
}
