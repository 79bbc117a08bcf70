package plan

import (
	"ossian/internal/backend/cpu"
	platform "ossian/internal/cpu"
	"ossian/internal/model"
)

// Hold is how weights are held.
type Hold string

// The ways to hold weights, fastest first.
const (
	Q8   Hold = "q8"   // in memory, packed; attention and unembedding in 8 bits
	BF16 Hold = "bf16" // in memory, packed; attention and unembedding as published
	Rows Hold = "rows" // in memory, in the checkpoint's order, for float32 activations
	Map  Hold = "map"  // in the files, likewise
)

// Holds lists them.
func Holds() []Hold { return []Hold{Q8, BF16, Rows, Map} }

// Packer is what loads weights so, with the kernels of a tier ("": the best there is); nil for
// the checkpoint's order.
func (h Hold) Packer(tier platform.Tier) (model.Packer, error) {
	switch h {
	case Q8:
		return cpu.NewLayout(cpu.DenseQ8, tier)
	case BF16:
		return cpu.NewLayout(cpu.DenseBF16, tier)
	}
	return nil, nil
}

// Model is what is planned for.
type Model struct {
	Name    string
	Config  model.Config
	Weights map[Hold]model.Footprint // of the ways that this checkpoint can be held
	Cannot  map[Hold]error           // why not, of the others
	Files   int64                    // bytes on the disk
	Fetch   int64                    // bytes of them that are not here yet
}

// Of is the model whose headers were read.
func Of(name string, h *model.Headers) (*Model, error) {
	m := &Model{Name: name, Config: h.Config, Weights: map[Hold]model.Footprint{}, Cannot: map[Hold]error{}, Files: h.Files}
	for _, hold := range Holds() {
		packer, err := hold.Packer("")
		if err != nil {
			return nil, err
		}
		f, err := h.Footprint(packer, hold == Map)
		if err != nil {
			m.Cannot[hold] = err
			continue
		}
		m.Weights[hold] = f
	}
	if len(m.Weights) == 0 { // then they all fail for one reason
		return nil, m.Cannot[Q8]
	}
	return m, nil
}

// Published is a model of a published shape that need not be here.
func Published(name string, cfg model.Config, files int64) *Model {
	m := &Model{Name: name, Config: cfg, Weights: map[Hold]model.Footprint{}, Files: files, Fetch: files}
	reading := model.ReadingBytes(files)
	for hold, dense := range map[Hold]cpu.Dense{Q8: cpu.DenseQ8, BF16: cpu.DenseBF16} {
		total, token := cpu.WeightBytes(&cfg, dense)
		m.Weights[hold] = model.Footprint{Memory: total, Token: token, Loading: reading, Packed: true}
	}
	s, wide := cfg.Sizes(), vectors(&cfg)
	rows := model.Footprint{Memory: s.Total() + wide/2, Token: s.PerToken(cfg.ActiveExperts), Loading: reading, Gather: true}
	m.Weights[Rows] = rows
	rows.Memory, rows.Mapped, rows.Loading = wide, s.Total()-wide/2, 0
	m.Weights[Map] = rows
	return m
}

// vectors is what biases, norms and sinks take, which are widened to float32.
func vectors(c *model.Config) int64 {
	n := c.Hidden
	for _, l := range c.Layer {
		n += c.Heads*c.HeadDim + 2*c.KVHeads*c.HeadDim + c.Heads + 3*c.Hidden + l.Experts*(1+2*c.Intermediate+c.Hidden)
	}
	return 4 * int64(n)
}
