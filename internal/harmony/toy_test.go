package harmony

import "strings"

// toyVocabulary has a token per byte, a few words, and the special tokens: small,
// so that random ids meet the special ones often.
type toyVocabulary struct {
	words    []string // ids from 256
	specials []string // ids after the words
}

func newToy() *toyVocabulary {
	return &toyVocabulary{
		words: []string{"assistant", "user", "system", "developer", "functions", " to=", "to=", "analysis", "commentary", "comment", "final", "json", " json", " code",
			"assistant", " to=functions.", "get_weather", "python", " hello", "\n", "{\"a\":1}", " \xf0\x9f", "\x92\x96", "é"},
		specials: []string{"<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|return|>", "<|call|>", "<|endoftext|>", "<|reserved_1|>"},
	}
}

func (v *toyVocabulary) size() uint32 { return uint32(256 + len(v.words) + len(v.specials)) }

func (v *toyVocabulary) Encode(dst []uint32, text string) []uint32 {
	for i := range len(text) {
		dst = append(dst, uint32(text[i]))
	}
	return dst
}

func (v *toyVocabulary) Special(name string) (uint32, bool) {
	for i, s := range v.specials {
		if s == name {
			return uint32(256 + len(v.words) + i), true
		}
	}
	return 0, false
}

func (v *toyVocabulary) Bytes(id uint32) ([]byte, bool) {
	switch n := int(id) - 256; {
	case id < 256:
		return []byte{byte(id)}, true
	case id >= v.size():
		return nil, false
	case n < len(v.words):
		return []byte(v.words[n]), true
	default:
		return []byte(v.specials[n-len(v.words)]), true
	}
}

// isSpecial tells whether the id is a special token.
func (v *toyVocabulary) isSpecial(id uint32) bool {
	return id >= uint32(256+len(v.words)) && id < v.size()
}

// encodeSpelled encodes text in which special tokens are spelled out.
func encodeSpelled(v Vocabulary, specials []string, text string) []uint32 {
	var out []uint32
	for text != "" {
		at, name := len(text), ""
		for _, s := range specials {
			if i := strings.Index(text, s); i >= 0 && i < at {
				at, name = i, s
			}
		}
		if at > 0 {
			out = v.Encode(out, text[:at])
		}
		if name != "" {
			id, _ := v.Special(name)
			out = append(out, id)
		}
		text = text[at+len(name):]
	}
	return out
}
