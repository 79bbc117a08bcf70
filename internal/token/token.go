package token

import (
	"slices"
	"strings"
)

// Tokenizer is one vocabulary. It is immutable and safe for concurrent use.
type Tokenizer struct {
	vocab   vocab
	pairs   *pairs // nil: any two tokens merge that spell a third, lowest id first
	bytes   [256]uint32
	whole   bool // a piece that is a token is that token, without merging
	classes classes

	specials map[string]uint32
	names    map[uint32]string
	prefix   string // of every special's spelling
	lengths  []int  // of the specials' spellings, longest first, without repeats
}

// index prepares the search for specials, when specials and names are complete.
func (t *Tokenizer) index() {
	first := true
	for name := range t.specials {
		if first {
			t.prefix, first = name, false
		}
		for !strings.HasPrefix(name, t.prefix) {
			t.prefix = t.prefix[:len(t.prefix)-1]
		}
		if !slices.Contains(t.lengths, len(name)) {
			t.lengths = append(t.lengths, len(name))
		}
	}
	slices.Sort(t.lengths)
	slices.Reverse(t.lengths)
}

// Encode appends the ids of text. It never yields a special token: their spellings
// are text like any other.
func (t *Tokenizer) Encode(dst []uint32, text string) []uint32 {
	for i := 0; i < len(text); {
		end := t.classes.next(text, i)
		piece := text[i:end]
		i = end
		if t.whole || len(piece) == 1 {
			if id, ok := t.vocab.lookup(piece); ok {
				dst = append(dst, id)
				continue
			}
		}
		dst = t.merge(dst, piece)
	}
	return dst
}

// EncodeSpecial appends the ids of text in which special tokens may be spelled out:
// where an allowed one is, leftmost and longest first, it becomes its id. Any other
// text is encoded as by Encode. A nil allowed allows all. Use it only for text that
// no user, tool or model wrote.
func (t *Tokenizer) EncodeSpecial(dst []uint32, text string, allowed func(name string) bool) []uint32 {
	from := 0
	for i := 0; i < len(text); {
		name, id := t.specialAt(text[i:], allowed)
		if name == "" {
			i++
			continue
		}
		dst = append(t.Encode(dst, text[from:i]), id)
		i += len(name)
		from = i
	}
	return t.Encode(dst, text[from:])
}

// specialAt is the longest allowed special at the start of text, or "".
func (t *Tokenizer) specialAt(text string, allowed func(name string) bool) (string, uint32) {
	if !strings.HasPrefix(text, t.prefix) {
		return "", 0
	}
	for _, n := range t.lengths {
		if n > len(text) {
			continue
		}
		if id, ok := t.specials[text[:n]]; ok && (allowed == nil || allowed(text[:n])) {
			return text[:n], id
		}
	}
	return "", 0
}

// Bytes is the bytes of a token, for a special one its spelling. The caller must not
// modify them. It is false for an id that is no token.
func (t *Tokenizer) Bytes(id uint32) ([]byte, bool) {
	if int(id) >= t.vocab.size() {
		return nil, false
	}
	from, to := t.vocab.off[id], t.vocab.off[id+1]
	return t.vocab.arena[from:to:to], from < to
}

// Special is the id of the special token spelled name, such as "<|start|>".
func (t *Tokenizer) Special(name string) (uint32, bool) {
	id, ok := t.specials[name]
	return id, ok
}

// IsSpecial reports whether id is a special token.
func (t *Tokenizer) IsSpecial(id uint32) bool {
	_, ok := t.names[id]
	return ok
}

// SpecialName is the spelling of a special token, or "".
func (t *Tokenizer) SpecialName(id uint32) string { return t.names[id] }

// Size is one past the highest defined id.
func (t *Tokenizer) Size() int { return t.vocab.size() }
