package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"ossian/internal/chat"
	"ossian/internal/harmony"
)

const chatHelp = `/effort low|medium|high   how long the model reasons from now on
/system TEXT              instructions for the model; without TEXT: none
/show on|off              print the reasoning or not; without a word: the settings
/stats on|off             print figures after each answer; without a word: of the last
/save FILE                write the conversation as JSON, in the form of Chat Completions
/reset                    forget the conversation, keep the settings
/help                     this list
/exit                     leave (also /quit, Ctrl-D)
A line that ends in a backslash goes on in the next. Ctrl-C stops the model.
`

// command obeys a line that begins with a slash and reports whether to leave.
// What it has to say goes to standard error, so a pipe holds answers only.
func (t *talk) command(line string) (leave bool) {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	say := func(format string, args ...any) { fmt.Fprintf(t.sys.stderr, format+"\n", args...) }
	switch verb {
	case "/exit", "/quit", "/bye":
		return true
	case "/help", "/?":
		fmt.Fprint(t.sys.stderr, chatHelp)
	case "/effort":
		switch effort := harmony.Effort(rest); effort {
		case harmony.EffortLow, harmony.EffortMedium, harmony.EffortHigh:
			t.session.Settings.System.Effort = effort
			say("effort: %s", effort)
		default:
			say("ossian: /effort needs low, medium or high; it is %s", t.session.Settings.System.Effort)
		}
	case "/system", "/instructions":
		t.session.Settings.Developer.Instructions = rest
		if rest == "" {
			say("no instructions")
		} else {
			say("instructions set; they hold from the next message on")
		}
	case "/reset", "/clear":
		t.session.Reset()
		say("the conversation is empty")
	case "/show":
		if !onOff(rest, &t.reasoning) {
			t.settings()
		}
	case "/stats":
		if !onOff(rest, &t.stats) {
			if t.last == nil {
				say("no answer yet")
			} else {
				t.figures()
			}
		}
	case "/save":
		if err := t.save(rest); err != nil {
			say("ossian: %v", err)
		} else {
			say("saved %d messages to %s", len(t.session.History()), rest)
		}
	default:
		say("ossian: there is no command %s; /help lists them", verb)
	}
	return false
}

func onOff(word string, flag *bool) bool {
	switch word {
	case "on":
		*flag = true
	case "off":
		*flag = false
	default:
		return false
	}
	return true
}

func (t *talk) settings() {
	s := t.session
	p := s.Options.Sampling
	fmt.Fprintf(t.sys.stderr, "model %s, context %d, effort %s, temperature %g, top-p %g, reasoning shown %v, %d messages\n",
		t.m.name, t.m.context, s.Settings.System.Effort, p.Temperature, p.TopP, t.reasoning, len(s.History()))
	if i := s.Settings.Developer.Instructions; i != "" {
		fmt.Fprintf(t.sys.stderr, "instructions: %s\n", i)
	}
}

// savedMessage is a message in the form of Chat Completions, as tokens --render reads it.
type savedMessage struct {
	Role      string `json:"role"`
	Content   string `json:"content"`
	Reasoning string `json:"reasoning,omitempty"`
}

func (t *talk) save(path string) error {
	if path == "" {
		return fmt.Errorf("/save needs the name of a file")
	}
	s := t.session
	file := struct {
		Model    string         `json:"model"`
		Date     string         `json:"date"`
		Effort   string         `json:"reasoning_effort"`
		Messages []savedMessage `json:"messages"`
	}{Model: t.m.name, Date: s.Settings.System.Date, Effort: string(s.Settings.System.Effort), Messages: saved(s)}
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(file); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists; choose another name", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data.Bytes())
	return errors.Join(err, f.Close())
}

func saved(s *chat.Session) []savedMessage {
	out := []savedMessage{}
	if i := s.Settings.Developer.Instructions; i != "" {
		out = append(out, savedMessage{Role: "developer", Content: i})
	}
	reasoning := ""
	for _, m := range s.History() {
		if m.Channel == harmony.ChannelAnalysis {
			reasoning = strings.TrimPrefix(reasoning+"\n"+m.Text(), "\n")
			continue
		}
		out = append(out, savedMessage{Role: string(m.Role), Content: m.Text(), Reasoning: reasoning})
		reasoning = ""
	}
	return out
}
