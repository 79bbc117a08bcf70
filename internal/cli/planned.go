package cli

import (
	"fmt"

	"ossian/internal/mem"
	"ossian/internal/model"
	"ossian/internal/plan"
)

// plan decides how a model is to be held, before memory is taken, and says where that is
// not what the flags would have liked best. What cannot fit is refused.
func (s *system) plan(at place, f *loadFlags) (plan.Plan, error) {
	none := plan.Plan{}
	if f.Weights == "map" && at.dir == "" {
		return none, usage("--weights map needs a model in a folder; the built-in one is part of the program")
	}
	m, err := modelAt(at)
	if err != nil {
		return none, fmt.Errorf("%s: %w", at, err)
	}
	if f.Context > m.Config.MaxContext {
		return none, fmt.Errorf("--context %d is beyond the limit of %s, %d", f.Context, at, m.Config.MaxContext)
	}
	mc := s.machine(f.Threads)
	wish := plan.Wish{Holds: f.holds(), Context: f.Context, Users: f.users}
	p := m.Choose(&mc, wish)
	if p.Hold == "" {
		return none, fmt.Errorf("%s: %w", at, m.Cannot[wish.Holds[0]])
	}
	if !p.Fits {
		m.Name = at.String()
		return none, m.Refuse(&mc, wish, p)
	}
	if !f.Quiet {
		s.adapted(m, &mc, wish, p)
	}
	return p, nil
}

// heapLimit holds the Go runtime to the plan, unless a person did that already.
func (s *system) heapLimit(p plan.Plan) {
	if s.getenv("GOMEMLIMIT") != "" {
		return
	}
	n := p.Need.Heap()
	if mem.InHeap {
		n += p.Need.Weights
	}
	s.setHeapLimit(n)
}

// modelAt is what can be planned of a model in its place.
func modelAt(at place) (*plan.Model, error) {
	h, err := model.ReadHeaders(at.fsys)
	if err != nil {
		return nil, err
	}
	m, err := plan.Of(at.name, h)
	if err == nil && at.dir == "" {
		delete(m.Weights, plan.Map) // a part of the program, not a file
	}
	return m, err
}

// adapted says where a plan is less than it would be with more memory.
func (s *system) adapted(m *plan.Model, mc *plan.Machine, wish plan.Wish, p plan.Plan) {
	free := plan.Machine{Threads: mc.Threads}
	best := m.Choose(&free, wish)
	have := fmt.Sprintf("%s %s", size(mc.Available), mc.Within)
	if best.Hold != p.Hold {
		least := m.Plan(mc, plan.Setting{Hold: best.Hold, Context: p.Context, Users: p.Users})
		what := "so they stay in their files, which is slower"
		if p.Hold == plan.Q8 {
			what = "so attention and unembedding are kept in 8 bits"
		}
		fmt.Fprintf(s.stderr, "ossian: with the weights read as %s the model takes %s and %s, %s; --weights read insists\n", best.Hold, size(least.Need.Total()), have, what)
	}
	if best.Context != p.Context {
		fmt.Fprintf(s.stderr, "ossian: the context is %d tokens, because %s; --context N asks for another\n", p.Context, have)
	}
}
