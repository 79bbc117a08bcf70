package token

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// spell is a token in the byte-level alphabet.
func spell(b []byte) string {
	a := newAlphabet()
	var s strings.Builder
	for _, c := range b {
		for r, v := range a {
			if v == uint16(c)+1 {
				s.WriteRune(rune(r))
			}
		}
	}
	return s.String()
}

// published is the vocabulary as converters write it: fillers where no token is defined.
func published(t *testing.T) Lists {
	t.Helper()
	tok, err := O200kHarmony()
	if err != nil {
		t.Fatal(err)
	}
	var glyph [256]rune
	for r, v := range newAlphabet() {
		if v != 0 {
			glyph[v-1] = rune(r)
		}
	}
	l := Lists{Rule: "gpt-4o", Merges: func() ([]string, error) { return nil, errors.New("the merges are not needed") }}
	var s []rune
	for id := range uint32(201088) {
		b, _ := tok.Bytes(id)
		kind := int32(1)
		s = s[:0]
		for _, c := range b {
			s = append(s, glyph[c])
		}
		text := string(s)
		if id >= 200019 {
			text, kind = fmt.Sprintf("[PAD%d]", id), kindUnused
		} else if name := tok.SpecialName(id); name != "" {
			text, kind = name, kindControl
		}
		l.Tokens, l.Kinds = append(l.Tokens, text), append(l.Kinds, kind)
	}
	return l
}

func TestFromListsKnowsTheBuiltIn(t *testing.T) {
	l := published(t)
	for _, rule := range []string{"gpt-4o", "default"} { // older files name the wrong rule
		l.Rule = rule
		tok, err := FromLists(l)
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := tok.Special("<|call|>"); !ok || id != 200012 || tok.Size() != harmonySize {
			t.Errorf("<|call|> is %d", id)
		}
	}
	l.Rule = "gpt-4o"
	l.Tokens[100], l.Tokens[101] = l.Tokens[101], l.Tokens[100]
	if _, err := FromLists(l); err == nil || !strings.Contains(err.Error(), "merges are not needed") {
		t.Errorf("another vocabulary is taken for the built-in one: %v", err)
	}
}

func TestFromListsBuilds(t *testing.T) {
	l := Lists{Rule: "gpt-4o"}
	for b := range 256 {
		l.Tokens, l.Kinds = append(l.Tokens, spell([]byte{byte(b)})), append(l.Kinds, 1)
	}
	l.Tokens = append(l.Tokens, "he", "ll", "hell", "<|end|>", "[PAD]")
	l.Kinds = append(l.Kinds, 1, 1, 1, kindControl, kindUnused)
	merges := []string{"h e", "l l", "he ll"}
	l.Merges = func() ([]string, error) { return merges, nil }
	tok, err := FromLists(l)
	if err != nil {
		t.Fatal(err)
	}
	if ids := tok.Encode(nil, "hello"); len(ids) != 2 || ids[0] != 258 || ids[1] != 'o' {
		t.Error(ids)
	}
	if id, ok := tok.Special("<|end|>"); !ok || id != 259 {
		t.Error(id)
	}
	for name, change := range map[string]func(l *Lists){
		"rule":        func(l *Lists) { l.Rule = "llama-bpe" },
		"kinds":       func(l *Lists) { l.Kinds = l.Kinds[1:] },
		"no byte":     func(l *Lists) { l.Kinds = append([]int32{kindUnused}, l.Kinds[1:]...) },
		"twice":       func(l *Lists) { l.Tokens = append([]string{"he"}, l.Tokens[1:]...) },
		"merge":       func(l *Lists) { l.Merges = func() ([]string, error) { return []string{"h x"}, nil } },
		"half merge":  func(l *Lists) { l.Merges = func() ([]string, error) { return []string{"h"}, nil } },
		"empty merge": func(l *Lists) { l.Merges = func() ([]string, error) { return []string{" h"}, nil } },
		"nothing":     func(l *Lists) { *l = Lists{Rule: "gpt-4o", Merges: l.Merges} },
	} {
		other := l
		change(&other)
		var typed *Error
		if _, err := FromLists(other); !errors.As(err, &typed) || typed.File == "" || strings.Contains(err.Error(), "tokenizer.json: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
