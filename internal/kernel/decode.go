package kernel

import (
	"encoding/binary"
	"math"
)

// pairs holds the two e2m1 values of every byte: low nibble first.
var pairs = makePairs()

func makePairs() (t [256][2]float32) {
	e2m1 := [16]float32{0, 0.5, 1, 1.5, 2, 3, 4, 6, float32(math.Copysign(0, -1)), -0.5, -1, -1.5, -2, -3, -4, -6}
	for b := range t {
		t[b] = [2]float32{e2m1[b&15], e2m1[b>>4]}
	}
	return t
}

// e8m0 is 2^(s-127); s = 0 is the denormal 2^-127.
func e8m0(s byte) float32 {
	if s == 0 {
		return math.Float32frombits(1 << 22)
	}
	return math.Float32frombits(uint32(s) << 23)
}

// decodeBlocks widens len(w) columns of row r from column k on (a multiple of block) into
// w, without the block scales, which go to scale: one for each block begun, 1 for
// formats without scales. So value = w*scale, with no rounding anywhere.
func decodeBlocks(w, scale []float32, m *Matrix, r, k int) {
	switch m.Format {
	case MXFP4:
		at := r*m.Cols + k
		codes := m.Data[at/2 : (at+len(w))/2]
		for i, b := range codes {
			p := &pairs[b]
			v := w[2*i : 2*i+2 : 2*i+2]
			v[0], v[1] = p[0], p[1]
		}
		for i, s := range m.Scales[at/block : at/block+len(scale)] {
			scale[i] = e8m0(s)
		}
		return
	case BF16:
		data := m.Data[(r*m.Cols+k)*2:]
		i := 0
		for ; i+4 <= len(w); i += 4 {
			v := binary.LittleEndian.Uint64(data[2*i:])
			d := w[i : i+4 : i+4]
			d[0] = math.Float32frombits(uint32(v) << 16)
			d[1] = math.Float32frombits(uint32(v) & 0xffff0000)
			d[2] = math.Float32frombits(uint32(v>>32) << 16)
			d[3] = math.Float32frombits(uint32(v>>32) & 0xffff0000)
		}
		for ; i < len(w); i++ {
			w[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16)
		}
	case F32:
		data := m.Data[(r*m.Cols+k)*4:]
		for i := range w {
			w[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	}
	for i := range scale {
		scale[i] = 1
	}
}
