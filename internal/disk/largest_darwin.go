package disk

import "syscall"

// Largest is how many bytes a file may have on the disk of a folder, where that is
// less than anybody needs and can be known.
func Largest(dir string) (bytes int64, limited bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(existing(dir), &s); err != nil {
		return 0, false
	}
	name := make([]byte, 0, len(s.Fstypename))
	for _, c := range s.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	if string(name) != "msdos" {
		return 0, false
	}
	return largestOnFAT, true
}
