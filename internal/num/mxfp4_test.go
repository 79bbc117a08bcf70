package num

import (
	"math"
	"math/rand/v2"
	"testing"
)

var e2m1 = [8]float64{0, 0.5, 1, 1.5, 2, 3, 4, 6}

func TestE2M1AndE8M0AreExactForEveryCode(t *testing.T) {
	for c := range 256 {
		want := e2m1[c&7]
		if c&8 != 0 {
			want = math.Copysign(want, -1)
		}
		if got := float64(E2M1ToF32(uint8(c))); !same(got, want) {
			t.Errorf("E2M1ToF32(%d) = %v, want %v", c, got, want)
		}
		want = math.Ldexp(1, c-127)
		if c == 255 {
			want = math.NaN()
		}
		if got := float64(E8M0ToF32(uint8(c))); !same(got, want) {
			t.Errorf("E8M0ToF32(%d) = %v, want %v", c, got, want)
		}
	}
}

// All 256 code bytes with every scale: order of nibbles and exactness.
func TestDequantEveryByteAndScale(t *testing.T) {
	blocks := make([]byte, 256*16)
	for i := range blocks {
		blocks[i] = byte(i/16 + i%16*16) // every byte at every place over the blocks
	}
	scales, dst := make([]byte, 256), make([]float32, 256*32)
	for s := range 256 {
		for i := range scales {
			scales[i] = byte(s)
		}
		DequantMXFP4(dst, blocks, scales)
		for i, v := range dst {
			c := blocks[i/2] >> (i % 2 * 4) & 15
			want := float64(float32(math.Ldexp(e2m1[c&7], s-127)))
			if s == 255 {
				want = math.NaN()
			} else if c >= 8 {
				want = -want
			}
			if c == 8 && s != 255 {
				want = math.Copysign(0, -1)
			}
			if !same(float64(v), want) {
				t.Fatalf("scale %d value %d code %d: %v, want %v", s, i, c, v, want)
			}
		}
	}
}

// ggmlQuant is quantize_row_mxfp4_ref, written the slow way in float64.
func ggmlQuant(x []float32) (codes [32]uint8, scale uint8) {
	amax := 0.0
	for _, v := range x {
		amax = max(amax, math.Abs(float64(v)))
	}
	if amax > 0 {
		_, e := math.Frexp(amax) // amax = f * 2^e, f in [0.5, 1)
		scale = uint8(max(e-1-2+127, 0))
	}
	for i, v := range x {
		best := math.Inf(1)
		for c := range 16 {
			w := e2m1[c&7]
			if c&8 != 0 {
				w = -w
			}
			if d := math.Abs(math.Ldexp(w, int(scale)-127) - float64(v)); d < best {
				best, codes[i] = d, uint8(c)
			}
		}
	}
	return codes, scale
}

func TestQuantFollowsGGML(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, 32)
	blocks, scales := make([]byte, 16), make([]byte, 1)
	for n := range 20000 {
		exp := rng.IntN(300) - 160 // reaches zero, denormals and the largest values
		for i := range x {
			v := math.Ldexp(rng.NormFloat64(), exp)
			if n%3 == 0 { // land on midpoints often
				v = math.Ldexp(float64(rng.IntN(65)-32)/4, max(exp, -140))
			}
			x[i] = float32(max(min(v, math.MaxFloat32), -math.MaxFloat32))
		}
		QuantMXFP4(blocks, scales, x)
		codes, scale := ggmlQuant(x)
		if scales[0] != scale {
			t.Fatalf("%v: scale %d, want %d", x, scales[0], scale)
		}
		for i, want := range codes {
			if got := blocks[i/2] >> (i % 2 * 4) & 15; got != want {
				t.Fatalf("value %d (%v) scale %d: code %d, want %d", i, x[i], scale, got, want)
			}
		}
	}
}

func TestQuantKeepsWhatDequantGives(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	blocks, scales := make([]byte, 16), make([]byte, 1)
	back, again := make([]float32, 32), make([]float32, 32)
	for range 20000 {
		for i := range blocks {
			blocks[i] = byte(rng.Uint32())
		}
		scales[0] = byte(rng.IntN(253))
		DequantMXFP4(back, blocks, scales)
		QuantMXFP4(blocks, scales, back)
		DequantMXFP4(again, blocks, scales)
		for i := range back {
			if back[i] != again[i] {
				t.Fatalf("value %d: %v became %v", i, back[i], again[i])
			}
		}
	}
}

func TestQuantOfNoNumbers(t *testing.T) {
	x := make([]float32, 32)
	x[0], x[1], x[2] = float32(math.NaN()), 1, -1
	blocks, scales := make([]byte, 16), make([]byte, 1)
	QuantMXFP4(blocks, scales, x)
	if scales[0] != 125 || blocks[0] != 0x60 || blocks[1] != 0x0e {
		t.Errorf("NaN beside 1: scale %d, bytes %x", scales[0], blocks[:2])
	}
	x[0] = float32(math.Inf(-1))
	QuantMXFP4(blocks, scales, x)
	if scales[0] != 252 || blocks[0] != 0x0f {
		t.Errorf("infinity: scale %d, bytes %x", scales[0], blocks[:2])
	}
}

func BenchmarkDequantMXFP4(b *testing.B) {
	blocks, scales, dst := make([]byte, 90*16), make([]byte, 90), make([]float32, 2880)
	b.SetBytes(int64(len(blocks) + len(scales)))
	for b.Loop() {
		DequantMXFP4(dst, blocks, scales)
	}
}
