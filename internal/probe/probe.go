// Package probe measures what the machine can do at best: bytes read from memory and
// operations of each kind in a second. Speeds of kernels and of a whole model are stated as
// parts of these, because a virtual machine's memory moves by a third within minutes.
// It is apart from package kernel so that the yardstick shares nothing with what it measures.
//
// The functions take a few milliseconds to some tenths of a second, allocate nothing that
// matters and keep no state. With neither AVX-512, AVX2 nor NEON they measure plain Go, far below the
// machine's limit. Bandwidth and Peaks repeat them; they are what a report wants.
package probe

import (
	"time"

	"ossian/internal/cpu"
	"ossian/internal/par"
)

// Pattern is a way to read memory.
type Pattern string

// The patterns. Which one is fastest depends on the machine: take the best.
const (
	OneStream    Pattern = "1 stream"
	FourStreams  Pattern = "4 streams"
	FourPrefetch Pattern = "4 streams with prefetch"
)

// Patterns lists all.
func Patterns() []Pattern { return []Pattern{OneStream, FourStreams, FourPrefetch} }

// Kind is a kind of arithmetic.
type Kind string

// The kinds; a multiplication and its addition count as two operations.
//
// Int8 is VPDPBUSD where there is AVX-512 VNNI. With AVX2 it is VPMADDUBSW, VPMADDWD with ones and
// VPADDD: what exact sums in 32 bits take without VNNI. Codes so small that a few of their
// products can be added in 16 bits need less, so a kernel for them may pass this peak.
const (
	Int8 Kind = "int8" // 8-bit products summed in 32 bits
	BF16 Kind = "bf16" // products of bf16 summed in float32
	F32  Kind = "f32"
)

// Kinds lists those that f's machine has instructions for.
func Kinds(f cpu.Features) []Kind {
	if f.AVX512 && f.AVX512VNNI && f.AVX512BF16 {
		return []Kind{Int8, BF16, F32}
	}
	if f.AVX512 && f.AVX512VNNI || !f.AVX512 && f.AVX2 && f.FMA || f.DotProd {
		return []Kind{Int8, F32}
	}
	return []Kind{F32}
}

// Read reads b once, shared out over the team, and gives bytes a second. b should be
// much larger than the caches, and should have been written before.
func Read(t *par.Team, f cpu.Features, b []byte, p Pattern) float64 {
	const unit = 1 << 20
	each := (len(b) / unit / t.Size()) * unit
	begin := time.Now()
	t.For(t.Size(), 1, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			read(f, b[i*each:(i+1)*each], p)
		}
	})
	return float64(each*t.Size()) / time.Since(begin).Seconds()
}

// Peak gives operations a second of the whole team, timing about d.
func Peak(t *par.Team, f cpu.Features, k Kind, d time.Duration) float64 {
	rounds := 1 << 10
	for {
		var ops [1]float64
		begin := time.Now()
		t.For(t.Size(), 1, func(_, lo, hi int) {
			for range hi - lo {
				n := compute(f, k, rounds)
				if lo == 0 {
					ops[0] = n
				}
			}
		})
		took := time.Since(begin)
		if took >= d/2 {
			return ops[0] * float64(t.Size()) / took.Seconds()
		}
		rounds *= 2
	}
}

// readGo is the plain way: it touches every cache line. Inlined, it would be dropped, as nobody
// wants its result.
//
//go:noinline
func readGo(b []byte) (x byte) {
	for i := 0; i < len(b); i += 64 {
		x ^= b[i]
	}
	return x
}

// computeGo keeps eight sums going.
func computeGo(rounds int) float64 {
	a := [8]float32{}
	for range rounds {
		for i := range a {
			a[i] = a[i]*0.5 + 1
		}
	}
	if a[0] < 0 {
		return 0
	}
	return float64(16 * rounds)
}
