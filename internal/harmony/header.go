package harmony

import (
	"slices"
	"strings"
)

// header is the state of reading one header.
type header struct {
	m          Message
	typed      bool // the content type is known
	channels   int
	recipients []string
	words      []string // not yet explained
	repairs    []Repair
}

// author reads who speaks and returns the items left.
func (h *header) author(in []item, given Role, implied bool) []item {
	h.m.Role = Assistant
	if given != "" {
		h.m.Role = given
		if len(in) > 0 && in[0].word == string(given) {
			in = in[1:]
		}
		return in
	}
	for ; len(in) > 0 && in[0].mark == 0 && !strings.HasPrefix(in[0].word, "to="); in = in[1:] {
		word := in[0].word
		role, name, colon := strings.Cut(word, ":")
		switch {
		case Role(role).known() && Role(role) != Tool:
			h.m.Role, h.m.Name = Role(role), name
			if colon && name == "" {
				h.repairs = append(h.repairs, RepairHeaderWords)
			}
			return in[1:]
		case !implied:
			h.m.Role, h.m.Name = Tool, word
			return in[1:]
		}
		h.repairs = append(h.repairs, RepairHeaderWords) // stray words before a message without a start
	}
	if !implied {
		h.repairs = append(h.repairs, RepairNoRole)
	}
	return in
}

// part reads a channel, a recipient or a constrained type from the front of in and
// returns how many items it took, 0 when the word is none of them.
func (h *header) part(in []item) int {
	next := ""
	if len(in) > 1 && in[1].mark == 0 {
		next = in[1].word
	}
	switch {
	case in[0].mark == channelMark:
		if h.channels++; h.channels > 1 {
			h.repairs = append(h.repairs, RepairTwoChannels)
		}
		if next == "" || strings.HasPrefix(next, "to=") {
			h.repairs = append(h.repairs, RepairChannel)
			return 1
		}
		h.m.Channel = next
		return 2
	case in[0].mark == constrainMark:
		if h.m.Constrain || h.typed {
			h.repairs = append(h.repairs, RepairHeaderWords)
		}
		h.m.Constrain, h.typed = true, true
		if next == "" || strings.HasPrefix(next, "to=") {
			return 1
		}
		h.m.ContentType = next
		return 2
	}
	to, ok := strings.CutPrefix(in[0].word, "to=")
	switch {
	case !ok:
		return 0
	case to == "" && next != "": // a space after the equals sign
		h.recipients = append(h.recipients, next)
		h.repairs = append(h.repairs, RepairRecipient)
		return 2
	case to == "":
		h.repairs = append(h.repairs, RepairRecipient)
	default:
		h.recipients = append(h.recipients, to)
	}
	return 1
}

// parse reads a header that a message token ended.
func (t *headerText) parse(given Role, opt ParserOptions, warn func(Repair, string)) {
	raw := t.end()
	h := &header{}
	in := h.author(items(raw), given, t.implied)
	for len(in) > 0 {
		n := h.part(in)
		if n == 0 {
			h.words = append(h.words, in[0].word)
			n = 1
		}
		in = in[n:]
	}
	h.explain(opt)
	h.settle(opt)
	slices.Sort(h.repairs)
	for _, r := range slices.Compact(h.repairs) {
		warn(r, spell(raw))
	}
	t.message = h.m
}

// parsePrefix reads what belongs to a header from the front of one that no message
// token ended. What is left is text. If cut, the tokens ended within the header:
// its last word may be half, and a call must not be made of it. ok says that there
// is a message: text, or a header that says more than who speaks.
func (t *headerText) parsePrefix(given Role, implied, cut bool, opt ParserOptions) (rest string, ok bool) {
	raw := t.end()
	h := &header{m: Message{Role: Assistant}}
	in := items(raw)
	if !implied {
		all := in
		in = h.author(all, given, false)
		if h.m.Role == Tool && given == "" && len(in) > 0 && in[0].mark == 0 && !strings.HasPrefix(in[0].word, "to=") {
			h.m, in = Message{Role: Assistant}, all // no tool speaks like this: plain text
		}
	}
	for len(in) > 0 {
		if in[0].mark == channelMark && len(in) > 1 && in[1].mark == 0 && h.m.Role == Assistant {
			if _, known := nearestChannel(in[1].word); !known && !slices.Contains(opt.Channels, in[1].word) {
				in = in[1:] // text begins where the channel should be named
				if cut && len(in) == 1 {
					in = nil // or half its name
				}
				break
			}
		}
		n := h.part(in)
		if n == 0 && len(h.recipients) > 0 && !h.typed && (in[0].word == "json" || in[0].word == "code") {
			h.m.ContentType, h.typed, n = in[0].word, true, 1
		}
		if n == 0 {
			break
		}
		ok = true
		if in[0].mark == constrainMark && n == 2 { // the type ends where its letters do: json{"a":1}
			end := strings.IndexFunc(h.m.ContentType, func(r rune) bool { return r < 'A' || r > 'Z' && r < 'a' || r > 'z' })
			if end >= 0 {
				h.m.ContentType = h.m.ContentType[:end]
				in = in[1:]
				in[0].start += end
				break
			}
		}
		in = in[n:]
	}
	h.settle(opt)
	t.message = h.m
	if len(in) > 0 {
		rest = strings.TrimSpace(spell(raw[in[0].start:]))
	}
	if cut && (rest == "" || len(h.recipients) > 0 || strings.HasPrefix("to=", rest)) {
		return "", false
	}
	return rest, ok || rest != ""
}
