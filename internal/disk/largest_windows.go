package disk

import (
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

// Largest is how many bytes a file may have on the disk of a folder, where that is
// less than anybody needs and can be known.
func Largest(dir string) (bytes int64, limited bool) {
	root, err := syscall.UTF16PtrFromString(filepath.VolumeName(existing(dir)) + `\`)
	if err != nil {
		return 0, false
	}
	var name [32]uint16
	ok, _, _ := syscall.NewLazyDLL("kernel32.dll").NewProc("GetVolumeInformationW").Call(uintptr(unsafe.Pointer(root)),
		0, 0, 0, 0, 0, uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)))
	if ok == 0 || !strings.HasPrefix(syscall.UTF16ToString(name[:]), "FAT") {
		return 0, false
	}
	return largestOnFAT, true
}
