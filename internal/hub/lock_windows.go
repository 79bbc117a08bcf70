package hub

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the model for this process until the result is closed, or it ends: the
// file is opened so that nobody else can open it.
func (d folder) lock() (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(d.own("lock"))
	if err != nil {
		return nil, err
	}
	const sharingViolation = syscall.Errno(32)
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, &LockedError{d.repo}
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(handle), d.own("lock")), nil
}
