package schema

import (
	"net/url"
	"strconv"
	"strings"
)

// document is the schema as it was sent, with the places that references may name.
type document struct {
	root  any
	named map[string]place // absolute URI, with an anchor as its fragment
	base  map[string]string
}

type place struct {
	at    string
	value any
}

// rootURI is the base of a document that gives none.
const rootURI = "schema://document/"

func newDocument(raw []byte) (*document, error) {
	root, err := decode(raw)
	if err != nil {
		return nil, err
	}
	d := &document{root: root, named: map[string]place{}, base: map[string]string{}}
	d.index(root, "", rootURI)
	d.named[rootURI] = place{"", root}
	return d, nil
}

// index notes identifiers and anchors, and the base URI of every schema that changes it.
func (d *document) index(v any, at, base string) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			d.index(e, at+"/"+strconv.Itoa(i), base)
		}
	case *object:
		if id, ok := v.values["$id"].(string); ok {
			if abs, ok := resolve(base, id); ok {
				base = strings.TrimSuffix(abs, "#")
				d.named[base] = place{at, v}
				d.base[at] = base
			}
		}
		for _, key := range []string{"$anchor", "$dynamicAnchor"} {
			if a, ok := v.values[key].(string); ok {
				d.named[base+"#"+a] = place{at, v}
			}
		}
		for _, k := range v.keys {
			switch k {
			case "enum", "const", "default", "examples", "example":
			default:
				d.index(v.values[k], at+"/"+escape(k), base)
			}
		}
	}
}

func resolve(base, ref string) (string, bool) {
	b, err := url.Parse(base)
	if err != nil {
		return "", false
	}
	r, err := b.Parse(ref)
	if err != nil {
		return "", false
	}
	return r.String(), true
}

// baseOf is the URI that references at a place are relative to.
func (d *document) baseOf(at string) string {
	for {
		if b, ok := d.base[at]; ok {
			return b
		}
		if at == "" {
			return rootURI
		}
		at = at[:strings.LastIndexByte(at, '/')]
	}
}

// find follows a reference that stands at a place.
func (d *document) find(at, ref string) (place, bool) {
	abs, ok := resolve(d.baseOf(at), ref)
	if !ok {
		return place{}, false
	}
	doc, fragment, _ := strings.Cut(abs, "#")
	p, ok := d.named[doc]
	if !ok {
		return place{}, false
	}
	if fragment == "" {
		return p, true
	}
	if fragment, ok = unescaped(fragment); !ok {
		return place{}, false
	}
	if fragment[0] != '/' {
		p, ok = d.named[doc+"#"+fragment]
		return p, ok
	}
	for _, part := range strings.Split(fragment[1:], "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch v := p.value.(type) {
		case *object:
			next, ok := v.get(part)
			if !ok {
				return place{}, false
			}
			p = place{p.at + "/" + escape(part), next}
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				return place{}, false
			}
			p = place{p.at + "/" + part, v[i]}
		default:
			return place{}, false
		}
	}
	return p, true
}

func unescaped(s string) (string, bool) {
	out, err := url.PathUnescape(s)
	return out, err == nil
}
