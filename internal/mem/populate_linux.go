package mem

import "golang.org/x/sys/unix"

// populate needs Linux 5.14.
func populate(b []byte) bool { return unix.Madvise(b, unix.MADV_POPULATE_READ) == nil }
