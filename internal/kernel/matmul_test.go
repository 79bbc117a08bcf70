package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestMatMulManyTokens: more tokens, rows and columns than a kernel holds at a time give the bits of
// each token alone.
func TestMatMulManyTokens(t *testing.T) {
	everyOps(t, func(t testing.TB, o *Ops) {
		r := rand.New(rand.NewPCG(6, 6))
		for _, c := range []struct {
			f             Format
			rows, cols, n int
		}{{BF16, 37, 96, 150}, {MXFP4, 37, 96, 150}, {MXFP4, 66, 1056, 74}, {BF16, 33, 1056, 73}, {F32, 37, 96, 80}, {BF16, 5, 100, 80}} {
			m, _ := randomMatrix(r, c.f, c.rows, c.cols, 1)
			ldx := c.cols + 3
			x, bias := randomVector(r, c.n*ldx, 1), randomVector(r, c.rows, 0)
			y, intact := fenced(c.n*c.rows, 1)
			scratch, intactScratch := fenced(ScratchFloats(c.cols), 3)
			for i := range scratch {
				scratch[i] = canary // what is left over from before must not matter
			}
			o.MatMul(y, c.rows, m, 0, c.rows, x, ldx, c.n, bias, scratch)
			if !intact() || !intactScratch() {
				t.Fatalf("%+v: wrote outside", c)
			}
			one := make([]float32, c.rows)
			for tok := range c.n {
				o.MatMul(one, c.rows, m, 0, c.rows, x[tok*ldx:], ldx, 1, bias, nil)
				if i := sameBits(one, y[tok*c.rows:][:c.rows]); i >= 0 {
					t.Fatalf("%+v: row %d of token %d is %g alone, %g among others", c, i, tok, one[i], y[tok*c.rows+i])
				}
			}
		}
	})
}
