package harmony

import "strings"

// Within a header's text two bytes that no UTF-8 text contains stand for the two
// control tokens, so that text which spells them out cannot be taken for them.
const (
	channelMark   = 0xff
	constrainMark = 0xfe
)

// spell writes the marks as the tokens are spelled.
func spell(raw string) string {
	raw = strings.ReplaceAll(raw, "\xff", "<|channel|>")
	return strings.ReplaceAll(raw, "\xfe", "<|constrain|>")
}

// headerText collects a header and reads it.
type headerText struct {
	raw      []byte
	assemble assembler
	implied  bool    // there was no start token
	message  Message // what the header says, once read
}

func (h *headerText) push(b []byte) { h.raw = h.assemble.push(h.raw, b) }
func (h *headerText) mark(b byte)   { h.raw = append(h.assemble.flush(h.raw), b) }
func (h *headerText) replace()      { h.raw = append(h.assemble.flush(h.raw), "\uFFFD"...) }

func (h *headerText) end() string {
	h.raw = h.assemble.flush(h.raw)
	return string(h.raw)
}

func (h *headerText) reset() {
	h.raw, h.implied, h.message = h.raw[:0], false, Message{}
}

// item is one word or mark of a header. start is its place in the raw text.
type item struct {
	mark  byte // channelMark, constrainMark, or 0 for a word
	word  string
	start int
}

// items splits at white space and around marks. A word that runs into to= is
// parted there when what stands before it is a role or a channel.
func items(raw string) []item {
	var out []item
	for i := 0; i < len(raw); {
		if c := raw[i]; c == channelMark || c == constrainMark {
			out = append(out, item{mark: c, start: i})
			i++
			continue
		}
		n := 0
		for i+n < len(raw) && !isSpace(raw[i+n]) && raw[i+n] != channelMark && raw[i+n] != constrainMark {
			n++
		}
		if n == 0 {
			i++
			continue
		}
		word := raw[i : i+n]
		if at := strings.Index(word, "to="); at > 0 && (Role(word[:at]).known() || isChannel(word[:at])) {
			out = append(out, item{word: word[:at], start: i})
			word, i, n = word[at:], i+at, n-at
		}
		out = append(out, item{word: word, start: i})
		i += n
	}
	return out
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isChannel(s string) bool {
	return s == ChannelAnalysis || s == ChannelCommentary || s == ChannelFinal
}

// nearestChannel finds the channel that a misspelt word means.
func nearestChannel(word string) (string, bool) {
	letters := strings.TrimLeftFunc(strings.ToLower(word), func(r rune) bool { return r < 'a' || r > 'z' })
	for _, c := range []string{ChannelAnalysis, ChannelCommentary, ChannelFinal} {
		if strings.HasPrefix(letters, c) || len(letters) >= 3 && strings.HasPrefix(c, letters) {
			return c, true
		}
	}
	return "", false
}
