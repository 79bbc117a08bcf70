package model

import (
	"encoding/binary"
	"fmt"

	"ossian/internal/gguf"
)

// ggufBlock is MXFP4's block in a GGUF file: the scale, then 16 bytes of codes of which
// byte j holds value j in its low nibble and value j+16 in its high one.
const ggufBlock = 17

// blocks is the MXFP4 rows of one projection of all experts, as GGUF files hold them. Of
// two tensors the rows alternate: gate, up, gate, up.
type blocks struct {
	halves []ggufTensor // one or two of the same shape
	perRow int64        // blocks of a row
	expert int64        // rows of an expert, of all halves together
}

// ggufTensor is a tensor of a GGUF file.
type ggufTensor struct {
	gguf.Tensor
	in   *gguf.File
	file string
}

// rows counts those of all experts and halves.
func (b *blocks) rows() int64 {
	return int64(len(b.halves)) * b.halves[0].Bytes() / b.rowBytes()
}

func (b *blocks) rowBytes() int64 { return b.perRow * ggufBlock }

// step is how many rows are read at a time.
func (b *blocks) step() int64 { return max(1, chunkBytes/b.rowBytes()) }

// read takes rows lo..hi-1 apart into codes in the order of Matrix, and scales. raw has
// room for the rows as they lie in the file.
func (b *blocks) read(lo, hi int64, codes, scales, raw []byte) error {
	n, row := int64(len(b.halves)), b.rowBytes()
	for h, half := range b.halves {
		first := (lo - int64(h) + n - 1) / n // the first of the half's rows that is wanted
		last := (hi - int64(h) + n - 1) / n
		p := raw[:(last-first)*row]
		if err := half.in.ReadPart(half.Tensor, first*row, p); err != nil {
			return &LoadError{File: half.file, Tensor: half.Name, Why: "reading it", Err: err}
		}
		for r := first; r < last; r++ {
			at := r*n + int64(h) - lo
			bad := takeApart(codes[at*b.perRow*16:(at+1)*b.perRow*16], scales[at*b.perRow:(at+1)*b.perRow], p[(r-first)*row:])
			if bad >= 0 {
				each := b.expert / n
				return &LoadError{File: half.file, Tensor: half.Name,
					Why:  fmt.Sprintf("the scale of expert %d, row %d, block %d is 255, which is no number", r/each, r%each, bad),
					Next: "the file is damaged: fetch it again"}
			}
		}
	}
	return nil
}

// takeApart brings the codes of one row's blocks into the order of the published
// checkpoint, low nibble first, and gives the first block whose scale is 255, or -1.
func takeApart(codes, scales, raw []byte) int {
	bad := -1
	for i := range scales {
		g, o := raw[i*ggufBlock:][:ggufBlock], codes[i*16:][:16]
		if scales[i] = g[0]; g[0] == 255 && bad < 0 {
			bad = i
		}
		lo, hi := binary.LittleEndian.Uint64(g[1:]), binary.LittleEndian.Uint64(g[9:])
		binary.LittleEndian.PutUint64(o, pairs(lo)|pairs(hi)<<32)
		binary.LittleEndian.PutUint64(o[8:], pairs(lo>>4)|pairs(hi>>4)<<32)
	}
	return bad
}

// pairs joins the low nibbles of bytes 0 and 1, 2 and 3, 4 and 5, 6 and 7 to four bytes.
func pairs(x uint64) uint64 {
	x = x&0x000F000F000F000F | x>>4&0x00F000F000F000F0
	x = (x | x>>8) & 0x0000FFFF0000FFFF
	return (x | x>>16) & 0xFFFFFFFF
}

// unblock reads rows lo..hi-1 into their place.
func (b *binding) unblock(lo, hi int64, raw []byte) error {
	per := b.from.blocks.perRow
	scales := b.dst[int64(len(b.dst))-b.from.blocks.rows()*per:]
	return b.from.blocks.read(lo, hi, b.dst[lo*per*16:hi*per*16], scales[lo*per:hi*per], raw)
}
