package regular

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits is how many digits a written number has at most on each side of the point.
// With two digits of exponent it stays within what a float64 can hold.
const maxDigits = 100

// Decimal is an exact number: Digits, which begin and end with no zero, behind a point
// that is moved right by Exp. Zero has no digits.
type Decimal struct {
	Neg    bool
	Digits string
	Exp    int
}

// ParseDecimal reads a JSON number; false when its exponent is out of all measure.
func ParseDecimal(s string) (Decimal, bool) {
	var d Decimal
	s, d.Neg = strings.CutPrefix(s, "-")
	mantissa, exp, _ := strings.Cut(strings.ToLower(s), "e")
	e := 0
	if exp != "" {
		var err error
		if e, err = strconv.Atoi(strings.TrimPrefix(exp, "+")); err != nil || e > 1000 || e < -1000 {
			return d, false
		}
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(whole+frac, "0")
	d.Exp = e + len(whole) - (len(whole+frac) - len(all))
	d.Digits = strings.TrimRight(all, "0")
	if d.Digits == "" {
		return Decimal{}, true
	}
	return d, true
}

// parts are the digits before and behind the point, the former without leading zeros.
func (d Decimal) parts() (whole, frac string) {
	switch n := len(d.Digits); {
	case n == 0:
	case d.Exp <= 0:
		frac = strings.Repeat("0", -d.Exp) + d.Digits
	case d.Exp >= n:
		whole = d.Digits + strings.Repeat("0", d.Exp-n)
	default:
		whole, frac = d.Digits[:d.Exp], d.Digits[d.Exp:]
	}
	return whole, frac
}

// IsInteger reports whether nothing is behind the point.
func (d Decimal) IsInteger() bool { return d.Exp >= len(d.Digits) }

// String is the number as this package's languages spell it: without an exponent.
func (d Decimal) String() string {
	whole, frac := d.parts()
	if whole == "" {
		whole = "0"
	}
	if frac != "" {
		whole += "." + frac
	}
	if d.Neg {
		return "-" + whole
	}
	return whole
}

// Cmp is negative, zero or positive as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int { return d.rat().Cmp(e.rat()) }

func (d Decimal) rat() *big.Rat {
	r, _ := new(big.Rat).SetString(d.String())
	return r
}

// Range is a condition on numbers. Nil bounds are none.
type Range struct {
	Min, Max  *Decimal
	OpenMin   bool // Min itself is out
	OpenMax   bool
	Multiples []Decimal // of all of these
	Except    []Decimal
	Integer   bool // nothing but integers
	Fraction  bool // nothing but numbers that are none
}

// Numbers is the language of the numbers within a range, in JSON's spelling. Integers
// have no point. Only numbers without any condition may have an exponent.
func Numbers(r Range, budget *Budget) (*DFA, error) {
	n := strconv.Itoa(maxDigits - 1)
	frac := `(\.[0-9]{1,` + strconv.Itoa(maxDigits) + `})?`
	bounded := r.Min != nil || r.Max != nil || len(r.Multiples) > 0 || len(r.Except) > 0
	var shape string
	switch {
	case r.Fraction:
		shape = `-?(0|[1-9][0-9]{0,` + n + `})\.[0-9]{0,` + n + `}[1-9]`
	case r.Integer:
		shape = `0|-?[1-9][0-9]{0,` + n + `}`
	case bounded:
		shape = `(0|[1-9][0-9]{0,` + n + `})` + frac + `|-([1-9][0-9]{0,` + n + `}` + frac + `|0\.0{0,98}[1-9][0-9]*)`
	default:
		shape = `-?(0|[1-9][0-9]{0,` + n + `})` + frac + `([eE][-+]?[0-9]{1,2})?`
	}
	out, err := Full(shape, Flags{}, budget)
	both := func(expr string) {
		if err != nil {
			return
		}
		var d *DFA
		if d, err = Full(expr, Flags{}, budget); err == nil {
			out, err = Intersect(out, d, budget)
		}
	}
	const all = `[0-9.]*`
	for _, b := range []*Decimal{r.Min, r.Max} {
		if b != nil && (len(b.Digits) > 2*maxDigits || b.Exp > maxDigits || b.Exp < -maxDigits) {
			return nil, &LimitError{fmt.Sprintf("the bound %s has too many digits", b)}
		}
	}
	if b := r.Min; b != nil {
		switch {
		case b.Neg:
			both(all + `|-(` + most(*b, r.OpenMin) + `)`)
		default:
			both(least(*b, r.OpenMin))
		}
	}
	if b := r.Max; b != nil {
		switch {
		case b.Neg:
			both(`-(` + least(*b, r.OpenMax) + `)`)
		default:
			both(`-` + all + `|` + most(*b, r.OpenMax))
		}
	}
	for _, m := range r.Multiples {
		if err != nil {
			break
		}
		var d *DFA
		if d, err = multiples(m, budget); err == nil {
			out, err = Intersect(out, d, budget)
		}
	}
	for _, x := range r.Except {
		if err != nil {
			break
		}
		zeros := `(\.0+)?`
		if !x.IsInteger() {
			zeros = `0*`
		}
		var d *DFA
		if d, err = Full(strings.ReplaceAll(x.String(), ".", `\.`)+zeros, Flags{}, budget); err == nil {
			out, err = Minus(out, d, budget)
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// most describes the digits of numbers from zero up to b's magnitude.
func most(b Decimal, open bool) string {
	const some = `(\.[0-9]+)?`
	whole, frac := b.parts()
	var alt []string
	if whole == "" {
		whole = "0"
	}
	if n := len(whole); n > 1 {
		alt = append(alt, fmt.Sprintf(`[0-9]{1,%d}`, n-1)+some)
	}
	for i, c := range whole {
		if c > '0' {
			alt = append(alt, fmt.Sprintf(`%s[0-%c][0-9]{%d}`, whole[:i], c-1, len(whole)-i-1)+some)
		}
	}
	for i, c := range frac {
		if c > '0' {
			alt = append(alt, fmt.Sprintf(`%s\.%s[0-%c][0-9]*`, whole, frac[:i], c-1))
		}
		if i > 0 {
			alt = append(alt, whole+`\.`+frac[:i]) // fewer digits: less
		}
	}
	switch {
	case frac != "":
		alt = append(alt, whole)
		if !open {
			alt = append(alt, whole+`\.`+frac+`0*`)
		}
	case !open:
		alt = append(alt, whole+`(\.0+)?`)
	}
	if len(alt) == 0 {
		return `[^\s\S]`
	}
	return strings.Join(alt, "|")
}

// least describes the digits of numbers from b's magnitude on.
func least(b Decimal, open bool) string {
	const some = `(\.[0-9]+)?`
	whole, frac := b.parts()
	if whole == "" {
		whole = "0"
	}
	alt := []string{fmt.Sprintf(`[1-9][0-9]{%d,}`, len(whole)) + some}
	for i, c := range whole {
		if c < '9' {
			alt = append(alt, fmt.Sprintf(`%s[%c-9][0-9]{%d}`, whole[:i], c+1, len(whole)-i-1)+some)
		}
	}
	for i, c := range frac {
		if c < '9' {
			alt = append(alt, fmt.Sprintf(`%s\.%s[%c-9][0-9]*`, whole, frac[:i], c+1))
		}
	}
	switch {
	case frac != "" && open:
		alt = append(alt, whole+`\.`+frac+`0*[1-9][0-9]*`)
	case frac != "":
		alt = append(alt, whole+`\.`+frac+`[0-9]*`)
	case open:
		alt = append(alt, whole+`\.0*[1-9][0-9]*`)
	default:
		alt = append(alt, whole+some)
	}
	return strings.Join(alt, "|")
}

// multiples describes the multiples of m without exponents. A state is the remainder of
// what has been read, and how many digits behind the point there are.
func multiples(m Decimal, budget *Budget) (*DFA, error) {
	_, frac := m.parts()
	k := len(frac)
	n, err := strconv.Atoi(strings.Replace(m.String(), ".", "", 1))
	if err != nil || m.Neg || n == 0 || n > maxWords/(k+3) {
		return nil, &LimitError{fmt.Sprintf("multiples of %s take too many states", m)}
	}
	if err := budget.Spend(12 * n * (k + 2)); err != nil {
		return nil, err
	}
	var b builder
	// State 0 is the start; then (digits behind the point, remainder); digits -1 is before the point, k+1 beyond what may differ from zero.
	at := func(digits, rem int) uint32 { return uint32(1 + (digits+1)*n + rem) }
	b.add(false)
	for digits := -1; digits <= k+1; digits++ {
		for rem := range n {
			scaled := rem
			for i := max(digits, 0); i < k; i++ {
				scaled = scaled * 10 % n
			}
			b.add(scaled == 0 && digits != 0)
		}
	}
	digit := func(from uint32, c, digits, rem int) {
		b.edge(from, Edge{rune('0' + c), rune('0' + c), at(digits, rem)})
	}
	b.edge(0, Edge{'-', '-', 0})
	for c := range 10 {
		digit(0, c, -1, c%n)
	}
	for rem := range n {
		b.edge(at(-1, rem), Edge{'.', '.', at(0, rem)})
		for digits := -1; digits <= k+1; digits++ {
			for c := range 10 {
				switch {
				case digits < 0:
					digit(at(-1, rem), c, -1, (rem*10+c)%n)
				case digits < k:
					digit(at(digits, rem), c, digits+1, (rem*10+c)%n)
				case c == 0:
					digit(at(digits, rem), c, k+1, rem)
				}
			}
		}
	}
	return b.finish(), nil
}
