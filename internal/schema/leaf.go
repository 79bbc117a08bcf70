package schema

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"ossian/internal/regular"
)

// leaf is what schemas without logic allow together; nil when it is nothing.
func (c *compiler) leaf(base []*clause) (*Node, error) {
	if err := c.budget.Spend(256 + 128*len(base)); err != nil {
		return nil, wrap(base[0].at, "", err)
	}
	kinds := allTypes
	var allowed map[string]any // by their spelling; nil: no enum
	var excluded []any
	for _, cl := range base {
		obj := cl.value.(*object)
		if v, ok := obj.get("type"); ok {
			t, err := typesOf(cl.at, v)
			if err != nil {
				return nil, err
			}
			if n, _ := obj.get("nullable"); n == true {
				t |= isNull
			}
			kinds &= t
		} else if n, has := obj.get("nullable"); has && n == false {
			kinds &^= isNull
		}
		if v, ok := obj.get("\x00simple"); ok {
			next := map[string]any{}
			for _, e := range v.([]any) {
				key := canonical(e)
				if _, before := allowed[key]; allowed == nil || before {
					next[key] = e
				}
			}
			allowed = next
		}
		if v, ok := obj.get("\x00except"); ok {
			excluded = append(excluded, v.([]any)...)
		}
	}
	n := &Node{At: base[0].at}
	for _, e := range excluded {
		if deep := exactly(e); deep != nil {
			kind := isObject
			if _, list := e.([]any); list {
				kind = isArray
			}
			if kinds&kind != 0 && allowed == nil {
				return nil, fail(base[0].at, "not", "an array or object cannot be excluded by its value")
			}
		}
		delete(allowed, canonical(e))
	}
	may := func(key string, kind types) bool {
		if kinds&kind == 0 {
			return false
		}
		for _, e := range excluded {
			if canonical(e) == key {
				return false
			}
		}
		_, listed := allowed[key]
		return allowed == nil || listed
	}
	n.Null, n.True, n.False = may("null", isNull), may("true", isBoolean), may("false", isBoolean)
	var words, numbers []string
	for _, e := range allowed {
		switch e := e.(type) {
		case string:
			words = append(words, e)
		case json.Number:
			numbers = append(numbers, canonical(e))
		}
	}
	if kinds&isNumber != 0 && (allowed == nil || len(numbers) > 0) {
		d, err := c.numbers(base, kinds, excluded)
		if err != nil {
			return nil, err
		}
		if allowed != nil {
			d, err = c.only(d, numbers)
		}
		if err != nil {
			return nil, wrap(n.At, "enum", err)
		}
		if !d.Empty() {
			n.Numbers = append(n.Numbers, d)
		}
	}
	if kinds&isString != 0 && (allowed == nil || len(words) > 0) {
		d, err := c.text(base)
		if err != nil {
			return nil, err
		}
		if allowed != nil {
			d, err = c.only(d, words)
		} else {
			d, err = c.without(d, excluded)
		}
		if err != nil {
			return nil, wrap(n.At, "enum", err)
		}
		if !d.Empty() {
			n.Strings = append(n.Strings, d)
		}
	}
	if kinds&isArray != 0 && allowed == nil {
		a, err := c.array(base)
		if err != nil {
			return nil, err
		}
		if a != nil {
			n.Arrays = append(n.Arrays, a)
		}
	}
	if kinds&isObject != 0 && allowed == nil {
		o, err := c.object(base)
		if err != nil {
			return nil, err
		}
		if o != nil {
			n.Objects = append(n.Objects, o)
		}
	}
	if n.empty() {
		return nil, nil
	}
	return n, nil
}

// only keeps the words of a list that a language has.
func (c *compiler) only(d *regular.DFA, words []string) (*regular.DFA, error) {
	var in []string
	for _, w := range words {
		if d.Match(w) {
			in = append(in, w)
		}
	}
	return regular.Words(in, c.budget)
}

func (c *compiler) without(d *regular.DFA, excluded []any) (*regular.DFA, error) {
	var out []string
	for _, e := range excluded {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return d, nil
	}
	words, err := regular.Words(out, c.budget)
	if err != nil {
		return nil, err
	}
	return regular.Minus(d, words, c.budget)
}

