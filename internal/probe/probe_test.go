package probe

import (
	"testing"
	"time"

	"ossian/internal/cpu"
	"ossian/internal/par"
)

func TestProbes(t *testing.T) {
	team := par.NewTeam(2)
	defer team.Close()
	b := make([]byte, 16<<20)
	for i := range b {
		b[i] = byte(i)
	}
	for _, f := range []cpu.Features{{}, cpu.Detect()} {
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
