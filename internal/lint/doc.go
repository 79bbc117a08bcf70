// Package lint holds the house's own rules as tests: who may import whom, which
// third-party module belongs to which package, names that say nothing, ways
// around the egress guard, files that
// have grown past one idea, packages without a word about themselves, and
// generated files that no longer match what they were made from.
//
// It exists as a test, not a tool, so that `go test ./...` is enough to know
// whether a change fits the house. Each message says the remedy. There is no
// code to import here.
package lint
