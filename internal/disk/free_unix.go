//go:build linux || darwin

package disk

import "syscall"

// Free is what an ordinary user may still write to the disk of a folder, which need
// not be there yet.
func Free(dir string) (bytes int64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(existing(dir), &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
