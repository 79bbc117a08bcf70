package openai

import (
	"encoding/json"
	"fmt"

	"ossian/internal/harmony"
)

// Constraint is what a request demands of the form of the answer, beyond what the
// model is told. Whoever serves the request enforces it or refuses the request.
type Constraint struct {
	JSON        bool            // the answer is a JSON object
	Schema      json.RawMessage // the answer follows this schema
	SchemaParam string          // the field that has it

	Required bool // a tool must be called
	Tools    []ConstrainedTool
}

// ConstrainedTool is a tool that may be called.
type ConstrainedTool struct {
	Recipient  string          // as the model calls it
	Parameters json.RawMessage // the schema of the arguments, if they must follow it; else nil
	Param      string          // the field that has it
}

// Constraint is nil when nothing is demanded.
func (r *ChatRequest) Constraint() *Constraint {
	c := &Constraint{}
	c.answer(r.ResponseFormat, "response_format", "response_format.json_schema.schema")
	for i, t := range r.Tools {
		c.tool(&r.ToolChoice, "", t.Function.Name, t.Function.Parameters, t.Function.Strict, fmt.Sprintf("tools[%d].function.parameters", i))
	}
	return c.orNil(&r.ToolChoice)
}

func (c *Constraint) answer(f *ResponseFormat, object, schema string) {
	if f == nil {
		return
	}
	switch f.Type {
	case "json_schema":
		c.Schema, c.SchemaParam = f.JSONSchema.Schema, schema
	case "json_object":
		c.JSON, c.SchemaParam = true, object
	}
}

// tool adds one that the choice leaves.
func (c *Constraint) tool(choice *ToolChoice, namespace, name string, parameters json.RawMessage, strict bool, param string) {
	if !choice.allows(name) {
		return
	}
	if namespace == "" {
		namespace = harmony.FunctionsNamespace
	}
	t := ConstrainedTool{Recipient: namespace + "." + name, Param: param}
	if strict {
		if t.Parameters = parameters; len(parameters) == 0 || string(parameters) == "null" {
			t.Parameters = json.RawMessage(`{"type":"object","properties":{},"additionalProperties":false}`)
		}
	}
	c.Tools = append(c.Tools, t)
}

func (c *Constraint) orNil(choice *ToolChoice) *Constraint {
	c.Required = choice.Mode == "required"
	demands := c.Required || c.JSON || c.Schema != nil
	for _, t := range c.Tools {
		demands = demands || t.Parameters != nil
	}
	if !demands {
		return nil
	}
	return c
}

// Unfit is the error for a part of a constraint that cannot be enforced.
func Unfit(param string, err error) error { return errorf(param, CodeUnsupported, "%v", err) }
