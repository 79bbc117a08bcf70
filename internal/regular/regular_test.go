package regular

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func budget() *Budget { return NewBudget(20_000_000) }

// TestSearch compares with the standard library, whose syntax is the same for these.
func TestSearch(t *testing.T) {
	exprs := []string{``, `a`, `^a`, `a$`, `^a$`, `^(a|b)*c$`, `a|^b`, `(^a|b$)`, `^a{2,3}$`, `^a{2,}b?$`, `[a-c]+`, `[^a]$`,
		`^[^\n]*$`, `\d\w`, `^\W$`, `\ba\b`, `a\Bb`, `^(?:ab|a)(?:bc|c)$`, `x*`, `^(a?){3}$`, `(a|ab)(c|bcd)`, `^\S+$`, `^[\w.-]+$`,
		`é`, `^.$`, `\x61`, `^[a-]$`, `^[\]a]$`, `^(|a)+$`, `^\p{L}+$`, `\$`, `{a}`, `^a{,2}$`, `\bab?`}
	letters := []rune("abcdx1_ -]\n$é{,2}")
	rng := rand.New(rand.NewPCG(1, 2))
	for _, expr := range exprs {
		d, err := Search(expr, budget())
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		std := regexp.MustCompile(expr)
		for range 3000 {
			var text []rune
			for range rng.IntN(6) {
				text = append(text, letters[rng.IntN(len(letters))])
			}
			if got, want := d.Match(string(text)), std.MatchString(string(text)); got != want {
				t.Errorf("%s on %q: %v, want %v", expr, string(text), got, want)
				break
			}
		}
	}
}

func TestLookAhead(t *testing.T) {
	for _, c := range []struct {
		expr, yes, no string
	}{
		{`^(?!.*foo)[a-z]+$`, "bar", "afoob"},
		{`^(?=.*[A-Z])(?=.*\d).{3,}$`, "aB1", "ab1"},
		{`^(?!a$|b$)\w+$`, "ab", "a"},
		{`^(?!x)a|^(?!a)b`, "bb", "xa"},
		{`\u0041\cA?\/$`, "A/", "B/"},
		{`^\u{1F600}\uD83D\uDE00$`, "😀😀", "😀"},
		{`^\p{Script=Greek}+$`, "αβ", "ab"},
		{`^\P{Ll}$`, "A", "a"},
		{`^[\s]$`, "\u00a0", "a"},
	} {
		d, err := Search(c.expr, budget())
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if !d.Match(c.yes) || d.Match(c.no) {
			t.Errorf("%s: %q %v, %q %v", c.expr, c.yes, d.Match(c.yes), c.no, d.Match(c.no))
		}
	}
}

