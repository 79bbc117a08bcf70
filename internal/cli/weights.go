package cli

import (
	"context"
	"fmt"
	"slices"

	"ossian/internal/backend/cpu"
	platform "ossian/internal/cpu"
	"ossian/internal/kernel"
	"ossian/internal/model"
	"ossian/internal/plan"
)

// weightFlags choose between speed, memory and exactness.
type weightFlags struct {
	Dense       string `enum:"q8,bf16" default:"q8" help:"Attention and unembedding as 8-bit blocks, made while loading, or in bf16 as published: ${enum} (default: ${default})."`
	Activations string `enum:",mixed,int8,int16,f32,bf16" default:"" placeholder:"FORM" help:"Vectors in products: int8 is fastest; int16 is as fast for answers, slower for prompts, and a hundred times finer; mixed is int8 with int16 where queries, keys and values are made; f32 and bf16 keep the weights in the checkpoint's own order, f32 being exact (default: mixed)."`
	Weights     string `enum:"auto,read,map" default:"auto" help:"Read the weights into memory, or map them: then they stay in their files, open at once and are shared with other programs, but compute more slowly, as with --activations f32 (${enum}; default: ${default}, which reads if they fit)."`
	Kernels     string `placeholder:"TIER" help:"Instruction set of the inner loops, as ossian version lists them (default: the best there is)."`
}

func (f *weightFlags) check() error {
	if tiers := platform.Detect().Tiers(); f.Kernels != "" && !slices.Contains(tiers, platform.Tier(f.Kernels)) {
		return usage("--kernels %s: this processor has %v", f.Kernels, tiers)
	}
	if f.Weights == "map" && f.Activations != "" && !f.rows() {
		return usage("--weights map leaves the weights in the checkpoint's order, which --activations %s cannot use; f32 and bf16 can", f.Activations)
	}
	return nil
}

// rows says that the weights stay in the checkpoint's order.
func (f *weightFlags) rows() bool {
	return f.Activations == string(cpu.F32) || f.Activations == string(cpu.BF16)
}

// holds are the ways to hold the weights that the flags leave open, the preferred first.
func (f *weightFlags) holds() (list []plan.Hold) {
	switch {
	case f.Weights == "map":
		return []plan.Hold{plan.Map}
	case f.rows():
		list = []plan.Hold{plan.Rows}
	case f.Dense == string(cpu.DenseBF16):
		list = []plan.Hold{plan.BF16, plan.Q8}
	default: // also of a command without these flags
		list = []plan.Hold{plan.Q8}
	}
	if f.Weights == "read" {
		return list[:1]
	}
	if f.Activations == "" || f.rows() { // nobody asked for what needs them packed
		list = append(list, plan.Map)
	}
	return list
}

// weights brings the weights of a model into memory as planned, or leaves them in their files.
func (s *system) weights(ctx context.Context, at place, f *loadFlags, hold plan.Hold) (*model.Weights, error) {
	p := s.progress("loading "+at.name, f.Quiet)
	defer p.done()
	packer, err := hold.Packer(platform.Tier(f.Kernels))
	if err != nil {
		return nil, err
	}
	return model.LoadFS(ctx, at.fsys, model.LoadOptions{Progress: p.update, Map: hold == plan.Map, Packer: packer})
}

// options are the backend's.
func (f *loadFlags) options() cpu.Options {
	return cpu.Options{Threads: f.Threads, Tier: platform.Tier(f.Kernels), Activations: cpu.Activations(f.Activations)}
}

// held says how weights and vectors are kept.
func held(at place, w *model.Weights, b *cpu.Backend) string {
	way := string(w.Way())
	if at.dir == "" {
		way = "read out of the program"
	}
	dense := "dense weights as published"
	if u := w.Unembed; u.Packed && u.Form == uint8(kernel.FormQ8) {
		dense = "dense weights in 8 bits"
	}
	return fmt.Sprintf("weights %s, %s; activations %s; %s kernels on %d threads", way, dense, b.Activations(), b.Kernels(), b.Threads())
}
