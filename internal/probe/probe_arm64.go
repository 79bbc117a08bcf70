package probe

import (
	"unsafe"

	"ossian/internal/cpu"
)

//go:noescape
func readOne(p unsafe.Pointer, n int)

//go:noescape
func readFour(p unsafe.Pointer, n int)

//go:noescape
func readAhead(p unsafe.Pointer, n int)

func peakSDOT(rounds int)

func peakSMMLA(rounds int)

func peakFMLA(rounds int)

// piece keeps a call of assembly, which cannot be preempted, short.
const piece = 1 << 20

func read(f cpu.Features, b []byte, p Pattern) {
	if !f.NEON {
		readGo(b)
		return
	}
	for ; len(b) >= piece; b = b[piece:] {
		at := unsafe.Pointer(&b[0])
		switch p {
		case OneStream:
			readOne(at, piece)
		case FourStreams:
			readFour(at, piece)
		default:
			readAhead(at, piece)
		}
	}
}

func compute(f cpu.Features, k Kind, rounds int) float64 {
	if !f.NEON {
		return computeGo(rounds)
	}
	loop, lanes := peakFMLA, 4
	switch {
	case k == Int8 && f.I8MM:
		loop, lanes = peakSMMLA, 32
	case k == Int8:
		loop, lanes = peakSDOT, 16
	}
	const chains = 16
	const some = 4096
	n := (rounds + some - 1) / some
	for range n {
		loop(some)
	}
	return float64(n*some) * float64(chains*lanes*2)
}
