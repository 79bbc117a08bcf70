package harmony

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxSchemaDepth bounds nesting, so that a hostile schema cannot exhaust the stack.
const maxSchemaDepth = 100

// A schema is decoded into: nil, bool, string, json.Number, []any, *object.

// object is a JSON object that keeps its order, which is the order of the parameters.
type object struct {
	keys   []string
	values map[string]any
}

func (o *object) get(key string) (any, bool) {
	if o == nil {
		return nil, false
	}
	v, ok := o.values[key]
	return v, ok
}

// text returns a member that is a string.
func (o *object) text(key string) (string, bool) {
	v, _ := o.get(key)
	s, ok := v.(string)
	return s, ok
}

func (o *object) list(key string) ([]any, bool) {
	v, _ := o.get(key)
	l, ok := v.([]any)
	return l, ok
}

func (o *object) isTrue(key string) bool {
	v, _ := o.get(key)
	return v == true
}

// decodeSchema reads one JSON value; nothing and null are nil.
func decodeSchema(raw json.RawMessage) (any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("not a JSON schema: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("not a JSON schema: something follows the value")
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxSchemaDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxSchemaDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return tok, nil
	}
	var list []any
	obj := &object{values: map[string]any{}}
	for dec.More() {
		key := ""
		if delim == '{' {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			key = k.(string) // the decoder refuses other keys
		}
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if delim == '[' {
			list = append(list, v)
			continue
		}
		if _, again := obj.values[key]; !again {
			obj.keys = append(obj.keys, key)
		}
		obj.values[key] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if delim == '[' {
		if list == nil {
			list = []any{}
		}
		return list, nil
	}
	return obj, nil
}

// jsonText prints a value as serde_json does: compact, in order, floats with a point.
func jsonText(v any) string {
	var b strings.Builder
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *strings.Builder, v any) {
	switch v := v.(type) {
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		writeJSONString(b, v)
	case json.Number:
		b.WriteString(numberText(v.String()))
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, e)
		}
		b.WriteByte(']')
	case *object:
		b.WriteByte('{')
		for i, k := range v.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSONString(b, k)
			b.WriteByte(':')
			writeJSON(b, v.values[k])
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}

func writeJSONString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < 0x20 {
				fmt.Fprintf(b, `\u%04x`, r)
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// numberText prints a JSON number as serde_json reads and prints it: 64-bit
// integers stay, everything else goes through a float in ryu's notation.
func numberText(s string) string {
	if !strings.ContainsAny(s, ".eE") && s != "-0" {
		if _, err := strconv.ParseInt(s, 10, 64); err == nil {
			return s
		}
		if _, err := strconv.ParseUint(s, 10, 64); err == nil {
			return s
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return s // serde_json refuses it; its own spelling is the best that is left
	}
	sci := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exp, _ := strings.Cut(sci, "e")
	e, _ := strconv.Atoi(exp)
	if e >= -5 && e < 16 {
		out := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(out, ".") {
			out += ".0"
		}
		return out
	}
	return mantissa + "e" + strconv.Itoa(e)
}
