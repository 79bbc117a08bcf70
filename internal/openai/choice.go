package openai

import (
	"encoding/json"
	"slices"

	"ossian/internal/harmony"
)

// ToolChoice says which tools may be called, and whether one must be.
type ToolChoice struct {
	Mode    string   // auto, none or required; "" is auto
	Name    string   // with required: the one function to call
	Allowed []string // only these are offered, if any are named
}

// UnmarshalJSON reads the spellings of Chat Completions and Responses.
func (c *ToolChoice) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &c.Mode) == nil {
		switch c.Mode {
		case "", "auto", "none", "required":
			return nil
		}
		return errorf("", CodeValue, "unknown choice %q; use auto, none, required or a function", c.Mode)
	}
	type named struct {
		Type     string `json:"type"`
		Name     string `json:"name"`
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	type allowed struct {
		Mode  string  `json:"mode"`
		Tools []named `json:"tools"`
	}
	var object struct {
		named
		allowed
		AllowedTools allowed `json:"allowed_tools"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return errorf("", CodeValue, "a string or an object is expected")
	}
	name := func(n named) string {
		if n.Function.Name != "" {
			return n.Function.Name
		}
		return n.Name
	}
	switch object.Type {
	case "function":
		if c.Mode, c.Name = "required", name(object.named); c.Name == "" {
			return errorf("name", CodeMissing, "the function to call must be named")
		}
		return nil
	case "allowed_tools":
		a := object.AllowedTools
		if a.Mode == "" {
			a = object.allowed
		}
		if c.Mode = a.Mode; c.Mode != "auto" && c.Mode != "required" {
			return errorf("mode", CodeValue, "auto or required is expected")
		}
		for _, t := range a.Tools {
			c.Allowed = append(c.Allowed, name(t))
		}
		if len(c.Allowed) == 0 {
			return errorf("tools", CodeMissing, "no tool is named")
		}
		return nil
	}
	return errorf("type", CodeUnsupported, "choices of type %q are not supported; use function or allowed_tools", object.Type)
}

// among leaves of the functions those that may be called.
func (c *ToolChoice) among(all []harmony.Function) ([]harmony.Function, error) {
	if c.Mode == "none" {
		return nil, nil
	}
	find := func(name string) (harmony.Function, bool) {
		for _, f := range all {
			if f.Name == name {
				return f, true
			}
		}
		return harmony.Function{}, false
	}
	if _, ok := find(c.Name); c.Name != "" && !ok {
		return nil, errorf("tool_choice", CodeValue, "there is no tool %q", c.Name)
	}
	if c.Mode == "required" && len(all) == 0 {
		return nil, errorf("tool_choice", CodeValue, "a call is required, but there are no tools")
	}
	if len(c.Allowed) == 0 {
		return all, nil
	}
	var some []harmony.Function
	for _, name := range c.Allowed {
		f, ok := find(name)
		if !ok {
			return nil, errorf("tool_choice", CodeValue, "there is no tool %q", name)
		}
		some = append(some, f)
	}
	return some, nil
}

// allows reports whether a tool may be called.
func (c *ToolChoice) allows(name string) bool {
	return c.Mode != "none" && (c.Name == "" || c.Name == name) && (len(c.Allowed) == 0 || slices.Contains(c.Allowed, name))
}
