package token

import (
	"sync"
	"testing"
)

// What is slow to make is made once for all tests.
var (
	builtIn = sync.OnceValues(O200kHarmony)
	tables  = sync.OnceValue(newClasses)
	rule    = sync.OnceValue(func() matcher { return compile(splitRule) })
)

func harmony(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	return tok
}