func TestRefused(t *testing.T) {
	for _, expr := range []string{`(`, `)`, `a**`, `[b-a]`, `[a`, `\1`, `(?<=a)b`, `a(?=b)`, `\q`, `*`, `\p{Nothing}`, `a{2,1}`, "\xff", `(?`,
		strings.Repeat("(", 300), `\u12`, `a{99999999999}`} {
		var syntax *SyntaxError
		if _, err := Search(expr, budget()); !errors.As(err, &syntax) {
			t.Errorf("%.20s: %v", expr, err)
		}
	}
	for _, expr := range []string{`(a|b)*a(a|b){40}`, `((a{100}){100}){100}`, `(x+x+)+y{65000}{65000}`[:16] + `.{60000}.{60000}.{60000}`} {
		var limit *LimitError
		if _, err := Search(expr, budget()); !errors.As(err, &limit) {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

func dec(t *testing.T, s string) Decimal {
	d, ok := ParseDecimal(s)
	if !ok {
		t.Fatal(s)
	}
	return d
}

// TestNumbers tries bounds against arithmetic.
func TestNumbers(t *testing.T) {
	bounds := []string{"", "0", "1", "-10", "-0.5", "0.05", "12.34", "99.5"}
	values := []string{"0", "0.0", "1", "-1", "9", "9.99", "10", "10.0", "10.01", "-10", "-10.5", "0.5", "0.50", "0.49", "0.51", "-0.5", "-0.6", "0.04", "0.05", "0.051",
		"12.34", "12.340", "12.3", "12.35", "12.339", "-12.34", "-12.35", "100", "101", "1000", "99", "99.5", "99.49", "3.14159", "3.1416", "3.1", "-7", "-8", "-6.9", "2"}
	for _, lo := range bounds {
		for _, hi := range bounds {
			for open := range 4 {
				r := Range{OpenMin: open&1 != 0, OpenMax: open&2 != 0}
				if lo != "" {
					d := dec(t, lo)
					r.Min = &d
				}
				if hi != "" {
					d := dec(t, hi)
					r.Max = &d
				}
				d, err := Numbers(r, budget())
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range values {
					x := dec(t, v)
					want := true
					if r.Min != nil {
						want = want && (x.Cmp(*r.Min) > 0 || !r.OpenMin && x.Cmp(*r.Min) == 0)
					}
					if r.Max != nil {
						want = want && (x.Cmp(*r.Max) < 0 || !r.OpenMax && x.Cmp(*r.Max) == 0)
					}
					if got := d.Match(v); got != want {
						t.Fatalf("%s in %s..%s (open %d): %v, want %v", v, lo, hi, open, got, want)
					}
				}
			}
		}
	}
}

func TestMultiples(t *testing.T) {
	for _, m := range []string{"1", "2", "3", "7", "10", "0.5", "0.01", "2.5", "0.125", "1e-4", "1e2"} {
		d, err := Numbers(Range{Multiples: []Decimal{dec(t, m)}}, budget())
		if err != nil {
			t.Fatal(err)
		}
		step := dec(t, m).rat()
		for _, v := range []string{"0", "1", "2", "6", "21", "100", "-100", "0.5", "0.50", "1.25", "2.5", "7.5", "0.01", "0.015", "0.3750", "0.0001", "0.00011", "1234567", "-49"} {
			q := dec(t, v).rat()
			q.Quo(q, step)
			if got := d.Match(v); got != q.IsInt() {
				t.Errorf("%s a multiple of %s: %v", v, m, got)
			}
		}
	}
}

func TestCombine(t *testing.T) {
	a, _ := Search(`^a*b?$`, budget())
	b, _ := Length(2, 3, budget())
	words, _ := Words([]string{"aab", "ab", "", "x", "xé"}, budget())
	both, _ := Intersect(a, b, budget())
	less, _ := Minus(both, words, budget())
	either, _ := Union(less, words, budget())
	for text, want := range map[string][3]bool{"aa": {true, true, true}, "ab": {true, false, true}, "aaa": {true, true, true}, "aab": {true, false, true},
		"a": {}, "x": {false, false, true}, "xé": {false, false, true}, "": {false, false, true}, "b": {}} {
		if got := [3]bool{both.Match(text), less.Match(text), either.Match(text)}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if none, _ := Minus(a, Any(), budget()); !none.Empty() {
		t.Error("what is in no text is empty")
	}
}

// TestLive walks at random: every state must lead to acceptance.
func TestLive(t *testing.T) {
	d, err := Search(`^(ab|ac{3}|[d-f]+g)$`, budget())
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		s, text := uint32(0), ""
		for !d.Accepts(s) {
			e := d.Edges(s)
			if len(e) == 0 {
				t.Fatalf("%q is a dead end", text)
			}
			pick := e[rng.IntN(len(e))]
			s, text = pick.To, text+string(pick.Lo)
		}
		if !d.Match(text) {
			t.Fatalf("%q", text)
		}
	}
}

func ExampleNumbers() {
	lo, _ := ParseDecimal("0")
	hi, _ := ParseDecimal("255")
	octet, _ := Numbers(Range{Min: &lo, Max: &hi, Integer: true}, NewBudget(1e6))
	n := 0
	for i := range 1000 {
		if octet.Match(strconv.Itoa(i)) {
			n++
		}
	}
	fmt.Println(n)
	// Output: 256
}
