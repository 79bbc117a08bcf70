package kernel

import (
	"encoding/binary"
	"fmt"
	"math"

	"ossian/internal/num"
)

// TileRows is how many rows lie interleaved in a Packed: one 32-bit lane of a vector each.
const TileRows = 16

// Form is how a Packed keeps its values.
type Form uint8

// The forms. The bytes are those of a block of 32 columns of one row.
const (
	FormMXFP4 Form = iota // 17 bytes: the checkpoint's own codes and scales
	FormQ8                // 34 bytes: 8-bit codes and a bf16 scale, made from BF16 or F32
	FormBF16              // 64 bytes: the checkpoint's own values
)

// groupBytes is the size of a group: TileRows rows of one block.
func (f Form) groupBytes() int {
	switch f {
	case FormMXFP4:
		return mxGroup
	case FormQ8:
		return q8Group
	}
	return bfGroup
}

const (
	mxGroup = TileRows * 17
	q8Group = TileRows * 34
	bfGroup = TileRows * 64
)

// Bytes is the size of a matrix in this form. Rows are padded to TileRows, columns to 32.
func (f Form) Bytes(rows, cols int) int {
	return (rows + TileRows - 1) / TileRows * blocks(cols) * f.groupBytes()
}

func blocks(cols int) int { return (cols + block - 1) / block }

// Packed is a linear map in the order in which the kernels read it. Tiles of 16 rows
// follow one another; in a tile, groups of 32 columns; in a group the rows lie side by
// side, 4 bytes each, so that a 64-byte load gives every row its next columns:
//
//	MXFP4: 4 times 64 bytes, 8 columns each, in the checkpoint's nibble order; 16 scales.
//	Q8:    8 times 64 bytes, 4 columns each; columns 8i+0,2,4,6 come before 8i+1,3,5,7.
//	       A byte is the code + 128, -127 <= code <= 127. Then 16 scales, bf16:
//	       value = code * scale/2.
//	BF16:  16 times 64 bytes, 2 columns each.
//
// So a sum runs down the columns of a row in one lane, in the same order in every kernel.
type Packed struct {
	Form Form
	Rows int
	Cols int
	Data []byte // Form.Bytes(Rows, Cols), best aligned to 64
}

// Check reports whether the length fits the shape. Kernels do not check again.
func (p *Packed) Check() error {
	if p.Form > FormBF16 || p.Rows < 0 || p.Cols <= 0 || len(p.Data) != p.Form.Bytes(p.Rows, p.Cols) {
		return fmt.Errorf("kernel: %d bytes do not hold a packed matrix of form %d, %d rows and %d columns", len(p.Data), p.Form, p.Rows, p.Cols)
	}
	if p.Form == FormMXFP4 && p.Cols%block != 0 {
		return fmt.Errorf("kernel: %d columns of MXFP4 are not a multiple of %d", p.Cols, block)
	}
	return nil
}

// fill is Ops.Fill; whole packs a whole tile or says that it cannot.
func (p *Packed) fill(at int, m *Matrix, whole func(dst []byte, f Form, m *Matrix, r int) bool) error {
	if err := m.Check(); err != nil {
		return err
	}
	if at%TileRows != 0 || m.Cols != p.Cols || at < 0 || at+m.Rows > p.Rows || (m.Rows%TileRows != 0 && at+m.Rows != p.Rows) {
		return fmt.Errorf("kernel: rows %d to %d of %d columns do not fit a packed matrix of %d rows and %d columns", at, at+m.Rows, m.Cols, p.Rows, p.Cols)
	}
	if (p.Form == FormMXFP4) != (m.Format == MXFP4) {
		return fmt.Errorf("kernel: format %d cannot be packed as form %d", m.Format, p.Form)
	}
	tile := blocks(p.Cols) * p.Form.groupBytes()
	for r := 0; r < m.Rows; r += TileRows {
		dst := p.Data[(at+r)/TileRows*tile:][:tile]
		n := min(TileRows, m.Rows-r)
		if n == TileRows && whole(dst, p.Form, m, r) {
			continue
		}
		switch p.Form {
		case FormMXFP4:
			packMXFP4(dst, m, r, n)
		case FormQ8:
			packQ8(dst, m, r, n)
		case FormBF16:
			packBF16(dst, m, r, n)
		}
	}
	return nil
}

func fill(p *Packed, at int, m *Matrix) error {
	return p.fill(at, m, func([]byte, Form, *Matrix, int) bool { return false })
}

// packScales interleaves the scales of rows r0..r0+n-1.
func packScales(dst []byte, m *Matrix, r0, n int) {
	nb := m.Cols / block
	for r := range n {
		for b, s := range m.Scales[(r0+r)*nb:][:nb] {
			dst[b*mxGroup+256+r] = s
		}
	}
}

