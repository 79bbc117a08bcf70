package grammar

import "ossian/internal/regular"

// maxSteps bounds the compilation of an expression, about half a second.
const maxSteps = 20_000_000

// FromRegex is the grammar of the texts that an expression of ECMA-262 describes from
// start to end. Errors are *regular.SyntaxError and *regular.LimitError.
func FromRegex(expr string) (*Grammar, error) {
	dfa, err := regular.Full(expr, regular.Flags{}, regular.NewBudget(maxSteps))
	if err != nil {
		return nil, err
	}
	d := &draft{}
	r := d.rule("the expression")
	t, err := d.terminal(dfa, false)
	if err != nil {
		return nil, err
	}
	d.final[d.term(d.rules[r].start, t)] = true
	return d.finish(r)
}
