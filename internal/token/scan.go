package token

// next is the end of the piece that starts at s[i]. It is the o200k rule, a
// regular expression with seven branches, by hand:
//
//	1  [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//	2  [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//	3  \p{N}{1,3}
//	4   ?[^\s\p{L}\p{N}]+[\r\n/]*
//	5  \s*[\r\n]+
//	6  \s+(?!\S)
//	7  \s+
//
// The classes are disjoint enough that the first character decides which
// branches can match. Every character is looked at a bounded number of times.
func (c classes) next(s string, i int) int {
	first, n := c.at(s, i)
	j := i + n
	switch first {
	case upper, lower, caseless:
		end, _ := c.word(s, i)
		return end
	case number:
		for range 2 {
			if j == len(s) {
				break
			}
			k, n := c.at(s, j)
			if k != number {
				break
			}
			j += n
		}
		return j
	case newline:
		return c.blank(s, i)
	}
	// A space, symbol or mark may lead a word (branches 1 and 2).
	end, kind := c.word(s, j)
	if first == mark {
		if kind != cased {
			// Branch 1 without a lead comes before branch 2 with one: the mark is a word.
			end, _ = c.word(s, i)
		}
		return end
	}
	switch {
	case kind != none:
		return end
	case first == symbol:
		return c.symbols(s, j)
	case s[i] == ' ' && j < len(s):
		if k, n := c.at(s, j); k == symbol {
			return c.symbols(s, j+n)
		}
	}
	return c.blank(s, i)
}

// What word found.
const (
	none  = iota // no word starts here
	caps         // capitals only: branch 2
	cased        // a word with something of the second letter set: branch 1
)

// word matches branch 1 or 2, less the lead, at s[i]: a run of the first letter set,
// then a run of the second, then perhaps a contraction.
func (c classes) word(s string, i int) (end, kind int) {
	k := i
	last := i // after the last character of the first run that is in both sets
	for k < len(s) {
		ch, n := c.at(s, k)
		if ch == lower {
			for k += n; k < len(s); k += n {
				if ch, n = c.at(s, k); ch != lower && ch != caseless && ch != mark {
					break
				}
			}
			return contraction(s, k), cased
		}
		if ch != upper && ch != caseless && ch != mark {
			break
		}
		k += n
		if ch != upper {
			last = k
		}
	}
	switch {
	case last > i: // the first run gives back its end, up to where the second can match
		return contraction(s, last), cased
	case k > i:
		return contraction(s, k), caps
	}
	return i, none
}

// contraction is the end of an English contraction at s[i], or i. Letter case is
// Unicode's: the long s, U+017F, is an s.
func contraction(s string, i int) int {
	if len(s)-i < 2 || s[i] != '\'' {
		return i
	}
	var third byte
	if len(s)-i > 2 {
		third = s[i+2] | 0x20
	}
	switch s[i+1] {
	case 's', 'S', 't', 'T', 'm', 'M', 'd', 'D':
		return i + 2
	case 'r', 'R', 'v', 'V':
		if third == 'e' {
			return i + 3
		}
	case 'l', 'L':
		if third == 'l' {
			return i + 3
		}
	case 0xC5:
		if len(s)-i > 2 && s[i+2] == 0xBF {
			return i + 3
		}
	}
	return i
}

// symbols matches the rest of branch 4 at s[i], after its first symbol.
func (c classes) symbols(s string, i int) int {
	for i < len(s) {
		k, n := c.at(s, i)
		if k != symbol && k != mark {
			break
		}
		i += n
	}
	for i < len(s) && (s[i] == '\r' || s[i] == '\n' || s[i] == '/') {
		i++
	}
	return i
}

// blank matches branches 5 to 7 at s[i]: through the last line break of the run of
// white space, else all of it but the last character when something follows.
func (c classes) blank(s string, i int) int {
	end, final, lines := i, i, i
	for end < len(s) {
		k, n := c.at(s, end)
		if k != space && k != newline {
			break
		}
		final = end
		end += n
		if k == newline {
			lines = end
		}
	}
	switch {
	case lines > i:
		return lines
	case end < len(s) && final > i:
		return final
	}
	return end
}
