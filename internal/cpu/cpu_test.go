package cpu

import (
	"slices"
	"testing"
)

func TestTiers(t *testing.T) {
	full := Features{AVX2: true, FMA: true, AVX512: true, AVX512VBMI: true, AVX512VNNI: true}
	for _, c := range []struct {
		f    Features
		want []Tier
	}{
		{Features{}, []Tier{Generic}},
		{Features{AVX2: true}, []Tier{Generic}},
		{Features{AVX2: true, FMA: true}, []Tier{AVX2, Generic}},
		{full, []Tier{AVX512, AVX2, Generic}},
		{Features{NEON: true, DotProd: true, I8MM: true}, []Tier{I8MM, DotProd, NEON, Generic}},
		{Features{NEON: true, DotProd: true}, []Tier{DotProd, NEON, Generic}},
	} {
		if got := c.f.Tiers(); !slices.Equal(got, c.want) {
			t.Errorf("%v: tiers %v, want %v", c.f, got, c.want)
		}
		if got := c.f.Best(); got != c.want[0] {
			t.Errorf("%v: best %v", c.f, got)
		}
	}
}

func TestDetect(t *testing.T) {
	f := Detect()
	t.Logf("%v: %v", f.Tiers(), f)
	if f != Detect() {
		t.Error("two answers differ")
	}
	if f.String() == "" {
		t.Error("no description")
	}
}
