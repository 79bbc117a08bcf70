package schema

import (
	"errors"
	"strings"
	"testing"
)

// TestPlaces: an error names the keyword and its JSON pointer.
func TestPlaces(t *testing.T) {
	for _, c := range []struct{ raw, at, keyword string }{
		{`{"type":"object","properties":{"a/b":{"items":{"uniqueItems":true}}}}`, "/properties/a~1b/items", "uniqueItems"},
		{`{"maxlength":3}`, "", "maxlength"},
		{`{"$defs":{"x":{"format":"semver"}},"$ref":"#/$defs/x"}`, "/$defs/x", "format"},
		{`{"allOf":[{},{"pattern":"(?<=a)b"}]}`, "/allOf/1", "pattern"},
		{`{"type":"strange"}`, "", "type"},
		{`{"$ref":"https://example.org/other.json"}`, "", "$ref"},
		{`{"properties":7}`, "", "properties"},
		{`{"required":true}`, "", "required"},
		{`{"minLength":-1}`, "", "minLength"},
		{`{"multipleOf":0}`, "", "multipleOf"},
		{`{"enum":3}`, "", "enum"},
		{`{"anyOf":[]}`, "", "anyOf"},
		{`{"items":{"$dynamicRef":"#x"}}`, "/items", "$dynamicRef"},
		{`{"unevaluatedProperties":false,"allOf":[{}]}`, "", "unevaluatedProperties"},
		{`{"oneOf":[{"items":{"type":"string"}},{"items":{"minLength":1}}]}`, "", "oneOf"},
		{`{"\u0000simple":[1]}`, "", "\x00simple"},
		{`{"patternProperties":{"(":{}}}`, "", "patternProperties"},
		{`[1]`, "", ""}, {`{`, "", ""}, {`{} {}`, "", ""},
	} {
		_, err := Compile([]byte(c.raw))
		var e *Error
		if !errors.As(err, &e) || e.At != c.at || e.Keyword != c.keyword {
			t.Errorf("%s: %+v", c.raw, err)
		} else if !strings.Contains(e.Error(), e.Reason) || e.Limit {
			t.Errorf("%s: %v", c.raw, e)
		}
	}
}

// TestAnnotations: what says nothing passes.
func TestAnnotations(t *testing.T) {
	s, err := Compile([]byte(`{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.org/x","$comment":"c","title":"t","description":"d",
		"default":[1],"examples":[{}],"deprecated":true,"readOnly":true,"writeOnly":false,"x-order":3,"type":["string","null"],"contentEncoding":"base64"}`))
	if err != nil || !s.Root.Null || len(s.Root.Strings) != 1 || s.Root.True || len(s.Root.Objects) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestMerged: what holds together is one place.
func TestMerged(t *testing.T) {
	s, err := Compile([]byte(`{"allOf":[{"properties":{"a":{"minimum":3}},"required":["a"]},{"$ref":"#/$defs/b"}],"$defs":{"b":{"type":"object","properties":{"a":{"type":"integer","maximum":5},"c":false}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Root.Objects) != 1 || s.Root.Null || len(s.Root.Objects[0].Props) != 1 {
		t.Fatalf("%+v", s.Root)
	}
	a := s.Root.Objects[0].Props[0]
	if !a.Required || len(a.Value.Numbers) != 1 || len(a.Value.Strings) != 0 {
		t.Fatalf("%+v", a.Value)
	}
	for text, want := range map[string]bool{"3": true, "5": true, "2": false, "6": false, "3.5": false} {
		if a.Value.Numbers[0].Match(text) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

// FuzzCompile: no text makes it panic or run on.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(`{"oneOf":[{"const":1},{"not":{"enum":["a"]}}],"if":{"required":["x"]},"then":{"$ref":"#"},"else":false}`))
	f.Add([]byte(`{"type":"array","prefixItems":[{}],"contains":{"const":2},"maxContains":1,"items":{"pattern":"^a(?=b)"}}`))
	f.Add([]byte(`{"properties":{"a":{"$ref":"#/properties/a"}},"patternProperties":{"a|b":true},"dependencies":{"a":["b"]},"$id":"x","$anchor":"y"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := compile(raw, 200_000)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%T: %v", err, err)
		}
	})
}
