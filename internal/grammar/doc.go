// Package grammar decides which tokens may come next so that what comes out belongs
// to a grammar: JSON under a schema, a regular expression, a grammar in Lark's notation,
// or one put together with a Builder.
//
//	g, err := grammar.FromSchema(raw)          // or JSONObject, FromRegex, FromLark
//	v := grammar.NewVocabulary(tok, size)      // once per model; some 0.2 s and 10 MB
//	m := v.NewMatcher(g, stops...)             // one per sequence
//	engine.Request{Mask: m, Stop: stops, ...}  // a Matcher is an engine.MaskSource
//
// An error of the From functions is the client's: *schema.Error names the keyword and its
// JSON pointer, *Error the place in a grammar. A Matcher allows the stop ids where the
// grammar may end, and nothing else where it must.
//
// A grammar is an automaton over bytes with a stack: rules whose states have edges on
// bytes, on special tokens, and calls of other rules and of terminals. Terminals are
// automata over code points (package regular), read through UTF-8 and, in JSON strings,
// through escapes; a token may begin and end within a character. Where the machine stands is
// a configuration, a set of (state, stack). Stacks that differ only in how they came about are
// one, and share their tails, so ambiguity costs no more than its width. Configurations
// are numbered as they are met, their steps and masks kept, so what repeats is looked up.
//
// A mask is found by walking the tree of the vocabulary and the configurations together.
// Most of a vocabulary may stand in a string, so the tokens without quotes, backslashes,
// control characters and halves of characters are classed by length beforehand; only the
// others are walked there.
//
// A Grammar and a Vocabulary never change and may be shared. A Matcher belongs to one
// sequence; its memory is bounded, its caches are forgotten when they are full. Once what
// a sequence needs has been met, Mask and Accept allocate nothing.
package grammar
