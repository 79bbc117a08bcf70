package argv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type shared struct {
	Quiet bool   `short:"q" help:"No messages."`
	Model string `short:"m" placeholder:"MODEL" env:"TEST_MODEL" help:"Which in $$HOME."`
	note  string
}

type work struct {
	shared
	MaxTokens int           `default:"20" placeholder:"N" help:"Most (default: ${default})."`
	Effort    string        `enum:"low,high" default:"low" help:"How: ${enum}."`
	Heat      *float64      `placeholder:"X"`
	Seed      *uint64       `aliases:"grain,kernel"`
	Lengths   []int         `default:"1,2"`
	Names     []string      `placeholder:"NAME"`
	Raw       []string      `sep:"none"`
	Time      time.Duration `default:"1h"`
	Draft     bool          `negatable:"" default:"true"`
	Show      bool          `name:"show-it" negatable:"hide-it" default:"true"`
	A         bool          `xor:"ab"`
	B         bool          `xor:"ab"`
	File      string        `type:"path"`
	Words     []string      `arg:"" optional:"" help:"What to say."`
}

func (work) Help() string { return "A long explanation.\n\nExample:\n\n    prog work   hello" }

type make2 struct {
	Kind string `arg:"" enum:"big,small" help:"Which: ${enum}."`
	Dir  string `arg:"" name:"folder"`
}

type more struct {
	Make make2 `cmd:"" help:"Make one."`
}

type grammar struct {
	Offline bool `help:"Stay."`
	Work    work `cmd:"" help:"Do it."`
	Keys    struct {
		New  make2    `cmd:"" help:"A new one."`
		List struct{} `cmd:"" help:"All."`
	} `cmd:"" help:"Of doors."`
	more
}

// parse gives the grammar as a line fills it, and what it says of the line.
func parse(t *testing.T, line string, env map[string]string) (g *grammar, command string, help bool, err error) {
	t.Helper()
	g = &grammar{}
	c, err := New("prog", "It works.", g)
	if err != nil {
		t.Fatal(err)
	}
	c, help, err = c.Parse(strings.Fields(line), func(k string) string { return env[k] })
	return g, c.String(), help, err
}

func TestParse(t *testing.T) {
	fresh := func() *grammar {
		g := &grammar{}
		if _, err := New("prog", "", g); err != nil {
			t.Fatal(err)
		}
		return g
	}
	here, err := filepath.Abs("x")
	if err != nil {
		t.Fatal(err)
	}
	heat, seed := 0.5, uint64(7)
	for line, want := range map[string]func(g *grammar){
		"work":                               func(*grammar) {},
		"--offline work":                     func(g *grammar) { g.Offline = true },
		"work --offline hi, you":             func(g *grammar) { g.Offline, g.Work.Words = true, []string{"hi,", "you"} },
		"work a -q b":                        func(g *grammar) { g.Work.Quiet, g.Work.Words = true, []string{"a", "b"} },
		"work -qmX":                          func(g *grammar) { g.Work.Quiet, g.Work.Model = true, "X" },
		"work -m X":                          func(g *grammar) { g.Work.Model = "X" },
		"work -m=X":                          func(g *grammar) { g.Work.Model = "X" },
		"work --model= -q":                   func(g *grammar) { g.Work.Quiet = true },
		"work -- -q --model":                 func(g *grammar) { g.Work.Words = []string{"-q", "--model"} },
		"work -5 - -.5":                      func(g *grammar) { g.Work.Words = []string{"-5", "-", "-.5"} },
		"work --max-tokens -3":               func(g *grammar) { g.Work.MaxTokens = -3 },
		"work --max-tokens=4":                func(g *grammar) { g.Work.MaxTokens = 4 },
		"work --max-tokens=4 --max-tokens 5": func(g *grammar) { g.Work.MaxTokens = 5 },
		"work --effort high":                 func(g *grammar) { g.Work.Effort = "high" },
		"work --heat .5":                     func(g *grammar) { g.Work.Heat = &heat },
		"work --grain 7":                     func(g *grammar) { g.Work.Seed = &seed },
		"work --lengths 3,4 --lengths=5":     func(g *grammar) { g.Work.Lengths = []int{3, 4, 5} },
		"work --names a,b --names c":         func(g *grammar) { g.Work.Names = []string{"a", "b", "c"} },
		"work --raw a,b --raw c":             func(g *grammar) { g.Work.Raw = []string{"a,b", "c"} },
		"work --time 90s":                    func(g *grammar) { g.Work.Time = 90 * time.Second },
		"work --no-draft --hide-it":          func(g *grammar) { g.Work.Draft, g.Work.Show = false, false },
		"work --draft=false --show-it":       func(g *grammar) { g.Work.Draft = false },
		"work --a":                           func(g *grammar) { g.Work.A = true },
		"work --file x":                      func(g *grammar) { g.Work.File = here },
		"make big there":                     func(g *grammar) { g.Make = make2{"big", "there"} },
		"keys new small d":                   func(g *grammar) { g.Keys.New = make2{"small", "d"} },
		"keys list":                          func(*grammar) {},
	} {
		g := fresh()
		want(g)
		got, command, help, err := parse(t, line, nil)
		if err != nil || help {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(g, got, cmp.AllowUnexported(grammar{}, work{}, shared{}, more{})); diff != "" {
			t.Errorf("%s:\n%s", line, diff)
		}
		if first := strings.Fields(strings.ReplaceAll(line, "--offline ", ""))[0]; !strings.HasPrefix(command, "prog "+first) {
			t.Errorf("%s is %s", line, command)
		}
	}
}

func TestEnvironment(t *testing.T) {
	env := map[string]string{"TEST_MODEL": "E"}
	if g, _, _, err := parse(t, "work", env); err != nil || g.Work.Model != "E" {
		t.Error(g.Work.Model, err)
	}
	if g, _, _, err := parse(t, "work -m X", env); err != nil || g.Work.Model != "X" {
		t.Error(g.Work.Model, err)
	}
}

func TestHome(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Skip(err)
	}
	if g, _, _, err := parse(t, "work --file=~/x", nil); err != nil || g.Work.File != filepath.Join(home, "x") {
		t.Error(g.Work.File, err)
	}
}

