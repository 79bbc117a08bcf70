//go:build unix

package bundle

import "syscall"

func makePipe(path string) error { return syscall.Mkfifo(path, 0o600) }
