package schema

import "fmt"

// maxCount bounds how many elements or members are counted.
const maxCount = 1 << 14

// element collects what an array's place must be.
type elements struct {
	prefix [][]*clause
	items  []*clause
}

// array joins all conditions on arrays; nil when none can satisfy them.
func (c *compiler) array(base []*clause) (*Array, error) {
	a := &Array{Max: -1}
	var el elements
	var contains *clause
	unique := ""
	isUnique := false
	for _, cl := range base {
		obj := cl.value.(*object)
		if err := c.elements(&el, cl, obj); err != nil {
			return nil, err
		}
		for _, k := range obj.keys {
			v := obj.values[k]
			switch k {
			case "minItems", "maxItems":
				n, err := count(cl.at, k, v)
				if err != nil {
					return nil, err
				}
				if n > maxCount && n < unreachable || n > maxCount && k == "minItems" {
					return nil, &Error{At: cl.at, Keyword: k, Reason: "more than 16,384 elements cannot be counted", Limit: true}
				}
				if k == "minItems" {
					a.Min = max(a.Min, n)
				} else if n < unreachable && (a.Max < 0 || n < a.Max) {
					a.Max = n
				}
			case "uniqueItems":
				if v == true {
					isUnique, unique = true, cl.at
				}
			case "contains":
				if contains != nil {
					return nil, fail(cl.at, k, "two of them at once cannot be enforced")
				}
				contains = cl
			}
		}
	}
	if a.Max >= 0 && a.Max < a.Min {
		return nil, nil
	}
	var err error
	for _, set := range el.prefix {
		n, err := c.node(set)
		if err != nil {
			return nil, err
		}
		a.Prefix = append(a.Prefix, n)
	}
	if a.Items, err = c.node(el.items); err != nil {
		return nil, err
	}
	if isUnique && (a.Max < 0 || a.Max > 1) {
		return nil, fail(unique, "uniqueItems", "that no two elements are equal cannot be enforced; remove it, or allow one element at most")
	}
	if contains != nil {
		return a, c.contains(a, &el, contains)
	}
	return a, nil
}

// elements adds what one schema says of the places of an array.
func (c *compiler) elements(el *elements, cl *clause, obj *object) error {
	prefix, has := obj.get("prefixItems")
	keyword := "prefixItems"
	rest, hasRest := obj.get("items")
	restKey := "items"
	if list, old := rest.([]any); old { // draft-07
		prefix, has, keyword = list, true, "items"
		rest, hasRest = obj.get("additionalItems")
		restKey = "additionalItems"
	}
	if v, un := obj.get("unevaluatedItems"); un && !hasRest {
		if v != true && applies(obj) {
			return fail(cl.at, "unevaluatedItems", "it cannot be enforced beside $ref, allOf, anyOf, oneOf, not, if or contains; use items")
		}
		rest, hasRest, restKey = v, true, "unevaluatedItems"
	}
	var list []any
	if has {
		var ok bool
		if list, ok = prefix.([]any); !ok {
			return fail(cl.at, keyword, "a list of schemas is expected")
		}
	}
	if len(list) > maxCount {
		return &Error{At: cl.at, Keyword: keyword, Reason: "more than 16,384 elements cannot be counted", Limit: true}
	}
	for len(el.prefix) < len(list) {
		el.prefix = append(el.prefix, append([]*clause(nil), el.items...))
	}
	for i := range el.prefix {
		if i < len(list) {
			el.prefix[i] = append(el.prefix[i], &clause{at: fmt.Sprintf("%s/%s/%d", cl.at, keyword, i), value: list[i]})
		} else if hasRest {
			el.prefix[i] = append(el.prefix[i], &clause{at: cl.at + "/" + restKey, value: rest})
		}
	}
	if hasRest {
		el.items = append(el.items, &clause{at: cl.at + "/" + restKey, value: rest})
	}
	return nil
}

// applies reports whether a schema's own keywords may leave a place evaluated by another schema.
func applies(obj *object) bool {
	for _, k := range []string{"$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependencies", "contains"} {
		if _, ok := obj.get(k); ok {
			return true
		}
	}
	return false
}

func (c *compiler) contains(a *Array, el *elements, cl *clause) error {
	obj := cl.value.(*object)
	k := &Contains{Min: 1, Max: -1}
	var err error
	if v, ok := obj.get("minContains"); ok {
		if k.Min, err = count(cl.at, "minContains", v); err != nil {
			return err
		}
	}
	if v, ok := obj.get("maxContains"); ok {
		if k.Max, err = count(cl.at, "maxContains", v); err != nil {
			return err
		}
		if k.Max >= unreachable {
			k.Max = -1
		}
	}
	if k.Min > maxCount || k.Max > maxCount {
		return &Error{At: cl.at, Keyword: "contains", Reason: "more than 16,384 elements cannot be counted", Limit: true}
	}
	v, _ := obj.get("contains")
	yes := &clause{at: cl.at + "/contains", value: v}
	no := &clause{at: cl.at + "/contains", value: v, neg: true}
	with := func(set []*clause, extra *clause) (*Node, error) {
		return c.node(append(append([]*clause(nil), set...), extra))
	}
	for _, set := range el.prefix {
		n, err := with(set, yes)
		if err != nil {
			return err
		}
		k.MatchPrefix = append(k.MatchPrefix, n)
		if k.Max < 0 {
			continue
		}
		if n, err = with(set, no); err != nil {
			return err
		}
		k.Other = append(k.Other, n)
	}
	if k.Match, err = with(el.items, yes); err != nil {
		return err
	}
	if k.Max >= 0 {
		n, err := with(el.items, no)
		if err != nil {
			return err
		}
		k.Other = append(k.Other, n)
	}
	a.Contains = k
	return nil
}
