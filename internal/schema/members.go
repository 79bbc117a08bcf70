package schema

import (
	"slices"

	"ossian/internal/regular"
)

// maxPatterns bounds how many patterns of names may meet: each doubles the kinds of names.
const maxPatterns = 6

// object joins all conditions on objects; nil when none can satisfy them.
func (c *compiler) object(base []*clause) (*Object, error) {
	o := &Object{Max: -1}
	var names, required, patterns []string
	var at string
	listed := map[string]bool{}
	name := func(s string) {
		if !listed[s] {
			listed[s] = true
			names = append(names, s)
		}
	}
	var propertyNames []*clause
	var rules []*rules
	for _, cl := range base {
		obj := cl.value.(*object)
		r, err := c.rulesOf(cl, obj)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
		for _, p := range r.patterns {
			if !slices.Contains(patterns, p) {
				patterns = append(patterns, p)
				at = cl.at
			}
		}
		if r.props != nil {
			for _, k := range r.props.keys {
				name(k)
			}
		}
		for _, k := range obj.keys {
			v := obj.values[k]
			switch k {
			case "minProperties", "maxProperties":
				n, err := count(cl.at, k, v)
				if err != nil {
					return nil, err
				}
				if n > maxCount && n < unreachable || n > maxCount && k == "minProperties" {
					return nil, &Error{At: cl.at, Keyword: k, Reason: "more than 16,384 members cannot be counted", Limit: true}
				}
				if k == "minProperties" {
					o.Min = max(o.Min, n)
				} else if n < unreachable && (o.Max < 0 || n < o.Max) {
					o.Max = n
				}
			case "propertyNames":
				propertyNames = append(propertyNames, &clause{at: cl.at + "/propertyNames", value: v})
			case "required":
				list, ok := v.([]any)
				if !ok {
					if _, draft3 := v.(bool); draft3 {
						return nil, fail(cl.at, k, "a list of names is expected; it belongs to the object, not to its property")
					}
					return nil, fail(cl.at, k, "a list of names is expected")
				}
				for _, e := range list {
					s, ok := e.(string)
					if !ok {
						return nil, fail(cl.at, k, "a list of names is expected")
					}
					required = append(required, s)
				}
			}
		}
	}
	for _, s := range required {
		name(s)
	}
	if o.Max >= 0 && o.Max < o.Min {
		return nil, nil
	}
	if err := c.budget.Spend(len(names) * (4 + len(required)/8 + len(rules))); err != nil {
		return nil, wrap(base[0].at, "properties", err)
	}
	must := map[string]bool{}
	for _, s := range required {
		must[s] = true
	}
	allowed, err := c.namesAllowed(base, propertyNames)
	if err != nil {
		return nil, err
	}
	for _, s := range names {
		var set []*clause
		for _, r := range rules {
			set = append(set, r.of(c, s)...)
		}
		if !allowed.Match(s) || slices.ContainsFunc(set, func(cl *clause) bool { return cl.value == cl.neg }) {
			if must[s] {
				return nil, nil
			}
			continue
		}
		n, err := c.node(set)
		if err != nil {
			return nil, err
		}
		o.Props = append(o.Props, Prop{s, must[s], n})
	}
	if err := c.extra(o, at, names, patterns, rules, allowed); err != nil {
		return nil, err
	}
	return o, c.countable(o, base)
}

// countable refuses a number of members that names which repeat could feign: a JSON
// object may write a name twice, which counts once.
func (c *compiler) countable(o *Object, base []*clause) error {
	sure := 0
	for _, p := range o.Props {
		if p.Required {
			sure++
		}
	}
	if len(o.Extra) == 0 || o.Min <= sure+1 {
		return nil
	}
	for _, cl := range base {
		if _, ok := cl.value.(*object).get("minProperties"); ok {
			return fail(cl.at, "minProperties", "more than one member beside the required ones cannot be counted where names are free; name them, or set additionalProperties to false")
		}
	}
	return nil
}

// rules are what one schema says of an object's members.
type rules struct {
	at       string
	props    *object
	patterns []string
	schemas  map[string]any
	matches  []*regular.DFA
	rest     any
	restKey  string
}

