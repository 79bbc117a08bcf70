package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// open looks at a clause: what it refers to and combines goes back to the state, what it
// says itself goes to the base. It is false when nothing can satisfy the clause.
func (c *compiler) open(s *state, w waiting) (bool, error) {
	obj, ok := w.value.(*object)
	if !ok {
		b, ok := w.value.(bool)
		if !ok {
			return false, fail(w.at, "", "a schema is an object, true or false")
		}
		return b != w.neg, nil
	}
	if w.neg {
		return c.deny(s, w, obj)
	}
	if err := c.known(w.at, obj); err != nil {
		return false, err
	}
	from := &w
	sub := func(keyword string, v any) *clause { return &clause{at: w.at + "/" + keyword, value: v} }
	for _, k := range obj.keys {
		v := obj.values[k]
		switch k {
		case "$ref":
			target, err := c.refer(w.at, v)
			if err != nil {
				return false, err
			}
			s.pending = append(s.pending, waiting{target, from})
		case "allOf", "anyOf", "oneOf":
			list, err := c.list(w.at, k, v)
			if err != nil {
				return false, err
			}
			if k == "allOf" {
				s.pending = append(s.pending, pend(from, list...)...)
				continue
			}
			ch := choice{at: w.at, keyword: k, from: from, one: k == "oneOf"}
			for _, cl := range list {
				ch.alts = append(ch.alts, []*clause{cl})
			}
			s.choices = append(s.choices, ch)
		case "not":
			cl := sub("not", v)
			cl.neg = true
			s.pending = append(s.pending, waiting{cl, from})
		case "\x00not":
			s.pending = append(s.pending, waiting{v.(*clause), from})
		case "if":
			yes := []*clause{sub("if", v)}
			no := []*clause{{at: w.at + "/if", value: v, neg: true}}
			then, hasThen := obj.get("then")
			other, hasElse := obj.get("else")
			if hasThen {
				yes = append(yes, sub("then", then))
			}
			if hasElse {
				no = append(no, sub("else", other))
			}
			if hasThen || hasElse {
				s.choices = append(s.choices, choice{at: w.at, keyword: "if", from: from, alts: [][]*clause{yes, no}})
			}
		case "dependentRequired", "dependentSchemas", "dependencies":
			if err := c.depend(s, w, k, v); err != nil {
				return false, err
			}
		}
	}
	return true, c.split(s, w, obj)
}

// split puts a clause's own conditions into the base. Values of enum and const that are
// arrays or objects become schemas of their own, one alternative each.
func (c *compiler) split(s *state, w waiting, obj *object) error {
	var values []any
	keyword := ""
	if v, ok := obj.get("const"); ok {
		values, keyword = []any{v}, "const"
	}
	if v, ok := obj.get("enum"); ok {
		list, isList := v.([]any)
		if !isList {
			return fail(w.at, "enum", "a list is expected")
		}
		if keyword == "const" {
			list = slices.DeleteFunc(slices.Clone(list), func(e any) bool { return canonical(e) != canonical(values[0]) })
		}
		values, keyword = list, "enum"
	}
	s.base = append(s.base, w.clause)
	if keyword == "" {
		return nil
	}
	if err := c.budget.Spend(4 * len(values)); err != nil {
		return wrap(w.at, keyword, err)
	}
	var simple []any
	ch := choice{at: w.at, keyword: keyword, from: &w}
	for i, v := range values {
		if deep := exactly(v); deep != nil {
			ch.alts = append(ch.alts, []*clause{{at: fmt.Sprintf("%s/%s/%d", w.at, keyword, i), value: deep}})
		} else {
			simple = append(simple, v)
		}
	}
	flat := &clause{at: w.at + "/" + keyword, value: newObject("\x00simple", simple)}
	if len(ch.alts) == 0 {
		s.base = append(s.base, flat)
		return nil
	}
	ch.alts = append(ch.alts, []*clause{flat})
	s.choices = append(s.choices, ch)
	return nil
}

// exactly is a schema that only an array or object equal to v satisfies; nil for others.
func exactly(v any) *object {
	switch v := v.(type) {
	case []any:
		items := make([]any, len(v))
		for i, e := range v {
			items[i] = newObject("const", e)
		}
		o := newObject("type", "array", "items", false, "minItems", json.Number(strconv.Itoa(len(v))))
		if len(items) > 0 {
			o.set("prefixItems", items)
		}
		return o
	case *object:
		props, names := newObject(), []any{}
		for _, k := range v.keys {
			props.set(k, newObject("const", v.values[k]))
			names = append(names, k)
		}
		return newObject("type", "object", "properties", props, "required", names, "additionalProperties", false)
	}
	return nil
}

func (c *compiler) refer(at string, v any) (*clause, error) {
	ref, ok := v.(string)
	if !ok {
		return nil, fail(at, "$ref", "a string is expected")
	}
	p, ok := c.doc.find(at, ref)
	if !ok {
		return nil, fail(at, "$ref", "%q is not in this schema; only references within it can be followed", ref)
	}
	return &clause{at: p.at, value: p.value}, nil
}

func (c *compiler) list(at, keyword string, v any) ([]*clause, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fail(at, keyword, "a list of schemas is expected")
	}
	out := make([]*clause, len(list))
	for i, e := range list {
		out[i] = &clause{at: fmt.Sprintf("%s/%s/%d", at, keyword, i), value: e}
	}
	return out, nil
}

// depend turns conditions on a member's presence into alternatives: the member is not
// there, or what depends on it holds.
func (c *compiler) depend(s *state, w waiting, keyword string, v any) error {
	deps, ok := v.(*object)
	if !ok {
		return fail(w.at, keyword, "an object is expected")
	}
	for _, name := range deps.keys {
		at := w.at + "/" + keyword + "/" + escape(name)
		then := deps.values[name]
		if list, ok := then.([]any); ok {
			then = newObject("required", list)
		}
		absent := newObject("properties", newObject(name, false))
		present := newObject("type", "object", "required", []any{name})
		s.choices = append(s.choices, choice{at: w.at, keyword: keyword, from: &w, alts: [][]*clause{
			{{at: at + "/\x00absent", value: absent}},
			{{at: at + "/\x00present", value: present}, {at: at, value: then}},
		}})
	}
	return nil
}

// known refuses a schema that has a keyword which nothing here enforces.
func (c *compiler) known(at string, obj *object) error {
	for _, k := range obj.keys {
		switch k {
		case "$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$comment", "$vocabulary", "$defs", "definitions",
			"title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
			"contentMediaType", "contentEncoding", "contentSchema", "externalDocs", "xml", "discriminator":
		case "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies",
			"type", "nullable", "enum", "const",
			"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
			"minLength", "maxLength", "pattern", "format",
			"prefixItems", "items", "additionalItems", "unevaluatedItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains",
			"properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames",
			"required", "minProperties", "maxProperties":
		default:
			if strings.HasPrefix(k, "x-") || obj.made {
				continue
			}
			return fail(at, k, "this keyword is not known, so it cannot be enforced; remove it")
		}
	}
	return nil
}
