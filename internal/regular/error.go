package regular

import "fmt"

// SyntaxError refuses an expression.
type SyntaxError struct {
	Expr   string
	At     int // byte offset
	Reason string
}

func (e *SyntaxError) Error() string {
	expr := e.Expr
	if len(expr) > 80 {
		expr = expr[:80] + "..."
	}
	return fmt.Sprintf("regular expression %q, at byte %d: %s", expr, e.At, e.Reason)
}

// LimitError says that a language takes more room or time than is given.
type LimitError struct{ What string }

func (e *LimitError) Error() string {
	return e.What + "; make the repetitions, alternatives or bounds smaller"
}

// Budget bounds the work of a compilation. One budget may serve many calls.
type Budget struct{ left int }

// NewBudget allows so many elementary steps, of which a processor makes some 50 million a second.
func NewBudget(steps int) *Budget { return &Budget{left: steps} }

// Spend takes steps away. It fails for good once there are none.
func (b *Budget) Spend(steps int) error {
	if b.left -= steps; b.left < 0 {
		return &LimitError{"it takes too long to compile"}
	}
	return nil
}
