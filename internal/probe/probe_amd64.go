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

func peakInt8(rounds int)

func peakBF16(rounds int)

func peakF32(rounds int)

// piece keeps a call of assembly, which cannot be preempted, below a tenth of a millisecond.
const piece = 1 << 20

func read(f cpu.Features, b []byte, p Pattern) {
	if !f.AVX512 {
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
	if !f.AVX512 {
		return computeGo(rounds)
	}
	const chains = 16
	const some = 4096
	n := (rounds + some - 1) / some
	lanes := 0
	for range n {
		switch k {
		case Int8:
			peakInt8(some)
			lanes = 64
		case BF16:
			peakBF16(some)
			lanes = 32
		default:
			peakF32(some)
			lanes = 16
		}
	}
	return float64(n * some * chains * lanes * 2)
}
