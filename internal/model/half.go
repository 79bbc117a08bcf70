package model

import (
	"fmt"

	"ossian/internal/safetensors"
)

// halves gives a float16 tensor of a safetensors file as float32, for a Packer: float16 has no
// Format of its own.
type halves struct{ located }

// asFloat32 is t as it is read through halves.
func (t located) asFloat32() located {
	wide := t
	wide.in, wide.stored = halves{t}, [2]int64{2, 4}
	wide.DType, wide.Begin, wide.End = safetensors.F32, 0, 2*t.Bytes()
	return wide
}

func (h halves) ReadPart(_ safetensors.Tensor, off int64, dst []byte) error {
	half := dst[len(dst)/2:] // widening from the front never overtakes it
	if err := h.in.ReadPart(h.Tensor, off/2, half); err != nil {
		return err
	}
	if i := widenTo(floats(dst), half, safetensors.F16); i >= 0 {
		return &LoadError{File: h.file, Tensor: h.Name, Why: fmt.Sprintf("value %d is not finite", off/4+int64(i)),
			Next: "the file is damaged: fetch it again"}
	}
	return nil
}
