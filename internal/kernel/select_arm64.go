package kernel

import "ossian/internal/cpu"

// selectTier gives the table of a tier, or nil where there is none. They differ
// only in how whole numbers are multiplied.
func selectTier(t cpu.Tier) *Ops {
	o := Generic()
	o.Name = string(t)
	o.MatMul = matMulNEON
	o.Fill, o.Quantize = fillNEON, quantizeNEON
	o.Attention, o.AttentionSpan = attentionNEON, attentionSpanNEON
	o.RMSNorm, o.Rope, o.SwiGLU = rmsNormNEON, ropeNEON, swiGLUNEON
	o.AddScaled, o.Argmax = addScaledNEON, argmaxNEON
	switch t {
	case cpu.I8MM:
		o.Mul = mulI8MM
	case cpu.DotProd:
		o.Mul = mulDotProd
	case cpu.NEON:
		o.Mul = mulNEON
	default:
		return nil
	}
	return o
}
