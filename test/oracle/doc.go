// Package oracle compares Ossian's tokenizer with two independent implementations.
//
// It is a module of its own so that the program neither depends on them nor waits for
// their tests: `go test ./...` at the repository's root does not see it. README.md has
// the commands and what the differences are. There is no code to import here.
package oracle
