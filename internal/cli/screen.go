package cli

import (
	"fmt"
	"io"
	"strings"

	"ossian/internal/chat"
)

const (
	dimOn  = "\x1b[2m"
	dimOff = "\x1b[22m"
)

// screen prints a turn as it comes: the answer on standard output, the reasoning and
// everything else on standard error, dimmed when that is a terminal.
type screen struct {
	sys       *system
	reasoning bool // show it
	prompt    *progress

	kind    chat.Kind // of the message being printed; 0: none
	message int
	midline bool // the last thing printed was no line break
	said    bool // something was printed on standard output
}

func newScreen(sys *system, reasoning, quiet bool) *screen {
	return &screen{sys: sys, reasoning: reasoning, prompt: sys.reading(quiet)}
}

func (s *screen) event(e chat.Event) error {
	if e.Kind == chat.Prompt {
		s.prompt.update(int64(e.PromptRead), int64(e.PromptTokens))
		return nil
	}
	s.prompt.done()
	switch e.Kind {
	case chat.Answer, chat.Preamble:
		return s.text(e, s.sys.stdout, s.sys.outTerminal)
	case chat.Reasoning:
		if s.reasoning {
			return s.text(e, s.sys.stderr, s.sys.errTerminal)
		}
	case chat.ToolCall:
		s.close()
		_, err := fmt.Fprintf(s.sys.stderr, "call: %s %s\n", clean(e.Call.Name), clean(e.Call.Arguments))
		return err
	}
	return nil
}

func (s *screen) text(e chat.Event, w io.Writer, terminal bool) error {
	text := e.Text
	if terminal {
		text = clean(text)
	}
	if s.kind != e.Kind || s.message != e.Message {
		s.close()
		s.kind, s.message = e.Kind, e.Message
		text = s.opening(e.Kind) + text
	}
	s.said = s.said || e.Kind != chat.Reasoning
	s.midline = !strings.HasSuffix(text, "\n")
	_, err := io.WriteString(w, text)
	return err
}

func (s *screen) opening(k chat.Kind) string {
	switch {
	case k != chat.Reasoning:
		return ""
	case s.sys.errTerminal:
		return dimOn
	}
	return "reasoning: "
}

// close ends the message being printed, on a new line.
func (s *screen) close() {
	s.prompt.done()
	if s.kind == 0 {
		return
	}
	w, end := s.sys.stdout, ""
	if s.kind == chat.Reasoning {
		w = s.sys.stderr
		if s.sys.errTerminal {
			end = dimOff
		}
	}
	if s.midline {
		end += "\n"
	}
	if s.kind == chat.Reasoning && s.sys.errTerminal && s.sys.outTerminal {
		end += "\n" // a blank line before the answer
	}
	_, _ = io.WriteString(w, end)
	s.kind, s.midline = 0, false
}

// clean leaves out control characters, which a terminal would obey.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
}