func TestErrors(t *testing.T) {
	for line, want := range map[string]string{
		"":                        `prog: expected one of "work", "keys", "make"`,
		"--offline":               `prog: expected one of "work", "keys", "make"`,
		"wrok":                    `prog: unexpected argument wrok, did you mean "work"?`,
		"keys":                    `prog keys: expected one of "new", "list"`,
		"keys old":                "prog keys: unexpected argument old",
		"keys list x":             "prog keys list: unexpected argument x",
		"make":                    `prog make: expected "<kind> <folder>"`,
		"make big":                `prog make: expected "<folder>"`,
		"make huge x":             `prog make: <kind> must be one of "big","small" but got "huge"`,
		"make big x y":            "prog make: unexpected argument y",
		"work --effort":           "prog work: --effort needs a value, as --effort=low",
		"work --model -q":         "prog work: --model needs a value, as --model=MODEL",
		"work --effort mid":       `prog work: --effort must be one of "low","high" but got "mid"`,
		"work --effrot high":      `prog work: unknown flag --effrot, did you mean "--effort"?`,
		"work --max 3":            `prog work: unknown flag --max, did you mean "--max-tokens"?`,
		"work --zebra":            "prog work: unknown flag --zebra",
		"work -x":                 "prog work: unknown flag -x",
		"work -qx":                "prog work: unknown flag -x",
		"work --max-tokens x":     `prog work: --max-tokens: expected a whole number but got "x"`,
		"work --max-tokens 9e9":   `prog work: --max-tokens: expected a whole number but got "9e9"`,
		"work --lengths 1,,2":     `prog work: --lengths: expected a whole number but got ""`,
		"work --seed -1":          `prog work: --seed: expected a whole number from 0 up but got "-1"`,
		"work --heat hot":         `prog work: --heat: expected a number but got "hot"`,
		"work --time 5":           `prog work: --time: expected a time as 90s, 30m or 1h but got "5"`,
		"work --quiet=perhaps":    `prog work: --quiet: expected true or false but got "perhaps"`,
		"work --no-draft=true":    "prog work: --no-draft takes no value",
		"work --a --b":            "prog work: --a and --b exclude each other",
		"work --note x":           "prog work: unknown flag --note",
		"work --":                 "",
		"--max-tokens 4 work":     "prog: unknown flag --max-tokens",
		"work --offline=x --help": `prog work: --offline: expected true or false but got "x"`,
	} {
		_, command, _, err := parse(t, line, nil)
		got := ""
		if err != nil {
			got = command + ": " + err.Error()
		}
		if ae := (*Error)(nil); got != want || err != nil && !errors.As(err, &ae) {
			t.Errorf("%q:\n%s\n%s", line, got, want)
		}
	}
}

func TestBadGrammar(t *testing.T) {
	for _, g := range []any{
		&struct{ X map[string]int }{}, &struct{ X []struct{} }{},
		&struct {
			X int `default:"x"`
		}{},
		&struct {
			X string `default:"c" enum:"a,b"`
		}{},
	} {
		if _, err := New("prog", "", g); err == nil {
			t.Errorf("%T was taken", g)
		}
	}
}

func TestHelp(t *testing.T) {
	for line, want := range map[string]string{
		"-h": `Usage: prog <command> [flags]

It works.

Commands:
  work         Do it.
  keys new     A new one.
  keys list    All.
  make         Make one.

Flags:
  -h, --help       Show this help.
      --offline    Stay.

Run "prog <command> --help" for more about a command.
`,
		"make x --help": "",
		"make big --help": `Usage: prog make <kind> <folder> [flags]

Make one.

Arguments:
  <kind>      Which: big,small.
  <folder>

Flags:
  -h, --help       Show this help.
      --offline    Stay.
`,
		"work --help": `Usage: prog work [<words> ...] [flags]

Do it.

A long explanation.

Example:

    prog work   hello

Arguments:
  [<words> ...]    What to say.

Flags:
  -h, --help                  Show this help.
      --offline               Stay.

  -q, --quiet                 No messages.
  -m, --model=MODEL           Which in $HOME
                              ($TEST_MODEL).
      --max-tokens=N          Most (default: 20).
      --effort=low            How: low,high.
`,
	} {
		g := &grammar{}
		c, err := New("prog", "It works.", g)
		if err != nil {
			t.Fatal(err)
		}
		c, help, err := c.Parse(strings.Fields(line), func(string) string { return "" })
		if want == "" {
			if help || err == nil {
				t.Errorf("%s: no error", line)
			}
			continue
		}
		var b strings.Builder
		if err := c.WriteHelp(&b, 54); err != nil || !help {
			t.Fatal(help, err)
		}
		if got := b.String(); got != want && !(line == "work --help" && strings.HasPrefix(got, want)) {
			t.Errorf("%s", cmp.Diff(want, got))
		}
		for l := range strings.Lines(b.String()) {
			if len(l) > 55 {
				t.Errorf("too long: %q", l)
			}
		}
	}
}
