package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// lines gives what a person types or a pipe holds, a message at a time. io.EOF ends it.
type lines interface{ next() (string, error) }

func (s *system) lines() lines {
	in, isFile := s.stdin.(*os.File)
	if !s.inTerminal || !isFile || !s.outTerminal {
		return &pipedLines{r: bufio.NewReader(s.stdin)}
	}
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, s.stdout}, promptSign)
	return &typedLines{fd: int(in.Fd()), t: t}
}

const (
	promptSign   = "> "
	continueSign = "… "
)

// pipedLines reads plain lines.
type pipedLines struct{ r *bufio.Reader }

func (p *pipedLines) next() (string, error) {
	return continued(func(bool) (string, error) {
		line, err := readLine(p.r)
		return string(line), err
	})
}

// typedLines edits lines on a terminal, which is raw only while a line is typed, so
// that an interrupt works while the model speaks. Pasted line breaks stay.
type typedLines struct {
	fd int
	t  *term.Terminal
}

func (l *typedLines) next() (string, error) {
	state, err := term.MakeRaw(l.fd)
	if err != nil {
		return "", fmt.Errorf("taking over the terminal: %w", err)
	}
	l.t.SetBracketedPasteMode(true)
	defer func() {
		l.t.SetBracketedPasteMode(false)
		_ = term.Restore(l.fd, state)
	}()
	if w, h, err := term.GetSize(l.fd); err == nil && w > 0 && h > 0 {
		_ = l.t.SetSize(w, h)
	}
	return continued(func(more bool) (string, error) {
		l.t.SetPrompt(promptSign)
		if more {
			l.t.SetPrompt(continueSign)
		}
		var text strings.Builder
		for {
			line, err := l.t.ReadLine()
			text.WriteString(line)
			if !errors.Is(err, term.ErrPasteIndicator) {
				return text.String(), err
			}
			text.WriteByte('\n')
			if text.Len() > maxInput {
				return "", fmt.Errorf("more than %s were pasted", size(maxInput))
			}
		}
	})
}

// continued joins lines as long as they end in a backslash.
func continued(read func(more bool) (string, error)) (string, error) {
	var text strings.Builder
	for more := false; ; more = true {
		line, err := read(more)
		if err != nil {
			if errors.Is(err, io.EOF) && text.Len() > 0 {
				return text.String(), nil
			}
			return "", err
		}
		rest, goesOn := strings.CutSuffix(line, `\`)
		text.WriteString(rest)
		if !goesOn || text.Len() > maxInput {
			return text.String(), nil
		}
		text.WriteByte('\n')
	}
}
