package argv

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Error is a command line that makes no sense.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

func failed(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Parse reads a command line, without the program's name, and gives the command it
// asks for, as far as it was understood. help says that it asks for the command's help instead.
func (c *Command) Parse(args []string, getenv func(string) string) (_ *Command, help bool, err error) {
	plain := false // what follows "--" is no flag
	for at := 0; len(args) > 0; {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--" && !plain:
			plain = true
		case looksLikeFlag(arg) && !plain:
			var asked bool
			if args, asked, err = c.flag(arg, args); err != nil || asked {
				return c, asked, err
			}
		case len(c.commands) > 0:
			sub := c.sub(arg)
			if sub == nil {
				return c, false, failed("unexpected argument %s%s", arg, c.similarCommand(arg))
			}
			c = sub
		case at == len(c.args):
			return c, false, failed("unexpected argument %s", arg)
		default:
			a := c.args[at]
			if err := a.putOne(arg); err != nil { // commas in words are commas
				return c, false, failed("%v", err)
			}
			if a.set = true; !a.isList {
				at++
			}
		}
	}
	if len(c.commands) > 0 {
		var names []string
		for _, sub := range c.commands {
			names = append(names, strconv.Quote(sub.name))
		}
		return c, false, failed("expected one of %s", strings.Join(names, ", "))
	}
	return c, false, c.complete(getenv)
}

// looksLikeFlag leaves numbers below zero and a lone dash to the arguments.
func looksLikeFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && !strings.ContainsRune("0123456789. ", rune(arg[1]))
}

func (c *Command) sub(name string) *Command {
	for _, sub := range c.commands {
		if sub.name == name {
			return sub
		}
	}
	return nil
}

// flag reads one argument's flags, with the value if that is the next argument. asked
// says that one was --help.
func (c *Command) flag(arg string, rest []string) (_ []string, asked bool, err error) {
	for short := !strings.HasPrefix(arg, "--"); ; {
		name, value, given := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if short {
			name, value, given = arg[1:2], strings.TrimPrefix(arg[2:], "="), len(arg) > 2
		}
		f, no := c.find(name, short)
		switch {
		case f == nil:
			dashes := "--"
			if short {
				dashes = "-"
			}
			return nil, false, failed("unknown flag %s%s%s", dashes, name, c.similar(name))
		case f.names[0] == "help":
			return rest, true, nil
		case f.kind == reflect.Bool && (short || !given):
			f.set = true
			f.field.SetBool(!no)
			if short && given { // -qv
				arg = "-" + arg[2:]
				continue
			}
			return rest, false, nil
		case no:
			return nil, false, failed("--%s takes no value", name)
		case !given && (len(rest) == 0 || looksLikeFlag(rest[0])):
			return nil, false, failed("%s needs a value, as %s", f.shown, f.long())
		case !given:
			value, rest = rest[0], rest[1:]
		}
		f.set = true
		if err := f.put(value); err != nil {
			return nil, false, failed("%v", err)
		}
		return rest, false, nil
	}
}

// find is the flag of a name; no says that the name is that of its opposite.
func (c *Command) find(name string, short bool) (f *flag, no bool) {
	for _, f := range c.visible() {
		if short {
			if f.short == name {
				return f, false
			}
			continue
		}
		for _, n := range f.names {
			if n == name {
				return f, false
			}
		}
		if f.negated == name && name != "" {
			return f, true
		}
	}
	return nil, false
}

// complete checks what only the whole line tells, and asks the environment.
func (c *Command) complete(getenv func(string) string) error {
	var missing []string
	for _, a := range c.args {
		if !a.set && !a.optional {
			missing = append(missing, a.shown)
		}
	}
	if len(missing) > 0 {
		return failed("expected %q", strings.Join(missing, " "))
	}
	only := map[string]*flag{}
	for _, f := range c.visible() {
		if f.env != "" && !f.set {
			if v := getenv(f.env); v != "" {
				if err := f.put(v); err != nil {
					return failed("$%s: %v", f.env, err)
				}
			}
		}
		if f.xor == "" || !f.set {
			continue
		}
		if other := only[f.xor]; other != nil {
			return failed("%s and %s exclude each other", other.shown, f.shown)
		}
		only[f.xor] = f
	}
	return nil
}

// similar proposes the flag that was probably meant.
func (c *Command) similar(name string) string {
	var names []string
	for _, f := range c.visible() {
		names = append(names, f.names...)
	}
	return nearest(name, "--", names)
}

// similarCommand proposes the command that was probably meant.
func (c *Command) similarCommand(name string) string {
	var names []string
	for _, sub := range c.commands {
		names = append(names, sub.name)
	}
	return nearest(name, "", names)
}

// nearest is a question for the name that is nearest to one that does not exist, if any is near.
func nearest(name, dashes string, names []string) string {
	best, least := "", min(3, len(name))
	for _, n := range names {
		d := distance(name, n)
		if len(name) > 2 && strings.HasPrefix(n, name) {
			d = 1
		}
		if d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", dashes+best)
}

// distance is how many letters must be changed, added or left out (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := diagonal
			if a[i] != b[j] {
				next = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
