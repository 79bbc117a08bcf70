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

//go:noescape
func readOneAVX2(p unsafe.Pointer, n int)

//go:noescape
func readFourAVX2(p unsafe.Pointer, n int)

//go:noescape
func readAheadAVX2(p unsafe.Pointer, n int)

func peakInt8(rounds int)

func peakBF16(rounds int)

func peakF32(rounds int)

func peakInt8AVX2(rounds int)

func peakF32AVX2(rounds int)

// piece keeps a call of assembly, which cannot be preempted, below a tenth of a millisecond.
const piece = 1 << 20

func read(f cpu.Features, b []byte, p Pattern) {
	one, four, ahead := readOne, readFour, readAhead
	switch {
	case f.AVX512:
	case f.AVX2:
		one, four, ahead = readOneAVX2, readFourAVX2, readAheadAVX2
	default:
		readGo(b)
		return
	}
	for ; len(b) >= piece; b = b[piece:] {
		at := unsafe.Pointer(&b[0])
		switch p {
		case OneStream:
			one(at, piece)
		case FourStreams:
			four(at, piece)
		default:
			ahead(at, piece)
		}
	}
}

func compute(f cpu.Features, k Kind, rounds int) float64 {
	loop, chains, lanes := peakF32, 16, 16
	switch {
	case f.AVX512 && k == Int8:
		loop, lanes = peakInt8, 64
	case f.AVX512 && k == BF16:
		loop, lanes = peakBF16, 32
	case f.AVX512:
	case f.AVX2 && f.FMA && k == Int8:
		loop, chains, lanes = peakInt8AVX2, 12, 32
	case f.AVX2 && f.FMA:
		loop, chains, lanes = peakF32AVX2, 12, 8
	default:
		return computeGo(rounds)
	}
	const some = 4096
	n := (rounds + some - 1) / some
	for range n {
		loop(some)
	}
	return float64(n*some) * float64(chains*lanes*2)
}
