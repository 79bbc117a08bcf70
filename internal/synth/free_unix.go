//go:build linux || darwin

package synth

import "syscall"

// freeBytes is what an ordinary user may still write to dir's disk.
func freeBytes(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
