//go:build !linux && !darwin

package synth

// freeBytes does not know; a full disk shows when writing.
func freeBytes(string) (int64, bool) { return 0, false }
