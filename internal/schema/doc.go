// Package schema reads a JSON Schema into what it allows: a Node for every set of
// conditions that hold together, as alternatives without any logic left in them.
// Conditions on strings and numbers are automata (package regular).
//
// It is separate from grammar because it knows the keywords, their drafts and
// their locations, and no bytes and no tokens.
//
// Draft 2020-12 is read, and the spellings of draft-07 that SDKs send. Whatever a
// schema says is enforced or refused: a keyword that cannot be enforced is an
// *Error with its name and its JSON pointer. Annotations pass. allOf, $ref, anyOf,
// oneOf, not, if and the dependent keywords are worked out here: a Node is a
// disjunction, each member of which is the conjunction of all that applies to it.
//
// What a schema may cost is bounded: in bytes, in nesting, in nodes, in alternatives,
// and in steps (regular.Budget). A Schema never changes after it is made.
package schema
