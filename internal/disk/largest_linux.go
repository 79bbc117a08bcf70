package disk

import "syscall"

// Largest is how many bytes a file may have on the disk of a folder, where that is
// less than anybody needs and can be known.
func Largest(dir string) (bytes int64, limited bool) {
	const msdos = 0x4d44 // MSDOS_SUPER_MAGIC of linux/magic.h; vfat has it too, exfat has not
	var s syscall.Statfs_t
	if err := syscall.Statfs(existing(dir), &s); err != nil || int64(s.Type) != msdos {
		return 0, false
	}
	return largestOnFAT, true
}
