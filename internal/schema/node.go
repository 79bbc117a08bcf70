package schema

import "ossian/internal/regular"

// Schema is a compiled schema.
type Schema struct {
	Root *Node
}

// Node is what a place in a document may hold: any of what its fields list. A Node with
// nothing in it allows nothing. Nodes refer to each other in circles where schemas do.
type Node struct {
	At string // JSON pointer of the schema it began with

	Null, True, False bool
	Numbers           []*regular.DFA // over JSON's spelling
	Strings           []*regular.DFA // over the text, unescaped
	Arrays            []*Array
	Objects           []*Object
}

// Array is a list: Prefix first, then Items. It has Min to Max elements; Max < 0 is no bound.
type Array struct {
	Prefix   []*Node
	Items    *Node
	Min, Max int
	Contains *Contains // nil: no condition
}

// Contains wants Min to Max elements that match; Max < 0 is no bound. Match is what an
// element at a place may be when it counts, and Other, set if there is a Max, when it does not.
type Contains struct {
	Min, Max           int
	MatchPrefix, Other []*Node // of Array.Prefix; Other ends with the one of Array.Items
	Match              *Node
}

// Object has the members Props, in this order, the optional ones or not, and then any
// number of others, whose names are not those of Props. It has Min to Max members.
type Object struct {
	Props    []Prop
	Extra    []Extra
	Min, Max int
}

// Prop is a member with a name.
type Prop struct {
	Name     string
	Required bool
	Value    *Node
}

// Extra are members whose names are of a language.
type Extra struct {
	Names *regular.DFA
	Value *Node
}

// empty reports whether nothing is allowed, as far as the node itself can tell.
func (n *Node) empty() bool {
	return !n.Null && !n.True && !n.False && len(n.Numbers)+len(n.Strings)+len(n.Arrays)+len(n.Objects) == 0
}

// add joins what o allows.
func (n *Node) add(o *Node) {
	n.Null, n.True, n.False = n.Null || o.Null, n.True || o.True, n.False || o.False
	n.Numbers = append(n.Numbers, o.Numbers...)
	n.Strings = append(n.Strings, o.Strings...)
	n.Arrays = append(n.Arrays, o.Arrays...)
	n.Objects = append(n.Objects, o.Objects...)
}
