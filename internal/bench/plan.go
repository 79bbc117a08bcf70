package bench

import (
	"fmt"
	"slices"
)

// Plan says what to measure.
type Plan struct {
	Prompts []int  `json:"prompts"` // lengths of prompts that are read
	Depths  []int  `json:"depths"`  // positions before the tokens that are decoded
	Tokens  int    `json:"tokens"`  // decoded in a repetition
	Repeat  int    `json:"repeat"`  // repetitions of each
	Seed    uint64 `json:"seed"`    // of the token ids
}

// DefaultPlan takes some minutes where a prompt is read at 50 tokens a second.
func DefaultPlan() Plan {
	return Plan{Prompts: []int{128, 512, 2048}, Depths: []int{0, 4096}, Tokens: 64, Repeat: 3}
}

// QuickPlan takes a tenth of that.
func QuickPlan() Plan {
	return Plan{Prompts: []int{128, 512}, Depths: []int{0}, Tokens: 32, Repeat: 2}
}

// PlanError is a plan that cannot be carried out.
type PlanError struct{ Why string }

func (e *PlanError) Error() string { return "bench: " + e.Why }

// Bounds of a plan: more is a mistake in typing.
const (
	maxList   = 16
	maxLength = 1 << 20
	maxRepeat = 1000
)

// Check refuses what makes no sense.
func (p *Plan) Check() error {
	bad := func(format string, args ...any) error { return &PlanError{fmt.Sprintf(format, args...)} }
	if len(p.Prompts)+len(p.Depths) == 0 {
		return bad("there is nothing to measure: neither a prompt nor a depth")
	}
	if len(p.Prompts) > maxList || len(p.Depths) > maxList {
		return bad("%d prompts and %d depths; at most %d of each can be measured at once", len(p.Prompts), len(p.Depths), maxList)
	}
	for _, n := range p.Prompts {
		if n < 1 || n > maxLength {
			return bad("a prompt of %d tokens is not between 1 and %d", n, maxLength)
		}
	}
	for _, n := range p.Depths {
		if n < 0 || n > maxLength {
			return bad("a depth of %d is not between 0 and %d", n, maxLength)
		}
	}
	for _, list := range [][]int{p.Prompts, p.Depths} {
		sorted := slices.Sorted(slices.Values(list))
		for i := 1; i < len(sorted); i++ {
			if sorted[i] == sorted[i-1] {
				return bad("%d is listed twice", sorted[i])
			}
		}
	}
	if p.Tokens < 1 || p.Tokens > maxLength {
		return bad("%d tokens to decode are not between 1 and %d", p.Tokens, maxLength)
	}
	if p.Repeat < 1 || p.Repeat > maxRepeat {
		return bad("%d repetitions are not between 1 and %d", p.Repeat, maxRepeat)
	}
	return nil
}

// Positions is the longest sequence that the plan needs.
func (p *Plan) Positions() int {
	n := 1
	for _, l := range p.Prompts {
		n = max(n, l)
	}
	for _, d := range p.Depths {
		n = max(n, p.capacity(d))
	}
	return n
}

// Within refuses a plan that needs more positions than there are.
func (p *Plan) Within(positions int) error {
	if n := p.Positions(); n > positions {
		return &PlanError{fmt.Sprintf("the plan needs %d positions, the model's limit is %d; give shorter prompts or a smaller depth", n, positions)}
	}
	return nil
}

// warmup is no longer than what is measured.
func (p *Plan) warmup() int { return min(warmup, p.Positions()) }

// capacity is what the sequence of a depth holds in the end: at depth 0 every repetition
// has a sequence of its own, otherwise they follow one another.
func (p *Plan) capacity(depth int) int {
	if depth == 0 {
		return p.Tokens
	}
	return depth + p.Repeat*p.Tokens
}

// Fit drops prompts and depths that need more than positions, and names them.
func (p *Plan) Fit(positions int) (left []string) {
	p.Prompts = slices.DeleteFunc(slices.Clone(p.Prompts), func(n int) bool {
		if n > positions {
			left = append(left, promptName(n, 0))
		}
		return n > positions
	})
	p.Depths = slices.DeleteFunc(slices.Clone(p.Depths), func(d int) bool {
		if p.capacity(d) > positions {
			left = append(left, decodeName(p.Tokens, d))
		}
		return p.capacity(d) > positions
	})
	return left
}

// promptName and decodeName are the names that others use too: pp512, tg64, tg64@4096.
func promptName(n, from int) string  { return at(fmt.Sprintf("pp%d", n), from) }
func decodeName(n, depth int) string { return at(fmt.Sprintf("tg%d", n), depth) }

func at(name string, depth int) string {
	if depth > 0 {
		return fmt.Sprintf("%s@%d", name, depth)
	}
	return name
}
