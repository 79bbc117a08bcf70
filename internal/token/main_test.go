package token

import "sync"

var (
	once       sync.Once
	builtIn    *Tokenizer
	errBuiltIn error
)
