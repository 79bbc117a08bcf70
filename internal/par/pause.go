//go:build amd64 || arm64

package par

// pause tells the core that this is a spin loop, for about 50 ns.
//
//go:noescape
func pause()
