//go:build !amd64 && !arm64

package probe

import "ossian/internal/cpu"

func read(_ cpu.Features, b []byte, _ Pattern) { readGo(b) }

func compute(_ cpu.Features, _ Kind, rounds int) float64 { return computeGo(rounds) }
