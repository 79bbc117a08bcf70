package token

import (
	"errors"
	"fmt"
	"strings"
)

// Lists is a vocabulary as other containers than a tokenizer.json hold it: token i has id
// i, and merges come in order.
type Lists struct {
	Tokens []string                 // in the byte-level alphabet, specials as they are spelled
	Kinds  []int32                  // of each: what it is; empty where the container does not say
	Rule   string                   // the name of the splitting rule: "gpt-4o" is o200k's
	Merges func() ([]string, error) // "a b" each; asked for only if needed
}

// The kinds of Lists, by llama.cpp's numbers; 1 is ordinary.
const (
	kindControl = 3
	kindOwn     = 4 // added by its maker, and cut out of text
	kindUnused  = 5
)

// FromLists is the vocabulary of lists. Where they agree with the built-in one of the gpt-oss
// models, which reads nothing but the tokens, it is that one. Ids that the lists leave
// unused, or whose spelling is of no consequence because gpt-oss reserves them, may differ.
func FromLists(l Lists) (*Tokenizer, error) {
	t, err := fromLists(&l)
	var e *Error
	if errors.As(err, &e) {
		e.File, e.Remedy = "the vocabulary in the metadata", "put the model in a folder with the tokenizer.json that belongs to it, or use a file with gpt-oss's own vocabulary"
	}
	return t, err
}

func fromLists(l *Lists) (*Tokenizer, error) {
	if len(l.Kinds) != 0 && len(l.Kinds) != len(l.Tokens) {
		return nil, damaged("token types", "%d for %d tokens", len(l.Kinds), len(l.Tokens))
	}
	alpha := newAlphabet()
	if len(l.Tokens) >= o200kTokens {
		t, err := O200kHarmony()
		if err != nil {
			return nil, err
		}
		if l.agree(t, alpha) {
			return t, nil
		}
	}
	if l.Rule != "gpt-4o" {
		return nil, unsupported("splitting rule", "%.100q instead of \"gpt-4o\"", l.Rule)
	}
	if len(l.Tokens) > maxIDs {
		return nil, unsupported("tokens", "%d, more than %d", len(l.Tokens), maxIDs)
	}
	t := &Tokenizer{whole: true, classes: newClasses(), specials: map[string]uint32{}, names: map[uint32]string{}}
	var added []addedToken
	var ordinary []entry
	for i, text := range l.Tokens {
		id := uint32(i)
		switch l.kind(i) {
		case kindUnused:
		case kindControl, kindOwn:
			added = append(added, addedToken{ID: &id, Content: text, Special: true})
		default:
			ordinary = append(ordinary, entry{text, id})
		}
	}
	if len(added) > maxAdded {
		return nil, unsupported("token types", "%d special tokens, more than %d", len(added), maxAdded)
	}
	if err := t.addSpecials(added); err != nil {
		return nil, err
	}
	if err := t.addVocab(ordinary, alpha); err != nil {
		return nil, err
	}
	spelled, err := l.Merges()
	if err != nil {
		return nil, err
	}
	merges := make([][2]string, len(spelled))
	for i, s := range spelled {
		if merges[i], err = halves(s, i); err != nil {
			return nil, err
		}
	}
	if err := t.addMerges(merges, alpha); err != nil {
		return nil, err
	}
	t.index()
	return t, nil
}

func (l *Lists) kind(i int) int32 {
	if len(l.Kinds) == 0 {
		return 1
	}
	return l.Kinds[i]
}

// agree compares with a vocabulary, but for the names that it reserves.
func (l *Lists) agree(t *Tokenizer, alpha alphabet) bool {
	var buf []byte
	for id, want := uint32(0), ""; int(id) < t.Size() && int(id) < len(l.Tokens); id++ {
		text := l.Tokens[id]
		if want = t.SpecialName(id); want != "" {
			if text != want && !(id == 200018 && text == "<|endofprompt|>") && !strings.HasPrefix(want, "<|reserved_") {
				return false
			}
			continue
		}
		var ok bool
		if buf, ok = alpha.decode(buf[:0], text); !ok || string(buf) != t.vocab.spelling(id) {
			return false
		}
	}
	return true
}

// halves are the two tokens of a merge.
func halves(s string, i int) (m [2]string, err error) {
	m[0], m[1], _ = strings.Cut(s, " ")
	if m[0] == "" || m[1] == "" {
		return m, damaged(fmt.Sprintf("merges[%d]", i), "not two tokens")
	}
	return m, nil
}
