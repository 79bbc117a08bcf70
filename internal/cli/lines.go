package cli

import (
	"bufio"
	"bytes"
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
	l := &typedLines{fd: int(in.Fd()), keys: keyboard{in: in}, out: s.stdout}
	l.renew()
	return l
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
// that an interrupt works while the model speaks. Pasted line breaks stay. Ctrl-C
// drops the line; twice in a row it leaves, as Ctrl-D does.
type typedLines struct {
	fd   int
	keys keyboard
	out  io.Writer
	t    *term.Terminal
}

// keyboard remembers whether Ctrl-C was among the last keys, which the editor
// reports like Ctrl-D.
type keyboard struct {
	in     io.Reader
	broken bool // the last keys read hold a Ctrl-C
	typed  bool // other keys came since this was last false
}

func (k *keyboard) Read(p []byte) (int, error) {
	n, err := k.in.Read(p)
	k.broken = bytes.IndexByte(p[:n], 3) >= 0
	k.typed = k.typed || len(bytes.Trim(p[:n], "\x03")) > 0
	return n, err
}

// renew takes a new editor with the old one's history.
func (l *typedLines) renew() {
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&l.keys, l.out}, promptSign)
	if l.t != nil {
		t.History = l.t.History
	}
	l.t = t
}

func (l *typedLines) next() (string, error) {
	for broken := false; ; broken = true {
		l.keys.typed = false
		text, err := l.edit()
		if !errors.Is(err, io.EOF) {
			return text, err
		}
		l.renew() // it would report the same key again
		if !l.keys.broken || broken && !l.keys.typed {
			fmt.Fprintln(l.out)
			return "", err
		}
		fmt.Fprintln(l.out, "\nCtrl-D leaves")
	}
}

func (l *typedLines) edit() (string, error) {
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
