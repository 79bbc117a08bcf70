// Package regular holds regular languages over code points as automata: made
// from regular expressions of ECMA-262, from lists of words, from bounds of
// numbers and of lengths, and combined by union, intersection and difference.
//
// It is separate because two rooms need the same languages: schema asks whether
// they are empty or overlap, grammar walks them. It knows neither JSON nor tokens.
//
// Every state of a DFA can reach acceptance, so whoever walks one never runs into
// a dead end. What an expression may cost is bounded by a Budget: a hostile one
// ends in a *LimitError, not in minutes and gigabytes. A DFA never changes after it
// is made.
package regular
