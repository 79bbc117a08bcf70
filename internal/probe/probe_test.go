package probe

import (
	"testing"
	"time"

	"ossian/internal/cpu"
	"ossian/internal/par"
)

// features is every set that the probes tell apart and this machine has.
func features() []cpu.Features {
	f := cpu.Detect()
	out := []cpu.Features{{}, {AVX2: f.AVX2, FMA: f.FMA}}
	if f.AVX512 {
		out = append(out, f)
	}
	if f.NEON {
		out = append(out, cpu.Features{NEON: true}, cpu.Features{NEON: true, DotProd: f.DotProd}, f)
	}
	return out
}

func TestProbes(t *testing.T) {
	team := par.NewTeam(2)
	defer team.Close()
	b := make([]byte, 16<<20)
	for i := range b {
		b[i] = byte(i)
	}
	for _, f := range features() {
		t.Logf("%v", f)
		for _, p := range Patterns() {
			v := Read(team, f, b, p)
			if !(v > 0) {
				t.Errorf("%s: %g bytes a second", p, v)
			}
			t.Logf("%-24s %6.1f GB/s", p, v/1e9)
		}
		for _, k := range Kinds(f) {
			v := Peak(team, f, k, 2*time.Millisecond)
			if !(v > 0) {
				t.Errorf("%s: %g operations a second", k, v)
			}
			t.Logf("%-24s %6.1f Gop/s", k, v/1e9)
		}
	}
}

func TestFigures(t *testing.T) {
	team := par.NewTeam(1)
	defer team.Close()
	b := make([]byte, 4<<20)
	for _, f := range features() {
		reads := Bandwidth(team, f, b, 3)
		if len(reads) != len(Patterns()) {
			t.Fatalf("%d figures of %d patterns", len(reads), len(Patterns()))
		}
		for i, r := range reads {
			if !(r.Median > 0) || r.Best < r.Median || r.Median > reads[0].Median {
				t.Errorf("pattern %d: %+v", i, r)
			}
		}
		peaks := Peaks(team, f, 2, time.Millisecond)
		for i, k := range Kinds(f) {
			if p := peaks[i]; p.Of != k || !(p.Median > 0) || p.Best < p.Median {
				t.Errorf("%s: %+v", k, p)
			}
		}
	}
}
