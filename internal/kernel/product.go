package kernel

import (
	"encoding/binary"
	"math"

	"ossian/internal/num"
)

// mul is Ops.Mul in plain Go, and the definition of its result to the last bit:
//
// y starts as the bias or zero. With integer activations, block after block, y becomes
// fma(float32(isum), sw*sx, y), where isum, the sum of the products of the integers, is exact,
// and float32(isum) and sw*sx are rounded. With ActF32, column after column, y becomes
// fma(w, x, y).
func mul(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, _ []byte) {
	nb, size, group := blocks(p.Cols), a.Form.blockBytes(), p.Form.groupBytes()
	n := a.N()
	if index != nil {
		n = len(index)
	}
	for r0 := lo; r0 < hi; r0 += TileRows {
		rows := min(TileRows, hi-r0)
		tile := p.Data[r0/TileRows*nb*group:][:nb*group]
		for t := range n {
			from := t
			if index != nil {
				from = int(index[t])
			}
			var acc [TileRows]float32
			if bias != nil {
				copy(acc[:], bias[r0:r0+rows])
			}
			x := a.Data[from*nb*size:][:nb*size]
			for b := range nb {
				mulBlock(&acc, tile[b*group:][:group], x[b*size:][:size], p.Form, a.Form)
			}
			copy(y[t*ldy+r0:][:rows], acc[:])
		}
	}
}

func mulBlock(acc *[TileRows]float32, g, x []byte, wf Form, xf ActForm) {
	switch xf {
	case ActF32:
		var v [block]float32
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(x[4*i:]))
		}
		for c, v := range v {
			for r := range acc {
				acc[r] = fma(num.BF16ToF32(binary.LittleEndian.Uint16(g[c/2*64+r*4+c%2*2:])), v, acc[r])
			}
		}
		return
	case ActBF16:
		for c := 0; c < block; c += 2 {
			x0, x1 := bf16At(x, c), bf16At(x, c+1)
			for r := range acc {
				w := g[c/2*64+r*4:][:4]
				acc[r] = dot2(acc[r], bf16At(w, 0), bf16At(w, 1), x0, x1)
			}
		}
		return
	}
	var v [block]int32
	for i := range v {
		v[i] = int32(int8(x[i]))
		if xf == ActInt16 {
			v[i] = v[i]<<7 + int32(int8(x[block+i]))
		}
	}
	sx := math.Float32frombits(binary.LittleEndian.Uint32(x[len(x)-4:]))
	for r := range acc {
		var sum int32
		var sw float32
		if wf == FormMXFP4 {
			for q := range 4 {
				for j, c := range g[q*64+r*4:][:4] {
					sum += twice(c)*v[q*8+j] + twice(c>>4)*v[q*8+4+j]
				}
			}
			sw = math.Float32frombits(uint32(g[256+r]) << 23)
		} else {
			for q := range 8 {
				for j, c := range g[q*64+r*4:][:4] {
					sum += (int32(c) - 128) * v[q*4+j]
				}
			}
			sw = bf16At(g[512:], r)
		}
		acc[r] = fma(float32(sum), float32(sw*sx), acc[r])
	}
}

func bf16At(b []byte, i int) float32 { return num.BF16ToF32(binary.LittleEndian.Uint16(b[2*i:])) }

// fma is a*b + c rounded once to float32. The product is exact in float64 and the sum is
// rounded to odd there, so that the rounding to float32 sees on which side of a tie it was.
func fma(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	t := s - p
	err := (p - (s - t)) + (float64(c) - t)
	bits := math.Float64bits(s)
	if bits&1 == 0 && err != 0 && s-s == 0 {
		if (err > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}

// dot2 is what VDPBF16PS does to one lane: see its test.
func dot2(acc, w0, w1, x0, x1 float32) float32 {
	return fma(w0, x0, fma(w1, x1, acc))
}
