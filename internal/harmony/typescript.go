package harmony

import "strings"

// typeText prints a JSON Schema as the library prints it, quirks included, because
// that is the text the models were trained on. See TestTypeText for the shapes.
// Source: openai/harmony src/encoding.rs, json_schema_to_typescript.
func typeText(schema any, indent string) string {
	s, _ := schema.(*object)
	if variants, ok := s.list("oneOf"); ok {
		var b strings.Builder
		for _, v := range variants {
			b.WriteString("\n" + indent + " | " + nullableText(v, indent+"   "))
			variant, _ := v.(*object)
			var notes []string
			if d, ok := variant.text("description"); ok {
				notes = append(notes, d)
			}
			if d, ok := variant.get("default"); ok {
				text := jsonText(d)
				if s, isText := d.(string); isText && !isEnum(variant) {
					text = `"` + s + `"`
				}
				notes = append(notes, "default: "+text)
			}
			writeNotes(&b, notes)
		}
		return b.String()
	}
	if names, ok := s.list("type"); ok {
		var out []string
		for _, n := range names {
			if n, ok := n.(string); ok {
				if n == "integer" {
					n = "number"
				}
				out = append(out, n)
			}
		}
		if len(out) > 0 {
			return strings.Join(out, " | ")
		}
	}
	switch kind, _ := s.text("type"); kind {
	case "object":
		return objectText(s, indent)
	case "string":
		if members, _ := s.list("enum"); len(members) > 0 {
			var out []string
			for _, m := range members {
				if m, ok := m.(string); ok {
					out = append(out, `"`+m+`"`)
				}
			}
			if len(out) > 0 {
				return strings.Join(out, " | ")
			}
		}
		return "string"
	case "number", "integer":
		return "number"
	case "boolean":
		return "boolean"
	case "array":
		if items, ok := s.get("items"); ok {
			return typeText(items, indent) + "[]"
		}
		return "Array<any>"
	}
	return "any"
}

// nullableText is a type with null added where the schema is nullable and the text does not say null yet.
func nullableText(schema any, indent string) string {
	text := typeText(schema, indent)
	if s, _ := schema.(*object); s.isTrue("nullable") && !strings.Contains(text, "null") {
		text += " | null"
	}
	return text
}

func isEnum(s *object) bool {
	members, _ := s.list("enum")
	return len(members) > 0
}

// defaultText prints a default: strings in quotes, but bare where the property is an enum.
func defaultText(s *object) (string, bool) {
	v, ok := s.get("default")
	if !ok {
		return "", false
	}
	if text, isText := v.(string); isText {
		if isEnum(s) {
			return text, true
		}
		return `"` + text + `"`, true
	}
	return jsonText(v), true
}

func writeNotes(b *strings.Builder, notes []string) {
	if len(notes) > 0 {
		b.WriteString(" // " + strings.Join(notes, " "))
	}
}

func objectText(s *object, indent string) string {
	var b strings.Builder
	if d, ok := s.text("description"); ok {
		b.WriteString(indent + "// " + d + "\n")
	}
	b.WriteString("{\n")
	required := map[string]bool{}
	names, _ := s.list("required")
	for _, n := range names {
		if n, ok := n.(string); ok {
			required[n] = true
		}
	}
	v, _ := s.get("properties")
	if props, ok := v.(*object); ok {
		for _, key := range props.keys {
			mark := "?"
			if required[key] {
				mark = ""
			}
			writeProperty(&b, key+mark+":", props.values[key], indent)
		}
	}
	b.WriteString(indent + "}")
	return b.String()
}

func writeProperty(b *strings.Builder, label string, schema any, indent string) {
	p, _ := schema.(*object)
	_, hasOneOf := p.get("oneOf")
	if title, ok := p.text("title"); ok {
		b.WriteString(indent + "// " + title + "\n" + indent + "//\n")
	}
	if d, ok := p.text("description"); ok && !hasOneOf {
		b.WriteString(indent + "// " + d + "\n")
	}
	if examples, _ := p.list("examples"); len(examples) > 0 {
		b.WriteString(indent + "// Examples:\n")
		for _, e := range examples {
			if e, ok := e.(string); ok {
				b.WriteString(indent + `// - "` + e + "\"\n")
			}
		}
	}
	if variants, ok := p.list("oneOf"); ok {
		writeUnionProperty(b, label, p, variants, indent)
		return
	}
	b.WriteString(indent + label + " " + nullableText(schema, indent+"    ") + ",")
	if d, ok := defaultText(p); ok && !hasOneOf {
		b.WriteString(" // default: " + d)
	}
	b.WriteByte('\n')
}

// writeUnionProperty prints a property with oneOf: its comments above, a variant per line.
func writeUnionProperty(b *strings.Builder, label string, p *object, variants []any, indent string) {
	own, described := p.text("description")
	above := described
	if described && len(variants) > 0 {
		first, _ := variants[0].(*object)
		if d, ok := first.text("description"); ok && d == own {
			above = false
		}
	}
	if above {
		b.WriteString(indent + "// " + own + "\n")
	}
	if d, ok := defaultText(p); ok {
		b.WriteString(indent + "// default: " + d + "\n")
	}
	b.WriteString(indent + label + "\n")
	for i, v := range variants {
		b.WriteString(indent + " | " + nullableText(v, indent+"   "))
		variant, _ := v.(*object)
		var notes []string
		if d, ok := variant.text("description"); ok && !(i == 0 && above) && !(described && d == own) {
			notes = append(notes, d)
		}
		if d, ok := defaultText(variant); ok {
			notes = append(notes, "default: "+d)
		}
		writeNotes(b, notes)
		b.WriteByte('\n')
	}
	b.WriteString(indent + ",\n")
}
