package num

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slow16 is the value of a small binary float from its definition.
func slow16(h uint16, expBits, manBits int) float64 {
	sign := 1.0
	if h>>15 != 0 {
		sign = -1
	}
	exp := int(h>>manBits) & (1<<expBits - 1)
	man := float64(h & (1<<manBits - 1))
	bias := 1<<(expBits-1) - 1
	switch exp {
	case 1<<expBits - 1:
		if man != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	case 0:
		return sign * math.Ldexp(man, 1-bias-manBits)
	}
	return sign * math.Ldexp(1+math.Ldexp(man, -manBits), exp-bias)
}

func same(a, b float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || a == b && math.Signbit(a) == math.Signbit(b)
}

func TestWideningIsExactForEveryCode(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		if got, want := float64(BF16ToF32(h)), slow16(h, 8, 7); !same(got, want) {
			t.Fatalf("BF16ToF32(%#04x) = %v, want %v", h, got, want)
		}
		if got, want := float64(F16ToF32(h)), slow16(h, 5, 10); !same(got, want) {
			t.Fatalf("F16ToF32(%#04x) = %v, want %v", h, got, want)
		}
	}
}

func TestNarrowingUndoesWidening(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		want := h
		if h&0x7f80 == 0x7f80 && h&0x7f != 0 {
			want |= 0x40 // quieted
		}
		if got := F32ToBF16(BF16ToF32(h)); got != want {
			t.Fatalf("bf16 %#04x came back as %#04x", h, got)
		}
		want = h
		if h&0x7c00 == 0x7c00 && h&0x3ff != 0 {
			want |= 0x200
		}
		if got := F32ToF16(F16ToF32(h)); got != want {
			t.Fatalf("f16 %#04x came back as %#04x", h, got)
		}
	}
}

// Between each pair of neighbours: the midpoint goes to the even code, the nearest
// float32 below and above it to the neighbours themselves.
func TestNarrowingRoundsToNearestEven(t *testing.T) {
	type format struct {
		name   string
		narrow func(float32) uint16
		widen  func(uint16) float32
		inf    uint16
		last   float64 // value the code of infinity would have were it a number
	}
	for _, f := range []format{
		{"bf16", F32ToBF16, BF16ToF32, 0x7f80, 0x1p128},
		{"f16", F32ToF16, F16ToF32, 0x7c00, 65536},
	} {
		for lo := uint16(0); lo < f.inf; lo++ {
			a, b := float64(f.widen(lo)), f.last
			if lo+1 < f.inf {
				b = float64(f.widen(lo + 1))
			}
			mid := float32((a + b) / 2)
			even := lo + lo&1
			for _, s := range []uint16{0, 0x8000} {
				m := math.Float32frombits(math.Float32bits(mid) | uint32(s)<<16)
				if got := f.narrow(m); got != even|s {
					t.Fatalf("%s: midpoint %v gives %#04x, want %#04x", f.name, m, got, even|s)
				}
			}
			if got := f.narrow(math.Nextafter32(mid, 0)); got != lo {
				t.Fatalf("%s: below midpoint %v gives %#04x, want %#04x", f.name, mid, got, lo)
			}
			if got := f.narrow(math.Nextafter32(mid, float32(math.Inf(1)))); got != lo+1 {
				t.Fatalf("%s: above midpoint %v gives %#04x, want %#04x", f.name, mid, got, lo+1)
			}
		}
	}
}

func TestNarrowingKeepsNaN(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		u := rng.Uint32() | 0x7f800000
		if u&0x7fffff == 0 {
			u |= 1
		}
		f := math.Float32frombits(u)
		for name, w := range map[string]float32{"bf16": BF16ToF32(F32ToBF16(f)), "f16": F16ToF32(F32ToF16(f))} {
			if w == w || math.Signbit(float64(w)) != (u>>31 != 0) {
				t.Fatalf("%s: NaN %#08x became %v", name, u, w)
			}
		}
	}
	for _, s := range []int{1, -1} {
		inf := float32(math.Inf(s))
		if BF16ToF32(F32ToBF16(inf)) != inf || F16ToF32(F32ToF16(inf)) != inf {
			t.Fatal("infinity is not kept")
		}
	}
}
