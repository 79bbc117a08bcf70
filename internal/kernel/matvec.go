package kernel

import (
	"encoding/binary"
	"math"
)

// matVec is matMul for one token: weights are decoded in registers, four rows at a time
// so that an activation is loaded once for four products.
func matVec(y []float32, m *Matrix, lo, hi int, x, bias []float32) {
	r := lo
	switch m.Format {
	case BF16:
		n := 2 * m.Cols
		for ; r+4 <= hi; r += 4 {
			w := m.Data[r*n : (r+4)*n]
			y[r], y[r+1], y[r+2], y[r+3] = vec4BF16(w[:n], w[n:2*n], w[2*n:3*n], w[3*n:], x)
		}
	case MXFP4:
		n, s := m.Cols/2, m.Cols/block
		for ; r+4 <= hi; r += 4 {
			y[r], y[r+1], y[r+2], y[r+3] = vec4MXFP4(m.Data[r*n:(r+4)*n], m.Scales[r*s:(r+4)*s], x)
		}
	}
	for ; r < hi; r++ {
		y[r] = vec1(m, r, x)
	}
	if bias != nil {
		y, bias := y[lo:hi], bias[lo:hi]
		for i, b := range bias {
			y[i] += b
		}
	}
}

// vec1 is one row of any format, decoded block by block.
func vec1(m *Matrix, r int, x []float32) (sum float32) {
	var w [block]float32
	var scale [1]float32
	for k := 0; k < m.Cols; k += block {
		part := w[:min(block, m.Cols-k)]
		decodeBlocks(part, scale[:], m, r, k)
		sum += scale[0] * tail(part, x[k:])
	}
	return sum
}

func vec4BF16(w0, w1, w2, w3 []byte, x []float32) (y0, y1, y2, y3 float32) {
	k := 0
	for ; k+block <= len(x); k += block {
		x := (*[block]float32)(x[k:])
		p0, p1 := (*[2 * block]byte)(w0[2*k:]), (*[2 * block]byte)(w1[2*k:])
		p2, p3 := (*[2 * block]byte)(w2[2*k:]), (*[2 * block]byte)(w3[2*k:])
		var e0, e1, e2, e3, o0, o1, o2, o3 float32
		for i := 0; i < block; i += 2 {
			a, b := x[i], x[i+1]
			v0 := binary.LittleEndian.Uint32(p0[2*i : 2*i+4])
			v1 := binary.LittleEndian.Uint32(p1[2*i : 2*i+4])
			v2 := binary.LittleEndian.Uint32(p2[2*i : 2*i+4])
			v3 := binary.LittleEndian.Uint32(p3[2*i : 2*i+4])
			e0 += math.Float32frombits(v0<<16) * a
			e1 += math.Float32frombits(v1<<16) * a
			e2 += math.Float32frombits(v2<<16) * a
			e3 += math.Float32frombits(v3<<16) * a
			o0 += math.Float32frombits(v0&0xffff0000) * b
			o1 += math.Float32frombits(v1&0xffff0000) * b
			o2 += math.Float32frombits(v2&0xffff0000) * b
			o3 += math.Float32frombits(v3&0xffff0000) * b
		}
		y0 += e0 + o0
		y1 += e1 + o1
		y2 += e2 + o2
		y3 += e3 + o3
	}
	if k < len(x) {
		y0 += tailBF16(w0[2*k:], x[k:])
		y1 += tailBF16(w1[2*k:], x[k:])
		y2 += tailBF16(w2[2*k:], x[k:])
		y3 += tailBF16(w3[2*k:], x[k:])
	}
	return
}

func tailBF16(w []byte, x []float32) float32 {
	var f [block]float32
	for i := range x {
		f[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(w[2*i:])) << 16)
	}
	return tail(f[:len(x)], x)
}

// vec4MXFP4 is four rows, one after the other in codes and scales.
func vec4MXFP4(codes, scales []byte, x []float32) (y0, y1, y2, y3 float32) {
	n, nb := len(codes)/4, len(scales)/4
	w0, w1, w2, w3 := codes[:n], codes[n:2*n], codes[2*n:3*n], codes[3*n:4*n]
	for b := range nb {
		x := (*[block]float32)(x[b*block:])
		p0, p1 := (*[block / 2]byte)(w0[b*block/2:]), (*[block / 2]byte)(w1[b*block/2:])
		p2, p3 := (*[block / 2]byte)(w2[b*block/2:]), (*[block / 2]byte)(w3[b*block/2:])
		var e0, e1, e2, e3, o0, o1, o2, o3 float32
		for i := range block / 2 {
			u, v := x[2*i], x[2*i+1]
			t0, t1, t2, t3 := &pairs[p0[i]], &pairs[p1[i]], &pairs[p2[i]], &pairs[p3[i]]
			e0 += t0[0] * u
			o0 += t0[1] * v
			e1 += t1[0] * u
			o1 += t1[1] * v
			e2 += t2[0] * u
			o2 += t2[1] * v
			e3 += t3[0] * u
			o3 += t3[1] * v
		}
		y0 += e8m0(scales[b]) * (e0 + o0)
		y1 += e8m0(scales[nb+b]) * (e1 + o1)
		y2 += e8m0(scales[2*nb+b]) * (e2 + o2)
		y3 += e8m0(scales[3*nb+b]) * (e3 + o3)
	}
	return
}
