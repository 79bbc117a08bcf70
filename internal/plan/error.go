package plan

import (
	"fmt"
	"strings"
)

// Error says that a model does not fit into a machine in any way that was asked for, with
// the arithmetic of the one that takes least.
type Error struct {
	Name    string
	Plan    Plan
	Machine Machine
	Would   []Plan // other ways that would fit
}

// Refuse is the error for a plan that does not fit, chosen by a wish.
func (m *Model) Refuse(mc *Machine, wish Wish, p Plan) *Error {
	e := &Error{Name: m.Name, Plan: p, Machine: *mc}
	for _, h := range Holds() {
		if _, can := m.Weights[h]; !can {
			continue
		}
		wish.Holds = []Hold{h}
		o := m.Choose(mc, wish)
		if !o.Fits { // with less than what was asked for, then
			o = m.Choose(mc, Wish{Holds: wish.Holds, Users: wish.Users})
		}
		if o.Fits {
			e.Would = append(e.Would, o)
		}
	}
	return e
}

func (e *Error) Error() string {
	n := e.Plan.Need
	s := fmt.Sprintf("%s needs %s of memory: %s; %s %s: %s too little", e.Name, gb(n.Total()), e.Plan.Sum(),
		gb(e.Machine.Available), e.Machine.Within, gb(n.Total()-e.Machine.Available))
	var ways []string
	for _, p := range e.Would {
		ways = append(ways, p.String())
	}
	if len(ways) > 0 {
		return s + "; what fits: " + strings.Join(ways, ", or ")
	}
	if e.Machine.Limited {
		return s + "; raise the container's limit, or use a smaller model"
	}
	return s + "; close other programs, or use a machine with more memory or a smaller model"
}

// Sum spells out what a plan takes.
func (p Plan) Sum() string {
	n := p.Need
	parts := []string{"weights " + gb(n.Weights)}
	if n.Loading > n.Workspace+n.KV {
		parts = append(parts, "reading them "+gb(n.Loading))
	} else {
		users := ""
		if p.Users > 1 {
			users = fmt.Sprintf(" for each of %d users", p.Users)
		}
		parts = append(parts, fmt.Sprintf("keys and values %s for %d tokens of context%s", gb(n.KV), p.Context, users), "workspace "+gb(n.Workspace))
	}
	return strings.Join(append(parts, "the program "+gb(n.Program), "and "+gb(n.Reserve)+" in reserve"), ", ")
}

// String is a setting in the words of the flags.
func (s Setting) String() string {
	flags := map[Hold]string{Q8: "--dense q8", BF16: "--dense bf16 --weights read", Rows: "--activations f32 --weights read", Map: "--weights map"}[s.Hold]
	return fmt.Sprintf("%s --context %d", flags, s.Context)
}
