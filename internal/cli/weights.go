package cli

import (
	"slices"

	"ossian/internal/backend/cpu"
	platform "ossian/internal/cpu"
	"ossian/internal/model"
)

// weightFlags choose between speed, memory and exactness.
type weightFlags struct {
	Dense       string `enum:"q8,bf16" default:"q8" help:"Attention and unembedding as 8-bit blocks, made while loading, or in bf16 as published: ${enum} (default: ${default})."`
	Activations string `enum:",int8,int16,f32,bf16" default:"" placeholder:"FORM" help:"Vectors in products: int8 is fastest; int16 is as fast for one token and a hundred times finer; f32 and bf16 keep the weights in the checkpoint's own order, f32 being exact (default: int8)."`
	Kernels     string `placeholder:"TIER" help:"Instruction set of the inner loops, as ossian version lists them (default: the best there is)."`
}

func (f *weightFlags) check() error {
	if tiers := platform.Detect().Tiers(); f.Kernels != "" && !slices.Contains(tiers, platform.Tier(f.Kernels)) {
		return usage("--kernels %s: this processor has %v", f.Kernels, tiers)
	}
	return nil
}

// rows says that the weights stay in the checkpoint's order.
func (f *weightFlags) rows() bool {
	return f.Activations == string(cpu.F32) || f.Activations == string(cpu.BF16)
}

// packer is how the weights are to lie in memory: nil for the checkpoint's order.
func (f *weightFlags) packer() (model.Packer, error) {
	if f.rows() {
		return nil, nil
	}
	d := cpu.Dense(f.Dense)
	if d == "" { // a command without these flags
		d = cpu.DenseQ8
	}
	return cpu.NewLayout(d, platform.Tier(f.Kernels))
}

// options are the backend's.
func (f *loadFlags) options() cpu.Options {
	return cpu.Options{Threads: f.Threads, Tier: platform.Tier(f.Kernels), Activations: cpu.Activations(f.Activations)}
}