// numbers joins all conditions on numbers.
func (c *compiler) numbers(base []*clause, kinds types, excluded []any) (*regular.DFA, error) {
	r := regular.Range{Integer: kinds&isFraction == 0, Fraction: kinds&isInteger == 0}
	at, keyword := base[0].at, ""
	for _, e := range excluded {
		if num, ok := e.(json.Number); ok {
			if d, ok := regular.ParseDecimal(num.String()); ok {
				r.Except = append(r.Except, d)
				keyword = "not"
			}
		}
	}
	for _, cl := range base {
		obj := cl.value.(*object)
		for _, k := range obj.keys {
			v := obj.values[k]
			switch k {
			case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
			default:
				continue
			}
			if _, draft4 := v.(bool); draft4 && k != "multipleOf" {
				continue
			}
			num, ok := v.(json.Number)
			if !ok {
				return nil, fail(cl.at, k, "a number is expected")
			}
			d, ok := regular.ParseDecimal(num.String())
			if !ok {
				return nil, &Error{At: cl.at, Keyword: k, Reason: "the number is out of all measure", Limit: true}
			}
			at, keyword = cl.at, k
			switch k {
			case "multipleOf":
				if d.Neg || d.Digits == "" {
					return nil, fail(cl.at, k, "a number above zero is expected")
				}
				r.Multiples = append(r.Multiples, d)
			case "minimum", "exclusiveMinimum":
				open := k == "exclusiveMinimum" || obj.values["exclusiveMinimum"] == true
				if r.Min == nil || d.Cmp(*r.Min) > 0 || d.Cmp(*r.Min) == 0 && open {
					r.Min, r.OpenMin = &d, open
				}
			default:
				open := k == "exclusiveMaximum" || obj.values["exclusiveMaximum"] == true
				if r.Max == nil || d.Cmp(*r.Max) < 0 || d.Cmp(*r.Max) == 0 && open {
					r.Max, r.OpenMax = &d, open
				}
			}
		}
	}
	if keyword == "" && !r.Fraction { // the same for all
		i := 0
		if r.Integer {
			i = 1
		}
		if c.number[i] == nil {
			d, err := regular.Numbers(r, c.budget)
			if err != nil {
				return nil, wrap(at, "", err)
			}
			c.number[i] = d
		}
		return c.number[i], nil
	}
	d, err := regular.Numbers(r, c.budget)
	return d, wrap(at, keyword, err)
}

// unreachable is a length that no text reaches within a model's context: not 131,072
// tokens of 128 characters.
const unreachable = 1 << 24

// text joins all conditions on strings.
func (c *compiler) text(base []*clause) (*regular.DFA, error) {
	lo, hi, keyword, at := 0, -1, "", ""
	var parts []part
	for _, cl := range base {
		obj := cl.value.(*object)
		for _, k := range obj.keys {
			v := obj.values[k]
			switch k {
			case "minLength", "maxLength":
				n, err := count(cl.at, k, v)
				if err != nil {
					return nil, err
				}
				if k == "minLength" && n > lo {
					lo, keyword, at = n, k, cl.at
				}
				if k == "maxLength" && n < unreachable && (hi < 0 || n < hi) {
					hi, keyword, at = n, k, cl.at
				}
			case "pattern", "\x00mismatch":
				expr, ok := v.(string)
				if !ok {
					return nil, fail(cl.at, "pattern", "a string is expected")
				}
				d, err := c.pattern(cl.at, "pattern", expr)
				if err != nil {
					return nil, err
				}
				parts = append(parts, part{d, cl.at, "pattern", k != "pattern"})
			case "format":
				name, ok := v.(string)
				if !ok {
					return nil, fail(cl.at, k, "a string is expected")
				}
				d, err := c.format(cl.at, name)
				if err != nil {
					return nil, err
				}
				parts = append(parts, part{d, cl.at, k, false})
			}
		}
	}
	out := c.any
	var err error
	if lo > 0 || hi >= 0 {
		if hi >= 0 && hi < lo {
			return &regular.DFA{}, nil
		}
		if out, err = regular.Length(lo, hi, c.budget); err != nil {
			return nil, wrap(at, keyword, err)
		}
	}
	for _, p := range parts {
		switch {
		case p.not:
			out, err = regular.Minus(out, p.d, c.budget)
		case out == c.any:
			out = p.d
		default:
			out, err = regular.Intersect(p.d, out, c.budget)
		}
		if err != nil {
			return nil, wrap(p.at, p.keyword, err)
		}
	}
	return out, nil
}

// part is one condition on a string.
type part struct {
	d           *regular.DFA
	at, keyword string
	not         bool
}

// pattern compiles an expression once.
func (c *compiler) pattern(at, keyword, expr string) (*regular.DFA, error) {
	if d, ok := c.patterns[expr]; ok {
		return d, nil
	}
	if len(expr) > maxBytes || !utf8.ValidString(expr) {
		return nil, fail(at, keyword, "the expression is not UTF-8")
	}
	d, err := regular.Search(expr, c.budget)
	if err != nil {
		return nil, wrap(at, keyword, err)
	}
	c.patterns[expr] = d
	return d, nil
}

// count reads a bound of lengths: an integer that is not negative.
func count(at, keyword string, v any) (int, error) {
	if num, ok := v.(json.Number); ok {
		if d, ok := regular.ParseDecimal(num.String()); ok && !d.Neg && d.IsInteger() {
			n, err := strconv.Atoi(d.String())
			if err != nil || n > unreachable {
				n = unreachable
			}
			return n, nil
		}
	}
	return 0, fail(at, keyword, "an integer that is not negative is expected")
}
