package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ossian/internal/backend/cpu"
	platform "ossian/internal/cpu"
	"ossian/internal/kernel"
	"ossian/internal/model"
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

// mayMap says that weights may stay in their files where they do not fit: nobody asked for what needs them packed.
func (f *weightFlags) mayMap() bool { return f.Weights == "auto" && (f.Activations == "" || f.rows()) }

// weights brings the weights of a model into memory as the flags want it, or leaves them in
// their files where that is asked for, or where nothing is and they do not fit.
func (s *system) weights(ctx context.Context, at place, f *loadFlags) (*model.Weights, error) {
	if f.Weights == "map" && at.dir == "" {
		return nil, usage("--weights map needs a model in a folder; the built-in one is part of the program")
	}
	p := s.progress("loading "+at.name, f.Quiet)
	defer p.done()
	opt := model.LoadOptions{Progress: p.update, Map: f.Weights == "map"}
	if !opt.Map {
		var err error
		if opt.Packer, err = f.packer(); err != nil {
			return nil, err
		}
	}
	w, err := model.LoadFS(ctx, at.fsys, opt)
	full := (*model.MemoryError)(nil)
	if !f.mayMap() || at.dir == "" || !errors.As(err, &full) || full.MustRead {
		return w, err
	}
	p.done()
	if !f.Quiet {
		fmt.Fprintf(s.stderr, "ossian: the weights take %s and %s of memory are left, so they stay in their files, which is slower; --weights read insists\n", size(full.Need), size(full.Have))
	}
	opt.Packer, opt.Map = nil, true
	return model.LoadFS(ctx, at.fsys, opt)
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

// held says how weights and vectors are kept.
func held(w *model.Weights, b *cpu.Backend) string {
	dense := "dense weights as published"
	if u := w.Unembed; u.Packed && u.Form == uint8(kernel.FormQ8) {
		dense = "dense weights in 8 bits"
	}
	return fmt.Sprintf("weights %s, %s; activations %s; %s kernels on %d threads", w.Way(), dense, b.Activations(), b.Kernels(), b.Threads())
}
