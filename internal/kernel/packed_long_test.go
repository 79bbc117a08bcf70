package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestMulLong: more rows than a kernel takes in one call of assembly.
func TestMulLong(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(5, 8))
		const rows, cols = 64*5 + 19, 2880
		for _, pair := range pairings {
			if pair.x == ActBF16 || pair.x == ActInt16 || testing.Short() && pair.w != FormMXFP4 {
				continue
			}
			m, _ := randomMatrix(r, sourceOf(pair.w), rows, cols, 0)
			p := pack(t, pair.w, m, 0)
			a := quantized(t, o, pair.x, randomVector(r, cols, 0), cols, 1, cols, 0)
			got, want := make([]float32, rows), make([]float32, rows)
			o.Mul(got, rows, p, 0, rows, a, nil, nil, nil)
			mul(want, rows, p, 0, rows, a, nil, nil, nil)
			if i := sameBits(got, want); i >= 0 {
				t.Fatalf("%s: row %d is %g, want %g", pair.name, i, got[i], want[i])
			}
		}
	})
}
