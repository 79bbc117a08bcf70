package schema

// types is a set of JSON's types. Integers and other numbers are told apart.
type types uint8

const (
	isNull types = 1 << iota
	isBoolean
	isInteger
	isFraction
	isString
	isArray
	isObject

	isNumber = isInteger | isFraction
	allTypes = isNull | isBoolean | isNumber | isString | isArray | isObject
)

// fraction is the type of the numbers that are no integers, which JSON Schema has no name for.
const fraction = "number, but no integer"

func typesOf(at string, v any) (types, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out types
	for _, e := range list {
		switch e {
		case "null":
			out |= isNull
		case "boolean":
			out |= isBoolean
		case "integer":
			out |= isInteger
		case "number":
			out |= isNumber
		case fraction:
			out |= isFraction
		case "string":
			out |= isString
		case "array":
			out |= isArray
		case "object":
			out |= isObject
		default:
			return 0, fail(at, "type", "%v is no type; use null, boolean, integer, number, string, array or object", e)
		}
	}
	return out, nil
}

func (t types) names() []any {
	out := []any{}
	for _, k := range []struct {
		t    types
		name string
	}{{isNull, "null"}, {isBoolean, "boolean"}, {isString, "string"}, {isArray, "array"}, {isObject, "object"}} {
		if t&k.t != 0 {
			out = append(out, k.name)
		}
	}
	switch t & isNumber {
	case isNumber:
		out = append(out, "number")
	case isInteger:
		out = append(out, "integer")
	case isFraction:
		out = append(out, fraction)
	}
	return out
}
