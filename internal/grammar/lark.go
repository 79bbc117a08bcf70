package grammar

import (
	"fmt"

	"ossian/internal/regular"
)

// FromLark is the grammar of the texts of rule start in Lark's notation, the subset that
// describes texts and no trees: rules and terminals, texts ("a", "a"i), ranges, expressions
// (/a/i, /a/s), alternatives, groups, ?, *, +, ~n, ~n..m, {n,m}, %ignore, and %import from
// common. Aliases, priorities and the marks ? and ! of rules are read and have no effect.
//
// There is no lexer: all ways to read a text are kept, where Lark would take the longest
// terminal first. What %ignore names may stand behind every text or terminal of a rule, and
// at the start. A rule may begin with itself; several that begin with each other are
// refused. Errors are *Error.
func FromLark(src string) (*Grammar, error) {
	f, err := parseLark(src)
	if err != nil {
		return nil, err
	}
	w := &larkWriter{draft: &draft{}, budget: regular.NewBudget(maxSteps), numbers: map[string]uint32{}, dfas: map[string]*regular.DFA{}}
	for _, r := range f.rules {
		if _, twice := w.numbers[r.name]; twice {
			return nil, fail(fmt.Sprintf("line %d", r.line), "the rule %s is there already", r.name)
		}
		w.numbers[r.name] = w.rule(r.name)
	}
	start, ok := w.numbers["start"]
	if !ok {
		return nil, fail("", "there is no rule named start")
	}
	if len(f.ignore) > 0 {
		w.ignored = w.rule("%ignore")
		s := w.rules[w.ignored].start
		w.final[s] = true
		w.ignores = true
		w.within = true
		to, err := w.write(s, &larkExpr{op: larkAlt, sub: f.ignore})
		if err != nil {
			return nil, err
		}
		w.skip(to, s)
	}
	for _, r := range f.rules {
		if err := w.define(r); err != nil {
			return nil, err
		}
	}
	if w.ignores {
		whole := w.rule("start")
		w.final[w.call(w.call(w.rules[whole].start, w.ignored), start)] = true
		start = whole
	}
	return w.finish(start)
}

// larkWriter writes rules into a draft.
type larkWriter struct {
	*draft
	budget  *regular.Budget
	numbers map[string]uint32 // of rules
	dfas    map[string]*regular.DFA
	ignores bool
	ignored uint32 // rule of what may stand between
	within  bool   // a terminal: nothing may
	line    int
}

// terminalName reports whether a name is a terminal's: it has no small letters.
func terminalName(s string) bool {
	for _, c := range s {
		if c >= 'a' && c <= 'z' {
			return false
		}
	}
	return true
}

// define writes a rule. Alternatives that begin with the rule itself become a
// repetition behind the others: a: a "x" | "y" is "y" "x"*.
func (w *larkWriter) define(r *larkRule) error {
	w.line, w.within = r.line, terminalName(r.name)
	start := w.rules[w.numbers[r.name]].start
	var first, more []*larkExpr
	for _, alt := range r.expr.sub {
		if alt.op == larkSeq && len(alt.sub) > 0 && alt.sub[0].op == larkName && alt.sub[0].text == r.name {
			more = append(more, &larkExpr{op: larkSeq, sub: alt.sub[1:]})
		} else {
			first = append(first, alt)
		}
	}
	if r.expr.op != larkAlt {
		first = []*larkExpr{r.expr}
	}
	end, err := w.write(start, &larkExpr{op: larkAlt, sub: first})
	if err != nil {
		return err
	}
	w.final[end] = true
	if len(more) > 0 {
		to, err := w.write(end, &larkExpr{op: larkAlt, sub: more})
		if err != nil {
			return err
		}
		w.skip(to, end)
	}
	return nil
}

func (w *larkWriter) fail(format string, args ...any) *Error {
	return fail(fmt.Sprintf("line %d", w.line), format, args...)
}

// write writes an expression behind a state and returns where it ends.
func (w *larkWriter) write(from uint32, e *larkExpr) (uint32, error) {
	if len(w.final) > maxGrammar {
		return 0, &Error{Reason: "it has more than 524,288 states; make repetitions smaller", Limit: true}
	}
	var err error
	switch e.op {
	case larkSeq:
		for _, s := range e.sub {
			if from, err = w.write(from, s); err != nil {
				return 0, err
			}
		}
		return from, nil
	case larkAlt:
		end := w.state()
		for _, s := range e.sub {
			begin := w.state()
			w.skip(from, begin)
			to, err := w.write(begin, s)
			if err != nil {
				return 0, err
			}
			w.skip(to, end)
		}
		return end, nil
	case larkRepeat:
		return w.repeat(from, e)
	case larkText:
		return w.between(w.bytes(from, e.text)), nil
	case larkRegex:
		d, err := w.regex(e)
		if err != nil {
			return 0, err
		}
		t, err := w.terminal(d, false)
		if err != nil {
			return 0, err
		}
		return w.between(w.term(from, t)), nil
	}
	r, ok := w.numbers[e.text]
	if !ok {
		return 0, w.fail("there is no rule %s", e.text)
	}
	if w.within && !terminalName(e.text) {
		return 0, w.fail("a terminal cannot use the rule %s", e.text)
	}
	to := w.call(from, r)
	if terminalName(e.text) {
		to = w.between(to)
	}
	return to, nil
}

// between allows what is ignored behind a terminal of a rule.
func (w *larkWriter) between(at uint32) uint32 {
	if !w.ignores || w.within {
		return at
	}
	return w.call(at, w.ignored)
}

func (w *larkWriter) repeat(from uint32, e *larkExpr) (uint32, error) {
	var err error
	for range e.min {
		if from, err = w.write(from, e.sub[0]); err != nil {
			return 0, err
		}
	}
	if e.max < 0 {
		loop := w.state()
		w.skip(from, loop)
		to, err := w.write(loop, e.sub[0])
		if err != nil {
			return 0, err
		}
		w.skip(to, loop)
		return loop, nil
	}
	end := w.state()
	for range e.max - e.min {
		w.skip(from, end)
		next := w.state()
		w.skip(from, next)
		if from, err = w.write(next, e.sub[0]); err != nil {
			return 0, err
		}
	}
	w.skip(from, end)
	return end, nil
}

func (w *larkWriter) regex(e *larkExpr) (*regular.DFA, error) {
	key := fmt.Sprint(e.flags, e.text)
	if d, ok := w.dfas[key]; ok {
		return d, nil
	}
	d, err := regular.Full(e.text, e.flags, w.budget)
	if err != nil {
		return nil, w.fail("%v", err)
	}
	w.dfas[key] = d
	return d, nil
}
