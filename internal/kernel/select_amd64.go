package kernel

import "ossian/internal/cpu"

// selectTier gives the table of a tier, or nil where there is none.
func selectTier(t cpu.Tier) *Ops {
	switch t {
	case cpu.AVX512:
		return avx512Ops()
	case cpu.AVX2:
		return avx2Ops()
	}
	return nil
}

func avx512Ops() *Ops {
	o := Generic()
	o.Name = string(cpu.AVX512)
	o.MatMul = matMulAVX512
	o.Fill = fillAVX512
	o.Quantize, o.Mul = quantizeAVX512, mulAVX512
	o.RMSNorm, o.Rope, o.SwiGLU = rmsNormAVX512, ropeAVX512, swiGLUAVX512
	o.Attention, o.AttentionSpan = attentionAVX512, attentionSpanAVX512
	o.AddScaled, o.Argmax = addScaledAVX512, argmaxAVX512
	if !cpu.Detect().AVX512BF16 {
		o.Mul = mulWithoutBF16
	}
	return o
}

// mulWithoutBF16 is for processors such as Ice Lake, which have all of the tier but VDPBF16PS.
func mulWithoutBF16(y []float32, ldy int, p *Packed, lo, hi int, a *Acts, index []int32, bias []float32, scratch []byte) {
	if a.Form == ActBF16 {
		mulAVX2(y, ldy, p, lo, hi, a, index, bias, scratch)
		return
	}
	mulAVX512(y, ldy, p, lo, hi, a, index, bias, scratch)
}

// avx2Ops is for processors with AVX2 and FMA but without AVX-512.
func avx2Ops() *Ops {
	o := Generic()
	o.Name = string(cpu.AVX2)
	o.MatMul = matMulAVX2
	o.RMSNorm, o.Rope, o.SwiGLU = rmsNormAVX2, ropeAVX2, swiGLUAVX2
	o.AddScaled, o.Argmax = addScaledAVX2, argmaxAVX2
	o.Fill = fillAVX2
	o.Quantize, o.Mul = quantizeAVX2, mulAVX2
	o.Attention, o.AttentionSpan = attentionAVX2, attentionSpanAVX2
	return o
}
