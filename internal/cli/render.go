package cli

import (
	"context"
	"fmt"
	"io"

	"ossian/internal/harmony"
	"ossian/internal/openai"
	"ossian/internal/token"
)

// render prints the prompt that a Chat Completions request comes to. No date is
// added: the same request gives the same prompt on any day.
func (c *tokensCmd) render(ctx context.Context, sys *system, tok *token.Tokenizer, out io.Writer) error {
	if sys.inTerminal {
		return usage("--render reads a request from standard input: ossian tokens --render < request.json")
	}
	body, err := sys.readAll(ctx, false)
	if err != nil {
		return err
	}
	req, err := openai.ParseChatRequest(body)
	if err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	conv, err := req.ToConversation()
	if err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	enc, err := harmony.New(tok)
	if err != nil {
		return err
	}
	ids, err := enc.RenderForCompletion(nil, conv, harmony.RenderOptions{})
	if err != nil {
		return err
	}
	if c.IDs {
		return printIDs(out, ids)
	}
	return decode(tok, ids, out, sys.outTerminal)
}
