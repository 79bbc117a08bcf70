package openai

import (
	"encoding/json"
	"fmt"
)

// Constraint is what a request demands of the form of the answer, beyond what the
// model is told. Whoever serves the request enforces it or refuses the request.
type Constraint struct {
	Param string // the field that demands it, for the refusal

	JSON   bool            // the answer is a JSON object
	Schema json.RawMessage // the answer follows this schema

	Required bool            // a function must be called
	Function string          // and it is this one, if any is named
	Strict   map[string]bool // functions whose arguments follow their schema
}

// Constraint is nil when nothing is demanded.
func (r *ChatRequest) Constraint() *Constraint {
	c := &Constraint{}
	if f := r.ResponseFormat; f != nil && f.Type == "json_schema" {
		c.Param, c.Schema = "response_format", f.JSONSchema.Schema
	} else if f != nil && f.Type == "json_object" {
		c.Param, c.JSON = "response_format", true
	}
	if r.ToolChoice.Mode == "required" {
		c.Param, c.Required, c.Function = "tool_choice", true, r.ToolChoice.Name
	}
	for i, t := range r.Tools {
		if t.Function.Strict && r.ToolChoice.Mode != "none" {
			if c.Strict == nil {
				c.Strict = map[string]bool{}
			}
			c.Param, c.Strict[t.Function.Name] = fmt.Sprintf("tools[%d].function.strict", i), true
		}
	}
	if c.Param == "" {
		return nil
	}
	return c
}

// Refusal is the error for a constraint that cannot be enforced.
func (c *Constraint) Refusal() error {
	return errorf(c.Param, CodeUnsupported, "this server cannot enforce it, and does not pretend to; leave it out")
}
