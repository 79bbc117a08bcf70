package model

import (
	"encoding/binary"
	"fmt"
	"math"

	"ossian/internal/gguf"
	"ossian/internal/num"
	"ossian/internal/safetensors"
)

// plain reads a dense tensor of a GGUF file: as it lies there, or 8-bit blocks and F16 as
// the type that the tensor is said to have.
type plain struct{ ggufTensor }

func (p plain) ReadPart(t safetensors.Tensor, off int64, dst []byte) error {
	if p.Type != gguf.Q8_0 && p.Type != gguf.F16 {
		return p.in.ReadPart(p.Tensor, off, dst)
	}
	values, size := p.Type.Block()
	wide := values * t.DType.Size()
	if off%wide != 0 || int64(len(dst))%wide != 0 {
		return &LoadError{File: p.file, Tensor: p.Name, Why: "a part begins or ends within a block"}
	}
	n := int64(len(dst)) / wide
	raw := dst[int64(len(dst))-n*size:] // widening from the front never overtakes the reading
	if err := p.in.ReadPart(p.Tensor, off/wide*size, raw); err != nil {
		return err
	}
	var room [34]byte
	block := room[:size]
	for i := range n {
		copy(block, raw[i*size:])
		scale := num.F16ToF32(binary.LittleEndian.Uint16(block))
		if math.Float32bits(scale)&0x7f800000 == 0x7f800000 {
			return &LoadError{File: p.file, Tensor: p.Name, Why: fmt.Sprintf("the value or scale of block %d is not finite", off/wide+i),
				Next: "the file is damaged: fetch it again"}
		}
		to := dst[i*wide:][:wide]
		switch {
		case p.Type == gguf.F16:
			binary.LittleEndian.PutUint32(to, math.Float32bits(scale))
		case t.DType == safetensors.BF16:
			for j, q := range block[2:] {
				binary.LittleEndian.PutUint16(to[2*j:], num.F32ToBF16(scale*float32(int8(q))))
			}
		default:
			for j, q := range block[2:] {
				binary.LittleEndian.PutUint32(to[4*j:], math.Float32bits(scale*float32(int8(q))))
			}
		}
	}
	return nil
}

// alternate reads two tensors of one shape as one whose values take turns.
type alternate [2]ggufTensor

func (a alternate) ReadPart(t safetensors.Tensor, off int64, dst []byte) error {
	size := t.DType.Size()
	first, n := off/size, int64(len(dst))/size
	for h, half := range a {
		lo, hi := (first-int64(h)+1)/2, (first+n-int64(h)+1)/2
		p := make([]byte, (hi-lo)*size)
		if err := half.in.ReadPart(half.Tensor, lo*size, p); err != nil {
			return err
		}
		for i := lo; i < hi; i++ {
			copy(dst[(2*i+int64(h)-first)*size:][:size], p[(i-lo)*size:])
		}
	}
	return nil
}
