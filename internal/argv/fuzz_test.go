package argv

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse: whatever is typed gives a command, its help, or an error in words.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"work -q --max-tokens 4 hi", "work -qmX --lengths 1,2 -- -x", "keys new big d", "--help", "work --no-draft=1", "work -\xff --\x00=", "make -1 -.", "- -- --- ----=",
		"work --lengths=,,, --names ,", "work --heat NaN --seed 18446744073709551616 --time -1h", "work --file=~/ --file=",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := New("prog", "", &grammar{})
		if err != nil {
			t.Fatal(err)
		}
		c, help, err := c.Parse(strings.Split(line, " "), func(string) string { return "" })
		if ae := (*Error)(nil); c == nil || err != nil && (help || !errors.As(err, &ae) || err.Error() == "") {
			t.Errorf("%v, %v, %v", c, help, err)
		}
		var b strings.Builder
		if err := c.WriteHelp(&b, 80); err != nil || !strings.HasPrefix(b.String(), "Usage: prog") {
			t.Error(err, b.String())
		}
	})
}
