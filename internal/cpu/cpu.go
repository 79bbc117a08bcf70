// Package cpu says what this processor can do: single features, and the tier they
// add up to. It is apart from the kernels so that the choice of a kernel set, the
// diagnosis a person asks for and the tests agree on one answer.
//
// Detection reads no environment and keeps no state; Features is a plain value.
package cpu

import "strings"

// Features are the instruction sets the kernels know how to use. A field is true
// only when the operating system also saves the registers involved.
type Features struct {
	// amd64
	AVX2, FMA, F16C, AVXVNNI bool
	AVX512                   bool // F, BW, DQ, VL
	AVX512VBMI, AVX512VNNI   bool
	AVX512BF16               bool
	// arm64
	NEON, DotProd, I8MM, SVE2 bool
}

// Tier is a set of features that kernels are written for, named so that a person
// can ask for a lower one.
type Tier string

// The tiers, best first within an architecture. Generic runs everywhere.
const (
	AVX512  Tier = "avx512"  // F, BW, DQ, VL, VBMI, VNNI
	AVX2    Tier = "avx2"    // with FMA
	I8MM    Tier = "i8mm"    // dotprod, with products of 8-bit matrices
	DotProd Tier = "dotprod" // NEON with 8-bit dot products
	NEON    Tier = "neon"
	Generic Tier = "go"
)

// Detect asks the processor.
func Detect() Features { return detect() }

// Tiers lists what f can run, best first; the last is always Generic.
func (f Features) Tiers() []Tier {
	var out []Tier
	add := func(t Tier, ok bool) {
		if ok {
			out = append(out, t)
		}
	}
	add(AVX512, f.AVX512 && f.AVX512VBMI && f.AVX512VNNI && f.FMA)
	add(AVX2, f.AVX2 && f.FMA)
	add(I8MM, f.NEON && f.DotProd && f.I8MM)
	add(DotProd, f.NEON && f.DotProd)
	add(NEON, f.NEON)
	return append(out, Generic)
}

// Best is the first of Tiers.
func (f Features) Best() Tier { return f.Tiers()[0] }

// String lists the features present, for diagnosis.
func (f Features) String() string {
	var s []string
	for _, x := range []struct {
		name string
		ok   bool
	}{
		{"avx2", f.AVX2}, {"fma", f.FMA}, {"f16c", f.F16C}, {"avx-vnni", f.AVXVNNI}, {"avx512", f.AVX512},
		{"avx512-vbmi", f.AVX512VBMI}, {"avx512-vnni", f.AVX512VNNI}, {"avx512-bf16", f.AVX512BF16},
		{"neon", f.NEON}, {"dotprod", f.DotProd}, {"i8mm", f.I8MM}, {"sve2", f.SVE2},
	} {
		if x.ok {
			s = append(s, x.name)
		}
	}
	if len(s) == 0 {
		return "none"
	}
	return strings.Join(s, " ")
}