// packMXFP4 moves codes as they are. A block of zeros gets the scale 1, so that only
// scales that matter are looked at when a panel's range is judged.
func packMXFP4(dst []byte, m *Matrix, r0, n int) {
	nb := m.Cols / block
	if n < TileRows {
		clear(dst)
	}
	packScales(dst, m, r0, n)
	for r := range n {
		codes := m.Data[(r0+r)*nb*16:][:nb*16]
		for b := range nb {
			g, c := dst[b*mxGroup:][:mxGroup], codes[b*16:][:16]
			x, y := binary.LittleEndian.Uint64(c), binary.LittleEndian.Uint64(c[8:])
			binary.LittleEndian.PutUint32(g[r*4:], uint32(x))
			binary.LittleEndian.PutUint32(g[64+r*4:], uint32(x>>32))
			binary.LittleEndian.PutUint32(g[128+r*4:], uint32(y))
			binary.LittleEndian.PutUint32(g[192+r*4:], uint32(y>>32))
			if (x|y)&0x7777777777777777 == 0 {
				g[256+r] = 127
			}
		}
	}
	for r := n; r < TileRows; r++ {
		for b := range nb {
			dst[b*mxGroup+256+r] = 127
		}
	}
}

// lane is where column c of a block lies within its 32: the even columns of each 8, then
// the odd ones. MXFP4 has them in this order after a shift; activations and Q8 follow.
func lane(c int) int { return c&^7 | c&1<<2 | c>>1&3 }

// packQ8 rounds to 8 bits. The scale is rounded up to bf16 first and the codes are made
// with the rounded one, so its rounding costs no accuracy but 0.4 % of the range on average.
func packQ8(dst []byte, m *Matrix, r0, n int) {
	var row [block]float32
	for b := range blocks(m.Cols) {
		g := dst[b*q8Group:][:q8Group]
		for r := range TileRows {
			clear(row[:])
			if k := b * block; r < n {
				m.widen(row[:min(block, m.Cols-k)], r0+r, k)
			}
			var amax float32
			for _, v := range row {
				amax = max(amax, math.Float32frombits(math.Float32bits(v)&^(1<<31)))
			}
			var s uint16 // blocks below 2^-100 are zero
			switch {
			case !(amax <= math.MaxFloat32):
				s = 0x7fc0 // no number: nor is any product
				clear(row[:])
			case amax < 0x1p-100:
				clear(row[:])
			default:
				s = bf16Up(amax / 63.5)
				inv := 2 / num.BF16ToF32(s)
				for c, v := range row {
					row[c] = v * inv
				}
			}
			for c, v := range row {
				l := lane(c)
				g[l/4*64+r*4+l%4] = byte(int32(math.RoundToEven(float64(v))) + 128)
			}
			binary.LittleEndian.PutUint16(g[512+r*2:], s)
		}
	}
}

// bf16Up is the smallest bf16 not below v >= 0.
func bf16Up(v float32) uint16 {
	return uint16((math.Float32bits(v) + 0xffff) >> 16)
}

func packBF16(dst []byte, m *Matrix, r0, n int) {
	if n < TileRows || m.Cols%block != 0 {
		clear(dst)
	}
	if m.Format == BF16 && m.Cols%2 == 0 {
		for r := range n {
			row := m.Data[(r0+r)*m.Cols*2:][:m.Cols*2]
			for i := 0; i < len(row); i += 4 {
				binary.LittleEndian.PutUint32(dst[i*16+r*4:], binary.LittleEndian.Uint32(row[i:]))
			}
		}
		return
	}
	var row [block]float32
	for r := range n {
		for k := 0; k < m.Cols; k += block {
			part := row[:min(block, m.Cols-k)]
			m.widen(part, r0+r, k)
			for i, v := range part {
				binary.LittleEndian.PutUint16(dst[(k+i)/2*64+r*4+i%2*2:], num.F32ToBF16(v))
			}
		}
	}
}

// widen reads len(dst) columns of a BF16 or F32 row.
func (m *Matrix) widen(dst []float32, r, k int) {
	var one [1]float32
	decodeBlocks(dst, one[:], m, r, k)
}

// At is the value of one element as the kernels see it; slow, for tests and diagnosis.
func (p *Packed) At(r, c int) float32 {
	g := p.Data[(r/TileRows*blocks(p.Cols)+c/block)*p.Form.groupBytes():][:p.Form.groupBytes()]
	r, l := r%TileRows, lane(c%block)
	switch p.Form {
	case FormMXFP4:
		code := g[l/8*64+r*4+l%4] >> (l & 4)
		return float32(twice(code)) * 0.5 * e8m0(g[256+r])
	case FormQ8:
		s := num.BF16ToF32(binary.LittleEndian.Uint16(g[512+2*r:]))
		return float32(int32(g[l/4*64+r*4+l%4])-128) * (s / 2)
	}
	return num.BF16ToF32(binary.LittleEndian.Uint16(g[c%block/2*64+r*4+c%2*2:]))
}

// twice is 2*e2m1 of the low four bits.
func twice(code byte) int32 {
	v := int32(uint64(0x0c080604_03020100)>>(code&7*8)) & 15
	if code&8 != 0 {
		return -v
	}
	return v
}

// PanelBytes is the scratch that Ops.Mul needs for matrices of cols columns: two decoded
// tiles, or a piece of one and the vectors that meet it; and room to align them.
func PanelBytes(cols int) int { return max(2*blocks(cols)*panelBlock, pieceScratch) + 64 }

const (
	panelBlock   = 576
	pieceScratch = 108 << 10
)
