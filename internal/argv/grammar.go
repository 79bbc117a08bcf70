package argv

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// Command is the program, a group of commands, or one command.
type Command struct {
	name     string
	help     string
	parent   *Command
	target   reflect.Value // the struct
	flags    []*flag
	args     []*argument
	commands []*Command
}

// Target is a pointer to the struct that was filled.
func (c *Command) Target() any { return c.target.Addr().Interface() }

// String is the command as it is typed.
func (c *Command) String() string {
	if c.parent == nil {
		return c.name
	}
	return c.parent.String() + " " + c.name
}

type flag struct {
	slot
	short       string
	names       []string // the name and its aliases
	negated     string   // the name of the opposite; "": none
	env         string
	xor         string
	placeholder string
	set         bool
}

type argument struct {
	slot
	optional bool
	set      bool
}

// New reads the grammar of a program. A grammar that makes no sense is an error of
// whoever wrote it, whatever is typed.
func New(name, help string, grammar any) (*Command, error) {
	root := &Command{name: name, help: help, target: reflect.ValueOf(grammar).Elem()}
	root.flags = []*flag{{names: []string{"help"}, short: "h", slot: slot{help: "Show this help.", kind: reflect.Bool}}}
	return root, root.read(root.target)
}

func (c *Command) read(v reflect.Value) error {
	for i := range v.NumField() {
		f, tag := v.Type().Field(i), v.Type().Field(i).Tag
		if f.Anonymous {
			if err := c.read(v.Field(i)); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		name := tag.Get("name")
		if name == "" {
			name = dashed(f.Name)
		}
		if _, is := tag.Lookup("cmd"); is {
			sub := &Command{name: name, help: tag.Get("help"), parent: c, target: v.Field(i)}
			if err := sub.read(sub.target); err != nil {
				return err
			}
			c.commands = append(c.commands, sub)
			continue
		}
		s, err := newSlot(v.Field(i), tag)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", f.Name, c, err)
		}
		if _, is := tag.Lookup("arg"); is {
			_, optional := tag.Lookup("optional")
			s.shown = "<" + name + ">"
			c.args = append(c.args, &argument{slot: s, optional: optional})
			continue
		}
		s.shown = "--" + name
		fl := &flag{slot: s, short: tag.Get("short"), names: []string{name}, env: tag.Get("env"), xor: tag.Get("xor"), placeholder: tag.Get("placeholder")}
		if more := tag.Get("aliases"); more != "" {
			fl.names = append(fl.names, strings.Split(more, ",")...)
		}
		if no, is := tag.Lookup("negatable"); is {
			if fl.negated = no; no == "" {
				fl.negated = "no-" + name
			}
		}
		c.flags = append(c.flags, fl)
	}
	return nil
}

// dashed turns MaxTokens into max-tokens.
func dashed(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// visible are the flags that may stand with a command: its own and those of what is above it.
func (c *Command) visible() (list []*flag) {
	if c.parent != nil {
		list = c.parent.visible()
	}
	return append(list, c.flags...)
}
