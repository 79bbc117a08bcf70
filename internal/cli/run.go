package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ossian/internal/backend/cpu"
	"ossian/internal/chat"
	"ossian/internal/engine"
	"ossian/internal/harmony"
)

type runCmd struct {
	loadFlags
	talkFlags
	JSON   bool     `name:"json" help:"Print one JSON object with answer, reasoning, calls, usage and timings instead of text."`
	Prompt []string `arg:"" optional:"" help:"The question. Standard input, when it is no terminal, is added below it, or is the question."`
}

func (runCmd) Help() string {
	return `The answer goes to standard output, the reasoning to standard error.

Exit codes: 0 answered; 1 failed; 2 wrong usage; 3 the answer was cut by --max-tokens or the context's end; 130 interrupted.

Examples:

    ossian run "What is the capital of Japan?"
    ossian run --effort high --stats "What is 17 + 25?"
    ossian run -m ~/models/gpt-oss-20b --hide-reasoning "Summarise:" < notes.txt > summary.txt
    ossian run --seed 7 --json "Tell me a story" | jq -r .answer`
}

func (c *runCmd) Validate() error { return errors.Join(c.loadFlags.check(), c.talkFlags.check()) }

func (c *runCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	prompt, err := c.prompt(ctx, sys)
	if err != nil {
		return err
	}
	m, err := sys.model(ctx, &c.loadFlags)
	if err != nil {
		return err
	}
	defer m.close()

	offer := sys.welcome(m, c.Quiet || c.JSON)
	session := m.session(&c.talkFlags, sys)
	out := newScreen(sys, c.Reasoning, c.Quiet || c.JSON)
	emit := out.event
	if c.JSON {
		emit = func(chat.Event) error { return nil }
	}
	turn, _, err := session.Send(ctx, prompt, emit)
	out.close()
	if err != nil {
		return explain(err)
	}
	fig := figuresOf(turn, m.opened)
	if c.JSON {
		if err := printJSON(sys, m.name, turn, fig, session.Options.Sampling.Seed); err != nil {
			return err
		}
	}
	if c.Stats {
		fig.print(sys.stderr, session.Options.Sampling.Seed, turn.Finish)
	}
	if turn.Finish != chat.FinishCancelled {
		offer()
	}
	return sys.outcome(turn, "")
}

// prompt is the words of the command line and what is piped in, a blank line between.
func (c *runCmd) prompt(ctx context.Context, sys *system) (string, error) {
	prompt := strings.Join(c.Prompt, " ")
	if !sys.inTerminal {
		piped, err := sys.readAll(ctx, c.Quiet)
		if err != nil {
			return "", err
		}
		if text := strings.TrimRight(string(piped), "\r\n"); prompt == "" {
			prompt = text
		} else if text != "" {
			prompt += "\n\n" + text
		}
	}
	if strings.TrimSpace(prompt) == "" {
		return "", usage(`nothing was asked; write the question: ossian run "What is the capital of Japan?"`)
	}
	return prompt, nil
}

// outcome says what a person must know of how a turn ended, and gives the exit code.
func (s *system) outcome(t chat.Turn, remedy string) error {
	doing := map[chat.Kind]string{
		chat.Reasoning: " while still reasoning", chat.Answer: " within the answer",
		chat.Preamble: " within a preamble", chat.ToolCall: " within a tool call",
	}[t.CutIn]
	note := func(format string, args ...any) {
		fmt.Fprintf(s.stderr, "ossian: "+format+"\n", args...)
	}
	switch t.Finish {
	case chat.FinishLength:
		note("cut after %d tokens by --max-tokens%s", t.CompletionTokens, doing)
		return coded(exitCut)
	case chat.FinishContext:
		note("cut after %d tokens%s: the context is full; give more with --context%s", t.CompletionTokens, doing, remedy)
		return coded(exitCut)
	case chat.FinishCancelled:
		note("interrupted%s", doing)
		return coded(exitInterrupted)
	case chat.FinishCalls:
		note("the model called a tool, but this command offers none")
	case chat.FinishStop:
		if t.Answer == "" && t.Preamble == "" {
			note("the model ended without an answer")
		}
	}
	return nil
}

// explain adds the next step to errors of a turn.
func explain(err error) error {
	if ce := (*engine.ContextError)(nil); errors.As(err, &ce) {
		if ce.Max < ce.Model {
			return fmt.Errorf("%w; give a larger --context, a smaller --max-tokens or a shorter text", err)
		}
		return fmt.Errorf("%w; give a smaller --max-tokens or a shorter text", err)
	}
	if me := (*cpu.MemoryError)(nil); errors.As(err, &me) {
		return fmt.Errorf("%d tokens of context need %s, but %s are left; give a smaller --context or --max-tokens", me.Capacity, size(me.Need), size(max(me.Limit-me.Reserved, 1)))
	}
	return err
}

type jsonCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type jsonTurn struct {
	Model     string     `json:"model"`
	Answer    string     `json:"answer"`
	Reasoning string     `json:"reasoning"`
	Preamble  string     `json:"preamble,omitempty"`
	Calls     []jsonCall `json:"tool_calls,omitempty"`
	Warnings  []string   `json:"warnings,omitempty"`
	Finish    string     `json:"finish"`
	CutIn     string     `json:"cut_in,omitempty"`
	Seed      uint64     `json:"seed"`
	Usage     figures    `json:"usage"`
}

func printJSON(sys *system, name string, t chat.Turn, fig figures, seed uint64) error {
	out := jsonTurn{Model: name, Answer: t.Answer, Reasoning: t.Reasoning, Preamble: t.Preamble,
		Finish: string(t.Finish), Seed: seed, Usage: fig}
	for _, c := range t.Calls {
		out.Calls = append(out.Calls, jsonCall{strings.TrimPrefix(c.Name, harmony.FunctionsNamespace+"."), c.Arguments})
	}
	for _, w := range t.Warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	out.CutIn = map[chat.Kind]string{chat.Reasoning: "reasoning", chat.Answer: "answer",
		chat.Preamble: "preamble", chat.ToolCall: "tool_call"}[t.CutIn]
	enc := json.NewEncoder(sys.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
