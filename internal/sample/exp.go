package sample

import "math"

// The exponential of a whole vocabulary is what sampling costs, so it has a form of its own: 2^(n/64)
// from a table times a polynomial, in order, right to 4e-11. math.Exp is right to the last
// bit and took six times as long.

const expSteps = 64

var expTable = makeExpTable()

func makeExpTable() (t [expSteps]uint64) {
	for i := range t {
		t[i] = math.Float64bits(math.Exp2(float64(i) / expSteps))
	}
	return t
}

// exp is e^d for negligible <= d <= 0.
func exp(d float64) float64 {
	const toInt = 3 << 51 // adding it leaves a rounded integer in the low bits
	k := d*(expSteps/math.Ln2) + toInt
	r := d - (k-toInt)*(math.Ln2/expSteps)
	n := int64(math.Float64bits(k)<<32) >> 32
	p := 1 + r*(1+r*(0.5+r*(1.0/6)))
	return p * math.Float64frombits(expTable[n&(expSteps-1)]+uint64(n>>6)<<52)
}
