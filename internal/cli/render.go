package cli

import (
	"context"
	"errors"
	"io"

	"ossian/internal/token"
)

// render prints the prompt of a Chat Completions request.
func (c *tokensCmd) render(ctx context.Context, sys *system, tok *token.Tokenizer, out io.Writer) error {
	return errors.New("rendering is not there yet")
}
