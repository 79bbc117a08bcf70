package synth

import (
	"encoding/binary"
	"math"

	"ossian/internal/num"
)

// fill says how the bytes of a tensor come from random numbers. Everything is integer
// or single IEEE operations, so every platform writes the same bytes.
type fill struct {
	kind      uint8
	mean, std float32 // values
	exponent  uint8   // scales: the smaller of two
	carry     uint32  // scales: of 65536, how many are one larger
}

const (
	values uint8 = iota // bfloat16
	nibbles
	exponents
)

func normal(mean, std float32) fill { return fill{kind: values, mean: mean, std: std} }

// projection has variance gain²/fanIn: unit input, output of standard deviation gain.
func projection(fanIn int, gain float32) fill {
	return normal(0, gain/float32(math.Sqrt(float64(fanIn))))
}

func bias() fill { return normal(0, 0.02) }

func codes() fill { return fill{kind: nibbles} }

// perMagnitude says how many of 128 codes of one sign have magnitude 0, 0.5, 1, 1.5, 2,
// 3, 4, 6: a normal distribution of standard deviation 2.5 rounded to them, which is
// what blocks of normal numbers look like after scaling by their largest.
var perMagnitude = [8]int{10, 20, 19, 17, 21, 20, 15, 6}

// codeVariance is the mean square of these codes, 782.25/128.
const codeVariance = 782.25 / 128

// codeTable turns eight random bits into a code.
func codeTable() (t [256]uint8) {
	i := 0
	for m, n := range perMagnitude {
		for range n {
			t[i], t[i+128] = uint8(m), uint8(m)|8
			i++
		}
	}
	return t
}

// blockScales draws from two neighbouring exponents so often that the dequantised
// variance is exactly 1/fanIn on average.
func blockScales(fanIn int) fill {
	ratio := 1 / (float64(fanIn) * codeVariance) // of the scale's mean square
	e, square := 127, 1.0
	for square > ratio {
		square /= 4
		e--
	}
	return fill{kind: exponents, exponent: uint8(e), carry: uint32((ratio/square - 1) / 3 * 65536)}
}

// generator is splitmix64 (Steele, Lea, Flood 2014): the i-th number is a hash of
// key + i times a constant, so any block can be made without the ones before it.
type generator uint64

func (g *generator) next() uint64 {
	*g += 0x9e3779b97f4a7c15
	return mix(uint64(*g))
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// key depends on seed, tensor and block.
func key(seed uint64, name string, block int64) generator {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return generator(mix(mix(mix(seed)+h) + uint64(block)))
}

// blockBytes is what one key fills. It is part of the format: another value would give
// other bytes for the same seed.
const blockBytes = 1 << 20

// piece fills p, which is bytes off.. of the tensor; off is a multiple of blockBytes.
func (t Tensor) piece(p []byte, seed uint64, off int64, table *[256]uint8) {
	for block := off / blockBytes; len(p) > 0; block++ {
		n := min(len(p), blockBytes)
		g := key(seed, t.Name, block)
		switch t.fill.kind {
		case values:
			t.fill.values(p[:n], g)
		case nibbles:
			for i := 0; i < n; i += 4 { // sizes of blocks are multiples of 16
				r := g.next()
				binary.LittleEndian.PutUint32(p[i:],
					uint32(table[byte(r)]|table[byte(r>>8)]<<4)|
						uint32(table[byte(r>>16)]|table[byte(r>>24)]<<4)<<8|
						uint32(table[byte(r>>32)]|table[byte(r>>40)]<<4)<<16|
						uint32(table[byte(r>>48)]|table[byte(r>>56)]<<4)<<24)
			}
		case exponents:
			for i := range n {
				r := uint32(g.next() >> 48)
				p[i] = t.fill.exponent
				if r < t.fill.carry {
					p[i]++
				}
			}
		}
		p = p[n:]
	}
}

// unit is the standard deviation of the sum of eight random bytes: sqrt(8*65535/12).
const unit = 209.01913787

// values writes bfloat16 numbers, nearly normal: the sum of eight random bytes, at most
// 4.9 standard deviations from its mean.
func (f fill) values(p []byte, g generator) {
	step := f.std / unit
	for i := 0; i+1 < len(p); i += 2 {
		r := g.next()
		pairs := r&0x00ff00ff00ff00ff + r>>8&0x00ff00ff00ff00ff
		sum := int32(pairs * 0x0001000100010001 >> 48)
		v := float32(step*float32(sum-1020)) + f.mean // the conversion keeps the product rounded
		binary.LittleEndian.PutUint16(p[i:], num.F32ToBF16(v))
	}
}
