//go:build !amd64 && !arm64

package par

import "runtime"

func pause() { runtime.Gosched() }
