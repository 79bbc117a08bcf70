package schema

import (
	"encoding/json"
	"fmt"
)

// deny turns a schema that must not hold into alternatives that must: one for each of
// its keywords. Keywords whose opposite no schema says are refused.
func (c *compiler) deny(s *state, w waiting, obj *object) (bool, error) {
	ch := choice{at: w.at, keyword: "not", from: &w}
	alt := func(keyword string, v any) {
		ch.alts = append(ch.alts, []*clause{{at: fmt.Sprintf("%s/\x00not/%d-%s", w.at, len(ch.alts), keyword), value: v}})
	}
	opposite := func(keyword string, v any) *clause {
		return &clause{at: w.at + "/" + keyword, value: v, neg: true}
	}
	if err := c.known(w.at, obj); err != nil {
		return false, err
	}
	for _, k := range obj.keys {
		v := obj.values[k]
		switch k {
		case "type":
			types, err := typesOf(w.at, v)
			if err != nil {
				return false, err
			}
			alt(k, newObject("type", (allTypes&^types).names()))
		case "enum", "const":
			values, ok := v.([]any)
			if !ok || k == "const" {
				values = []any{v}
			}
			alt(k, newObject("\x00except", values))
		case "required":
			names, ok := v.([]any)
			if !ok {
				return false, fail(w.at, k, "a list is expected")
			}
			for _, n := range names {
				if name, ok := n.(string); ok {
					alt(k, newObject("type", "object", "properties", newObject(name, false)))
				}
			}
		case "properties":
			props, ok := v.(*object)
			if !ok {
				return false, fail(w.at, k, "an object is expected")
			}
			for _, name := range props.keys {
				at := w.at + "/properties/" + escape(name)
				value := newObject("\x00not", &clause{at: at, value: props.values[name], neg: true})
				alt(k, newObject("type", "object", "required", []any{name}, "properties", newObject(name, value)))
			}
		case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
			if _, isBool := v.(bool); isBool {
				return false, fail(w.at, k, "its opposite cannot be enforced in the spelling of draft 4")
			}
			turned := map[string]string{"minimum": "exclusiveMaximum", "maximum": "exclusiveMinimum", "exclusiveMinimum": "maximum", "exclusiveMaximum": "minimum"}
			alt(k, newObject("type", "number", turned[k], v))
		case "minLength", "minItems", "minProperties", "maxLength", "maxItems", "maxProperties":
			n, err := count(w.at, k, v)
			if err != nil {
				return false, err
			}
			kind := map[string]string{"Length": "string", "Items": "array", "Properties": "object"}[k[3:]]
			if k[:3] == "max" {
				alt(k, newObject("type", kind, "min"+k[3:], json.Number(fmt.Sprint(n+1))))
			} else if n > 0 {
				alt(k, newObject("type", kind, "max"+k[3:], json.Number(fmt.Sprint(n-1))))
			}
		case "pattern":
			alt(k, newObject("type", "string", "\x00mismatch", v))
		case "not":
			ch.alts = append(ch.alts, []*clause{{at: w.at + "/not", value: v}})
		case "allOf", "anyOf":
			list, err := c.list(w.at, k, v)
			if err != nil {
				return false, err
			}
			var all []*clause
			for _, cl := range list {
				cl.neg = true
				all = append(all, cl)
				if k == "allOf" {
					ch.alts = append(ch.alts, []*clause{cl})
				}
			}
			if k == "anyOf" {
				ch.alts = append(ch.alts, all)
			}
		case "$ref":
			target, err := c.refer(w.at, v)
			if err != nil {
				return false, err
			}
			target.neg = true
			ch.alts = append(ch.alts, []*clause{target})
		case "contains":
			if _, has := obj.get("minContains"); has {
				return false, fail(w.at, k, "its opposite cannot be enforced together with minContains")
			}
			alt(k, newObject("type", "array", "items", newObject("\x00not", opposite(k, v))))
		case "items", "prefixItems", "additionalItems", "unevaluatedItems", "uniqueItems", "minContains", "maxContains", "multipleOf", "format",
			"patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames", "nullable",
			"oneOf", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies":
			if ignored(k, v) {
				continue
			}
			return false, fail(w.at, k, "its opposite cannot be enforced")
		}
	}
	s.choices = append(s.choices, ch)
	return len(ch.alts) > 0, nil
}

// ignored reports whether a keyword with this value says nothing.
func ignored(keyword string, v any) bool {
	switch keyword {
	case "uniqueItems", "nullable":
		return v == false
	case "items", "additionalItems", "unevaluatedItems", "additionalProperties", "unevaluatedProperties":
		return v == true
	}
	return false
}
