package grammar

import (
	"unicode/utf8"

	"ossian/internal/regular"
)

// terminal is a language that is read within a rule: an automaton over code points,
// spelled in UTF-8 or as a JSON string with its quotes, or any bytes at all.
type terminal struct {
	dfa      *regular.DFA
	text     bool
	anything bool
	some     bool // of anything: at least one byte

	// Of states of a text: how many characters may follow whatever they are, up to
	// wide, and a state that is the same to any token. Nil where no state has any.
	free  []uint8
	alike []uint32
	words []uint8 // how many letters and digits of ASCII may follow, whatever they are; nil as above
}

// wide is more characters than any token has.
const wide = 255

func newTerminal(d *regular.DFA, text bool) *terminal {
	t := &terminal{dfa: d, text: text}
	if text && !d.Empty() {
		t.classify()
		t.classifyWords()
	}
	return t
}

// classifyWords does for letters and digits what classify does for all characters, as
// patterns of names and identifiers want it.
func (t *terminal) classifyWords() {
	n := t.dfa.States()
	next := make([]uint32, n) // where each of them leads, plus one
	some := false
	for s := range next {
		to, same, _ := t.dfa.Across(uint32(s), '0', '9')
		for _, r := range [][2]rune{{'A', 'Z'}, {'a', 'z'}} {
			other, all, _ := t.dfa.Across(uint32(s), r[0], r[1])
			same = same && all && other == to
		}
		if _, _, beyond := t.dfa.Across(uint32(s), 0x80, utf8.MaxRune); same && !beyond { // there walkAll does better
			next[s], some = to+1, true
		}
	}
	if !some {
		return
	}
	t.words = make([]uint8, n)
	const fresh, open, done = 0, 1, 2
	mark := make([]uint8, n)
	var path []uint32
	for s := range next {
		path = path[:0]
		at := uint32(s)
		for mark[at] == fresh && next[at] != 0 {
			mark[at] = open
			path = append(path, at)
			at = next[at] - 1
		}
		length := t.words[at]
		if mark[at] == open { // the path ran into itself
			length = wide
		}
		for i := len(path) - 1; i >= 0; i-- {
			length = min(length, wide-1) + 1
			t.words[path[i]], mark[path[i]] = length, done
		}
	}
}

func (t *terminal) nullable() bool {
	if t.anything {
		return !t.some
	}
	return !t.text && t.dfa.Accepts(0)
}

// classify looks ahead from every state: along edges that all characters share.
func (t *terminal) classify() {
	n := t.dfa.States()
	next := make([]uint32, n) // where any character leads, plus one
	some := false
	for s := range next {
		if to, same, _ := t.dfa.Across(uint32(s), 0, utf8.MaxRune); same {
			next[s] = to + 1
			some = true
		}
	}
	if !some {
		return
	}
	t.free, t.alike = make([]uint8, n), make([]uint32, n)
	steady := make([]uint8, n) // how many of them accept, or do not, as the state does
	const fresh, open, done = 0, 1, 2
	mark := make([]uint8, n)
	var path []uint32
	for s := range next {
		path = path[:0]
		at := uint32(s)
		for mark[at] == fresh {
			mark[at] = open
			path = append(path, at)
			if next[at] == 0 {
				break
			}
			at = next[at] - 1
		}
		if len(path) > 0 && mark[at] == open && next[path[len(path)-1]] != 0 {
			t.circle(at, next, steady) // the path ran into itself
		}
		for i := len(path) - 1; i >= 0; i-- {
			p := path[i]
			if mark[p] == done {
				continue
			}
			mark[p] = done
			t.alike[p] = p
			if next[p] == 0 || t.free[p] == wide {
				continue
			}
			to := next[p] - 1
			t.free[p] = min(t.free[to], wide-1) + 1
			if t.dfa.Accepts(p) == t.dfa.Accepts(to) {
				steady[p] = min(steady[to], wide-1) + 1
			}
			if t.free[p] == wide && steady[p] == wide && t.free[to] == wide && steady[to] == wide {
				t.alike[p] = t.alike[to]
			}
		}
	}
}

// circle settles the states of a circle: they are free for ever, and steady if all of them
// accept or none does.
func (t *terminal) circle(at uint32, next []uint32, steady []uint8) {
	same := true
	for s := next[at] - 1; s != at; s = next[s] - 1 {
		same = same && t.dfa.Accepts(s) == t.dfa.Accepts(at)
	}
	for s := at; ; {
		t.free[s] = wide
		if same {
			steady[s] = wide
		}
		if s = next[s] - 1; s == at {
			return
		}
	}
}
