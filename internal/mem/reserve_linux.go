package mem

import "golang.org/x/sys/unix"

// InHeap says that arenas are a part of the Go heap here.
const InHeap = false

// reserve maps anonymous memory and asks for huge pages; a kernel without them, or a
// policy against them, only costs speed, so that answer is ignored. The mapping is
// left out of core dumps: it is the checkpoint, tens of gigabytes of it.
func reserve(size int) ([]byte, func() error, error) {
	buf, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, nil, err
	}
	_ = unix.Madvise(buf, unix.MADV_HUGEPAGE)
	_ = unix.Madvise(buf, unix.MADV_DONTDUMP)
	return buf, func() error { return unix.Munmap(buf) }, nil
}
