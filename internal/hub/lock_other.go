//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package hub

import "os"

// lock does not keep others out here: this system has no lock that dies with its process.
func (d folder) lock() (*os.File, error) {
	return os.OpenFile(d.own("lock"), os.O_CREATE|os.O_RDWR, 0o644)
}
