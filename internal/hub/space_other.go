//go:build !(linux || darwin || windows)

package hub

func freeSpace(string) (int64, bool) { return 0, false }
