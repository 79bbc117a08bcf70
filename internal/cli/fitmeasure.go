package cli

import (
	"context"
	"fmt"

	"ossian/internal/backend/cpu"
	"ossian/internal/mem"
	"ossian/internal/model"
	"ossian/internal/plan"
)

// peak is what a process took beside what was planned for it.
type peak struct {
	Planned  int64 `json:"planned_bytes"`
	Measured int64 `json:"measured_bytes"`
}

// off is by how much of the measured peak the plan was wrong.
func (p *peak) off() float64 { return float64(p.Planned-p.Measured) / float64(p.Measured) }

func (p *peak) text() string {
	return fmt.Sprintf("measured: the process took %s at most, planned %s: %+.1f %%\n", size(p.Measured), size(p.Planned), 100*p.off())
}

// measure loads a model as planned, computes, and fills the context of every user: the
// most that the plan allows.
func (c *fitCmd) measure(ctx context.Context, sys *system, name string, p *plan.Plan) (*peak, error) {
	f := &loadFlags{modelFlag: modelFlag{Model: name}, weightFlags: c.weightFlags, Context: p.Context, Threads: c.Threads}
	f.users = p.Users
	m, err := sys.load(ctx, f)
	if err != nil {
		return nil, err
	}
	defer m.close()
	b, ok := m.backend.(interface{ Full(model.Seq) error })
	if !ok {
		return nil, fmt.Errorf("%s does not tell what its contexts take", m.name)
	}
	for user := range p.Users {
		seq, err := m.backend.NewSeq(p.Context)
		if err != nil {
			return nil, err
		}
		defer m.backend.FreeSeq(seq)
		if user == 0 {
			if err := pass(ctx, m.backend, seq, p.Context); err != nil {
				return nil, err
			}
		}
		if err := b.Full(seq); err != nil {
			return nil, err
		}
	}
	most, known := mem.PeakRSS()
	if !known {
		return nil, fmt.Errorf("this system does not say what a process takes")
	}
	return &peak{Planned: p.Need.Peak() + p.Need.Mapped, Measured: most}, nil
}

// pass steps a whole chunk of tokens, so that all of the workspace is used, and one more.
func pass(ctx context.Context, b model.Backend, seq model.Seq, most int) error {
	vocab := b.Config().Vocab
	ids := make([]uint32, min(cpu.DefaultChunk, most-1))
	for i := range ids {
		ids[i] = uint32(i * 7919 % vocab)
	}
	row := make([]float32, vocab)
	for _, tokens := range [][]uint32{ids, ids[:1]} {
		if err := b.Step(ctx, []model.Item{{Seq: seq, Tokens: tokens, Logits: row}}); err != nil {
			return err
		}
	}
	return nil
}
