package disk

import (
	"syscall"
	"unsafe"
)

// Free is what an ordinary user may still write to the disk of a folder, which need
// not be there yet.
func Free(dir string) (bytes int64, known bool) {
	name, err := syscall.UTF16PtrFromString(existing(dir))
	if err != nil {
		return 0, false
	}
	var free uint64
	ok, _, _ := syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW").Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&free)), 0, 0)
	return int64(free), ok != 0
}
