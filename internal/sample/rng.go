package sample

import "math/rand/v2"

// uniform is the draw at a position: a number in [0, 1) that depends on nothing
// but seed and position, so a sequence continues alike after any interruption.
func uniform(seed, position uint64) float64 {
	var p rand.PCG
	p.Seed(spread(seed), spread(position+0x9e3779b97f4a7c15))
	return float64(p.Uint64()>>11) / (1 << 53)
}

// spread is SplitMix64's finaliser: neighbouring numbers come out unrelated.
func spread(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
