package grammar

import (
	"errors"
	"strings"
	"testing"
)

func accepts(g *Grammar, text string) bool {
	m := newMachine(g)
	at := m.begin()
	for i := range len(text) {
		at = m.step(at, text[i])
	}
	return m.configs[at].accepts
}

func TestLark(t *testing.T) {
	for _, c := range []struct{ name, src, yes, no string }{
		{"arithmetic", `
			start: expr
			expr: expr "+" term -> add | expr "-" term | term
			?term: term "*" factor | factor   // tighter
			factor: NUMBER | "(" expr ")"
			%import common.NUMBER
			%import common.WS_INLINE
			%ignore WS_INLINE`, "1 + 2*(3.5-4) |1|( 1)+2|  7", "1+|+1|(1|1 2|1+*2"},
		{"dates", `start: DAY "." MONTH ["." /[0-9]{4}/]
			DAY: "1".."9" | "1".."2" DIGIT | "30" | "31"
			MONTH.2: /1[0-2]|[1-9]/
			DIGIT: "0".."9"`, "1.1|31.12.2024|9.9.1999", "32.1|1.13|1.1.99|1 .1"},
		{"repetitions", `start: "a"~2..3 ("b" "c"?)* "d"{2} "E"i`, "aabdde|aaabcbddE|aaddE", "abdde|aaaaddE|aadE|aabbbcdd"},
		{"words", "start: (WORD | quoted)+\nWORD: /\\p{L}+/\nquoted: \"\\\"\" /[^\"]*/s \"\\\"\"", "héllo|\"a b\nc\"x", "1|\"a"},
		{"nested", `start: list
			list: "[" [item ("," item)*] "]"
			item: list | INT
			%import common.INT -> INT`, "[]|[1,[2,[]],3]", "[1,]|[|[[]"},
		{"comments", "# one\nstart: a // two\na: \"x\" |\n   \"y\"\n   | \"z\"\n", "x|y|z", "xy| x"},
	} {
		g, err := FromLark(c.src)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, text := range strings.Split(c.yes, "|") {
			if !accepts(g, text) {
				t.Errorf("%s: %q is refused", c.name, text)
			}
		}
		for _, text := range strings.Split(c.no, "|") {
			if accepts(g, text) {
				t.Errorf("%s: %q is accepted", c.name, text)
			}
		}
	}
}

func TestLarkRefused(t *testing.T) {
	for src, want := range map[string]string{
		`a: "x"`:                               "start",
		`start: b`:                             "no rule b",
		"start: \"x\"\nstart: \"y\"":           "line 2",
		`start: start`:                         "",
		"start: a\na: b \"x\"\nb: a | \"y\"":   "calls itself",
		`start: "x`:                            "does not end",
		`start: /[/`:                           "bracket",
		`start: "a"~99999`:                     "4,096",
		`start: ("a"`:                          "parenthesis",
		`%declare X`:                           "declare",
		`start{x}: x`:                          "templates",
		`%import python.NAME`:                  "common",
		"X: start\nstart: X":                   "terminal",
		`start: ` + strings.Repeat("(", 300):   "nested",
		`start: ((("a"~4096)~4096)~4096)~4096`: "524,288",
	} {
		g, err := FromLark(src)
		var own *Error
		if !errors.As(err, &own) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, %v", src, g, err)
		}
	}
}

// FuzzLark: no text makes the reader panic, and what it takes can be walked.
func FuzzLark(f *testing.F) {
	f.Add("start: a\na: \"x\"* | a /y/i \n%ignore \" \"")
	f.Add("start: \"a\"~2..3 [b]\nb.1: \"b\" -> c\n%import common.INT")
	f.Fuzz(func(t *testing.T, src string) {
		g, err := FromLark(src)
		if err != nil {
			return
		}
		m := newMachine(g)
		at := m.begin()
		for range 20 {
			for b := range 256 {
				if to := m.step(at, byte(b)); to != nowhere {
					at = to
					break
				}
			}
		}
	})
}
