package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"ossian/internal/chat"
	"ossian/internal/engine"
)

type chatCmd struct {
	loadFlags
	talkFlags
}

func (chatCmd) Help() string {
	return `A line is a message; one that ends in a backslash goes on in the next. Ctrl-C stops the model and keeps the conversation; Ctrl-D leaves. Lines may also be piped in. /help lists the commands.

Examples:

    ossian chat
    ossian chat -m ~/models/gpt-oss-20b --effort low --instructions "Answer in French."
    printf 'What is 17 + 25?\n/effort high\nAnd 18 + 25?\n' | ossian chat`
}

func (c *chatCmd) Validate() error { return errors.Join(c.loadFlags.check(), c.talkFlags.check()) }

func (c *chatCmd) Run(ctx context.Context, sys *system) error {
	loading, stop := sys.interrupt(ctx)
	m, err := sys.model(loading, &c.loadFlags)
	stop()
	if err != nil {
		return err
	}
	defer m.close()
	t := &talk{sys: sys, m: m, session: m.session(&c.talkFlags, sys), reasoning: c.Reasoning, stats: c.Stats, seed: c.Seed != nil, quiet: c.Quiet}
	sys.welcome(m, c.Quiet)()
	if sys.inTerminal && !c.Quiet {
		fmt.Fprintf(sys.stderr, "%s, %d tokens of context. /help lists the commands, Ctrl-D leaves.\n", m.name, m.context)
	}
	in := sys.lines()
	for ctx.Err() == nil {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, "/") {
			if t.command(line) {
				return nil
			}
			continue
		}
		if err := t.send(ctx, line); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// talk is a running chat.
type talk struct {
	sys       *system
	m         *loaded
	session   *chat.Session
	reasoning bool // show it
	stats     bool // print figures after every answer
	seed      bool // one was given: every turn draws from it
	quiet     bool
	last      *chat.Turn
}

// send lets the model answer. Only what ends the chat is an error.
func (t *talk) send(ctx context.Context, text string) error {
	turnCtx, stop := t.sys.interrupt(ctx)
	defer stop()
	if !t.seed {
		t.session.Options.Sampling.Seed = t.sys.seed()
	}
	out := newScreen(t.sys, t.reasoning, t.quiet)
	turn, kept, err := t.session.Send(turnCtx, text, out.event)
	out.close()
	if ce := (*engine.ContextError)(nil); errors.As(err, &ce) {
		fmt.Fprintf(t.sys.stderr, "ossian: %v; /reset starts afresh, --context N gives more room\n", ce)
		return nil
	}
	if err != nil {
		return explain(err)
	}
	t.last = &turn
	if out.said && t.sys.outTerminal {
		fmt.Fprintln(t.sys.stdout)
	}
	_ = t.sys.outcome(turn, " or start afresh with /reset")
	if !kept {
		fmt.Fprintln(t.sys.stderr, "ossian: the question was taken back")
	}
	if t.stats {
		t.figures()
	}
	return ctx.Err()
}

func (t *talk) figures() {
	figuresOf(*t.last, t.m.opened).print(t.sys.stderr, t.session.Options.Sampling.Seed, t.last.Finish)
}
