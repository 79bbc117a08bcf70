package plan

// DefaultContext is what a sequence may take when nobody says: room for a long talk, at a
// cost in memory that is paid only as the context fills. LeastContext is the least that a model is
// run with unless a person asks for less.
const (
	DefaultContext = 32768
	LeastContext   = 2048
)

// Plan is a setting, what it takes, whether it fits and how fast it will be.
type Plan struct {
	Setting
	Need Need `json:"memory"`
	Fits bool `json:"fits"`
	Rate Rate `json:"predicted"`
}

// Wish is what a person left open and what not.
type Wish struct {
	Holds   []Hold // that will do, the preferred first; nil: all
	Context int    // 0: the default, or less where it does not fit
	Users   int    // 0: one
}

// Plan is m in one setting on a machine.
func (m *Model) Plan(mc *Machine, s Setting) Plan {
	s.KV, s.Users = kvType, max(s.Users, 1)
	n := m.Need(s, mc.Threads)
	return Plan{s, n, mc.Available <= 0 || n.Total() <= mc.Available, m.rate(mc, s, n)}
}

// Choose is the first way that fits, in the order of the wish and then of contexts, longest
// first. Where none does, it is the one that takes least, and Fits says so.
func (m *Model) Choose(mc *Machine, w Wish) Plan {
	holds := w.Holds
	if holds == nil {
		holds = Holds()
	}
	var least Plan
	for _, h := range holds {
		if _, can := m.Weights[h]; !can {
			continue
		}
		for _, n := range m.contexts(w.Context) {
			p := m.Plan(mc, Setting{Hold: h, Context: n, Users: w.Users})
			if p.Fits {
				return p
			}
			if least.Hold == "" || p.Need.Total() < least.Need.Total() {
				least = p
			}
		}
	}
	return least
}

// contexts are those to try.
func (m *Model) contexts(wish int) (list []int) {
	if wish > 0 {
		return []int{wish}
	}
	n := min(DefaultContext, m.Config.MaxContext)
	for list = append(list, n); n/2 >= LeastContext; list = append(list, n) {
		n /= 2
	}
	return list
}
