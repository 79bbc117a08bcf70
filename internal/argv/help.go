package argv

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// WriteHelp writes what a person should know of a command, in lines of so many columns.
func (c *Command) WriteHelp(w io.Writer, columns int) error {
	var b strings.Builder
	b.WriteString("Usage: " + c.usage() + "\n\n")
	wrap(&b, c.help, 0, columns)
	if c.parent != nil {
		if d, ok := c.Target().(interface{ Help() string }); ok {
			b.WriteString("\n")
			wrap(&b, d.Help(), 0, columns)
		}
	}
	if leaves := c.leaves(""); len(c.commands) > 0 {
		b.WriteString("\nCommands:\n")
		table(&b, leaves, columns)
	}
	if len(c.args) > 0 {
		b.WriteString("\nArguments:\n")
		var rows [][2]string
		for _, a := range c.args {
			rows = append(rows, [2]string{a.usage(), a.help})
		}
		table(&b, rows, columns)
	}
	b.WriteString("\nFlags:\n")
	var rows [][2]string
	for _, f := range c.visible() {
		help := f.help
		if f.env != "" {
			help = strings.TrimSuffix(help, ".") + " ($" + f.env + ")."
		}
		rows = append(rows, [2]string{f.usage(), help})
	}
	if n := len(rows) - len(c.flags); c.parent != nil && len(c.flags) > 0 { // those of every command stand apart
		rows = append(rows[:n:n], append([][2]string{{}}, rows[n:]...)...)
	}
	table(&b, rows, columns)
	if c.parent == nil {
		fmt.Fprintf(&b, "\nRun \"%s <command> --help\" for more about a command.\n", c.name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Command) usage() string {
	s := c.String()
	for _, a := range c.args {
		s += " " + a.usage()
	}
	if len(c.commands) > 0 {
		s += " <command>"
	}
	return s + " [flags]"
}

func (a *argument) usage() string {
	s := a.shown
	if a.isList {
		s += " ..."
	}
	if a.optional {
		s = "[" + s + "]"
	}
	return s
}

// usage is a flag as it is typed, with its short form or room for one.
func (f *flag) usage() string {
	if f.short != "" {
		return "-" + f.short + ", " + f.long()
	}
	return "    " + f.long()
}

func (f *flag) long() string {
	switch name := f.names[0]; {
	case f.negated == "no-"+name:
		return "--[no-]" + name
	case f.negated != "":
		return "--" + name + ", --" + f.negated
	case f.kind == reflect.Bool:
		return "--" + name
	case f.placeholder != "":
		return "--" + name + "=" + f.placeholder
	case f.def != "":
		return "--" + name + "=" + f.def
	default:
		return "--" + name + "=" + strings.ToUpper(name)
	}
}

// leaves are the commands that do something, each with its help.
func (c *Command) leaves(prefix string) (rows [][2]string) {
	for _, sub := range c.commands {
		if name := prefix + sub.name; len(sub.commands) > 0 {
			rows = append(rows, sub.leaves(name+" ")...)
		} else {
			rows = append(rows, [2]string{name, sub.help})
		}
	}
	return rows
}

// table writes two columns, the second wrapped. What is too long for the first has a line of its own.
func table(b *strings.Builder, rows [][2]string, columns int) {
	const most = 30
	left := 0
	for _, r := range rows {
		if n := len(r[0]); n <= most {
			left = max(left, n)
		}
	}
	for _, r := range rows {
		if r[0] == "" {
			b.WriteString("\n")
			continue
		}
		var right strings.Builder
		wrap(&right, r[1], left+6, columns)
		text := right.String()
		if len(r[0]) <= left {
			line := fmt.Sprintf("  %-*s    %s", left, r[0], strings.TrimLeft(text, " "))
			b.WriteString(strings.TrimRight(line, " \n") + "\n")
		} else {
			fmt.Fprintf(b, "  %s\n%s", r[0], text)
		}
	}
}

// wrap writes text in lines of so many columns behind an indent. Lines that begin with a space stay as they are.
func wrap(b *strings.Builder, text string, indent, columns int) {
	margin := strings.Repeat(" ", indent)
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if line == "" || line[0] == ' ' {
			b.WriteString(strings.TrimRight(margin+line, " ") + "\n")
			continue
		}
		at := 0
		for word := range strings.FieldsSeq(line) {
			n := len([]rune(word))
			switch {
			case at == 0:
				b.WriteString(margin)
			case indent+at+1+n > columns:
				b.WriteString("\n" + margin)
				at = 0
			default:
				b.WriteString(" ")
				at++
			}
			b.WriteString(word)
			at += n
		}
		b.WriteString("\n")
	}
}
