package schema

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"ossian/internal/regular"
)

// Bounds of a document.
const (
	maxBytes   = 1 << 20
	maxNesting = 128
)

// A value is nil, bool, string, json.Number, []any or *object.

// object keeps the order of its members.
type object struct {
	keys   []string
	values map[string]any
	made   bool // here, not read from a document; its keywords may begin with a zero byte
}

func (o *object) get(key string) (any, bool) {
	v, ok := o.values[key]
	return v, ok
}

func newObject(pairs ...any) *object {
	o := &object{values: map[string]any{}, made: len(pairs) > 0}
	for i := 0; i < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (o *object) set(key string, v any) {
	if _, again := o.values[key]; !again {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

func decode(raw []byte) (any, error) {
	if len(raw) > maxBytes {
		return nil, &Error{Reason: "it is larger than a megabyte", Limit: true}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fail("", "", "something follows the JSON value")
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxNesting {
		return nil, &Error{Reason: "it is nested deeper than 128 levels", Limit: true}
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, fail("", "", "it is not JSON: %v", err)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return tok, nil
	}
	list, obj := []any{}, newObject()
	for dec.More() {
		key := ""
		if delim == '{' {
			k, err := dec.Token()
			if err != nil {
				return nil, fail("", "", "it is not JSON: %v", err)
			}
			key = k.(string) // the decoder refuses other keys
		}
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if delim == '[' {
			list = append(list, v)
		} else {
			obj.set(key, v)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, fail("", "", "it is not JSON: %v", err)
	}
	if delim == '[' {
		return list, nil
	}
	return obj, nil
}

// canonical spells a value so that equal ones are spelled alike: numbers by their
// value, members in order of name.
func canonical(v any) string {
	switch v := v.(type) {
	case json.Number:
		if d, ok := regular.ParseDecimal(v.String()); ok {
			return d.String()
		}
		return v.String()
	case string:
		return strconv.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = canonical(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *object:
		keys := slices.Sorted(slices.Values(v.keys))
		parts := make([]string, len(keys))
		for i, k := range keys {
			parts[i] = strconv.Quote(k) + ":" + canonical(v.values[k])
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return "null"
}

// escape writes a name as a part of a JSON pointer.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
