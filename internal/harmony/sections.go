package harmony

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// systemText writes a system message.
// Source: openai/harmony src/encoding.rs, Render<SystemContent>.
func systemText(s SystemContent, routed bool) (string, *RenderError) {
	var top, sections []string
	if s.Identity != "" {
		top = append(top, s.Identity)
	}
	if s.KnowledgeCutoff != "" {
		top = append(top, "Knowledge cutoff: "+s.KnowledgeCutoff)
	}
	if s.Date != "" {
		top = append(top, "Current date: "+s.Date)
	}
	if len(top) > 0 {
		sections = append(sections, strings.Join(top, "\n"))
	}
	switch s.Effort {
	case "":
	case EffortLow, EffortMedium, EffortHigh:
		sections = append(sections, "Reasoning: "+string(s.Effort))
	default:
		return "", &RenderError{Field: "effort", Reason: fmt.Sprintf("unknown effort %q; use low, medium or high", s.Effort)}
	}
	if len(s.Tools) > 0 {
		tools, err := toolsText(s.Tools)
		if err != nil {
			return "", err
		}
		sections = append(sections, tools)
	}
	if len(s.Channels) > 0 {
		line := "# Valid channels: " + strings.Join(s.Channels, ", ") + "."
		if !s.ChannelsOptional {
			line += " Channel must be included for every message."
		}
		if routed {
			line += "\nCalls to these tools must go to the commentary channel: 'functions'."
		}
		sections = append(sections, line)
	}
	return strings.Join(sections, "\n\n"), nil
}

// developerText writes a developer message. Response formats follow docs/format.md
// of openai/harmony; the library itself does not write them.
func developerText(d DeveloperContent) (string, *RenderError) {
	var sections []string
	if d.Instructions != "" {
		sections = append(sections, "# Instructions", d.Instructions)
	}
	spaces := d.Namespaces
	if len(d.Tools) > 0 {
		spaces = append(slices.Clip(spaces), Namespace{Name: FunctionsNamespace, Functions: d.Tools})
	}
	if len(spaces) > 0 {
		tools, err := toolsText(spaces)
		if err != nil {
			return "", err
		}
		sections = append(sections, tools)
	}
	if len(d.ResponseFormats) > 0 {
		sections = append(sections, "# Response Formats")
	}
	for _, f := range d.ResponseFormats {
		var schema bytes.Buffer
		if err := json.Compact(&schema, f.Schema); err != nil {
			return "", &RenderError{Field: "response_formats", Reason: fmt.Sprintf("the schema of %q is not JSON: %v", f.Name, err)}
		}
		text := "## " + f.Name + "\n\n"
		for _, line := range lines(f.Description) {
			text += "// " + line + "\n"
		}
		sections = append(sections, text+schema.String())
	}
	return strings.Join(sections, "\n\n"), nil
}

// toolsText writes the tools section, namespaces in order of name.
// Source: openai/harmony src/encoding.rs, template_tools_section.
func toolsText(spaces []Namespace) (string, *RenderError) {
	spaces = slices.Clone(spaces)
	slices.SortStableFunc(spaces, func(a, b Namespace) int { return strings.Compare(a.Name, b.Name) })
	sections := []string{"# Tools"}
	for i, ns := range spaces {
		if i > 0 && spaces[i-1].Name == ns.Name {
			return "", &RenderError{Field: "tools", Reason: fmt.Sprintf("namespace %q appears twice; merge its functions", ns.Name)}
		}
		text, err := namespaceText(ns)
		if err != nil {
			return "", err
		}
		sections = append(sections, text)
	}
	return strings.Join(sections, "\n\n"), nil
}

func namespaceText(ns Namespace) (string, *RenderError) {
	out := []string{"## " + ns.Name + "\n"}
	for _, line := range lines(ns.Description) {
		if len(ns.Functions) > 0 {
			line = "// " + line
		}
		out = append(out, line)
	}
	if len(ns.Functions) == 0 {
		return strings.Join(out, "\n"), nil
	}
	out = append(out, "namespace "+ns.Name+" {\n")
	for _, f := range ns.Functions {
		if f.Name == "" {
			return "", &RenderError{Field: "tools", Reason: fmt.Sprintf("a function of namespace %q has no name", ns.Name)}
		}
		for _, line := range lines(f.Description) {
			out = append(out, "// "+line)
		}
		schema, err := decodeSchema(f.Parameters)
		if err != nil {
			return "", &RenderError{Field: "tools", Reason: fmt.Sprintf("the parameters of %s.%s: %v", ns.Name, f.Name, err)}
		}
		if schema == nil {
			out = append(out, "type "+f.Name+" = () => any;\n")
			continue
		}
		out = append(out, "type "+f.Name+" = (_: "+typeText(schema, "")+") => any;\n")
	}
	out = append(out, "} // namespace "+ns.Name)
	return strings.Join(out, "\n"), nil
}

// lines splits like Rust's str::lines: a final newline starts no line, CR LF counts as one.
func lines(s string) []string {
	var out []string
	for s != "" {
		line, rest, found := strings.Cut(s, "\n")
		if found {
			line = strings.TrimSuffix(line, "\r")
		}
		out = append(out, line)
		s = rest
	}
	return out
}
