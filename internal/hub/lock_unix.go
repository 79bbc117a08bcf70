//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package hub

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the model for this process until the result is closed, or it ends.
func (d folder) lock() (*os.File, error) {
	f, err := os.OpenFile(d.own("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{d.repo}
		}
		if !errors.Is(err, syscall.ENOTSUP) && !errors.Is(err, syscall.ENOSYS) { // a file system without locks
			return nil, err
		}
		return os.Open(d.own("lock"))
	}
	return f, nil
}