func (c *compiler) rulesOf(cl *clause, obj *object) (*rules, error) {
	r := &rules{at: cl.at}
	if v, ok := obj.get("properties"); ok {
		if r.props, ok = v.(*object); !ok {
			return nil, fail(cl.at, "properties", "an object is expected")
		}
	}
	if v, ok := obj.get("patternProperties"); ok {
		p, ok := v.(*object)
		if !ok {
			return nil, fail(cl.at, "patternProperties", "an object is expected")
		}
		r.patterns, r.schemas = p.keys, p.values
		for _, expr := range p.keys {
			d, err := c.pattern(cl.at, "patternProperties", expr)
			if err != nil {
				return nil, err
			}
			r.matches = append(r.matches, d)
		}
	}
	if v, ok := obj.get("additionalProperties"); ok {
		r.rest, r.restKey = v, "additionalProperties"
	} else if v, ok := obj.get("unevaluatedProperties"); ok {
		if v != true && applies(obj) {
			return nil, fail(cl.at, "unevaluatedProperties", "it cannot be enforced beside $ref, allOf, anyOf, oneOf, not or if; use additionalProperties")
		}
		r.rest, r.restKey = v, "unevaluatedProperties"
	}
	return r, nil
}

// of are the schemas of the member with this name.
func (r *rules) of(c *compiler, name string) []*clause {
	var out []*clause
	if r.props != nil {
		if v, ok := r.props.get(name); ok {
			out = append(out, &clause{at: r.at + "/properties/" + escape(name), value: v})
		}
	}
	for i, expr := range r.patterns {
		if r.matches[i].Match(name) {
			out = append(out, r.pattern(expr))
		}
	}
	if len(out) == 0 && r.restKey != "" {
		out = append(out, r.other())
	}
	return out
}

func (r *rules) pattern(expr string) *clause {
	return &clause{at: r.at + "/patternProperties/" + escape(expr), value: r.schemas[expr]}
}

func (r *rules) other() *clause { return &clause{at: r.at + "/" + r.restKey, value: r.rest} }

// namesAllowed is the language of names that all of propertyNames allow.
func (c *compiler) namesAllowed(base, set []*clause) (*regular.DFA, error) {
	if len(set) == 0 {
		return c.any, nil
	}
	n, err := c.node(set)
	if err != nil {
		return nil, err
	}
	if done, err := c.settled(n); err != nil || !done {
		if err == nil {
			err = fail(set[0].at, "propertyNames", "it contains itself")
		}
		return nil, err
	}
	out := &regular.DFA{}
	for i, d := range n.Strings {
		if i == 0 {
			out = d
		} else if out, err = regular.Union(out, d, c.budget); err != nil {
			return nil, wrap(set[0].at, "propertyNames", err)
		}
	}
	return out, nil
}

// extra sorts the names that are not listed by which patterns they match.
func (c *compiler) extra(o *Object, at string, names, patterns []string, all []*rules, allowed *regular.DFA) error {
	if len(patterns) > maxPatterns {
		return &Error{At: at, Keyword: "patternProperties", Reason: "more than 6 patterns of names at once make too many cases", Limit: true}
	}
	closed := slices.ContainsFunc(all, func(r *rules) bool { return r.restKey != "" && r.rest == false })
	if closed && len(patterns) == 0 {
		return nil
	}
	words, err := regular.Words(names, c.budget)
	if err != nil {
		return wrap(at, "properties", err)
	}
	free := allowed
	if len(names) > 0 {
		if free, err = regular.Minus(allowed, words, c.budget); err != nil {
			return wrap(at, "properties", err)
		}
	}
	for kind := range 1 << len(patterns) {
		d := free
		for i, expr := range patterns {
			if kind>>i&1 != 0 {
				d, err = regular.Intersect(c.patterns[expr], d, c.budget)
			} else {
				d, err = regular.Minus(d, c.patterns[expr], c.budget)
			}
			if err != nil {
				return wrap(at, "patternProperties", err)
			}
		}
		if d.Empty() {
			continue
		}
		var set []*clause
		for _, r := range all {
			n := len(set)
			for _, expr := range r.patterns {
				if kind>>slices.Index(patterns, expr)&1 != 0 {
					set = append(set, r.pattern(expr))
				}
			}
			if len(set) == n && r.restKey != "" {
				set = append(set, r.other())
			}
		}
		if slices.ContainsFunc(set, func(cl *clause) bool { return cl.value == false }) {
			continue
		}
		n, err := c.node(set)
		if err != nil {
			return err
		}
		o.Extra = append(o.Extra, Extra{d, n})
	}
	return nil
}
