package kernel

import "ossian/internal/cpu"

// selectTier gives the table of a tier, or nil where there is none. The two differ in how whole numbers are multiplied alone.
func selectTier(t cpu.Tier) *Ops {
	o := Generic()
	o.Name = string(t)
	o.Quantize = quantizeNEON
	o.RMSNorm, o.Rope, o.SwiGLU = rmsNormNEON, ropeNEON, swiGLUNEON
	o.AddScaled, o.Argmax = addScaledNEON, argmaxNEON
	switch t {
	case cpu.DotProd:
		o.Mul = mulDotProd
	case cpu.NEON:
		o.Mul = mulNEON
	default:
		return nil
	}
	return o
}
