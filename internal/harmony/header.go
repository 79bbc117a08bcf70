package harmony

import (
	"slices"
	"strings"
)

// Within a header's text two bytes that no UTF-8 text contains stand for the two
// control tokens, so that text which spells them out cannot be taken for them.
const (
	channelMark   = 0xff
	constrainMark = 0xfe
)

// spell writes the marks as the tokens are spelled.
func spell(raw string) string {
	return strings.NewReplacer("\xff", "<|channel|>", "\xfe", "<|constrain|>").Replace(raw)
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
		role, name, _ := strings.Cut(word, ":")
		switch {
		case Role(role).known() && Role(role) != Tool:
			h.m.Role, h.m.Name = Role(role), name
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

// looksLikeTool tells bare recipients from content types.
func looksLikeTool(word string, opt ParserOptions) bool {
	return word == "python" || strings.Contains(word, ".") && !strings.Contains(word, "/") || slices.Contains(opt.Recipients, word) ||
		slices.Contains(opt.Recipients, FunctionsNamespace+"."+word) || Role(word).known()
}

// explain gives the words that are left a meaning: a content type last, before it a
// recipient that lacks its to=.
func (h *header) explain(opt ParserOptions) {
	last := len(h.words) - 1
	if !h.typed && last >= 0 {
		w := h.words[last]
		bare := len(h.recipients) == 0 && looksLikeTool(w, opt)
		before := last == 0 || last == 1 && len(h.recipients) == 0 && looksLikeTool(h.words[0], opt)
		if !bare && (before || w == "json" || w == "code") {
			h.m.ContentType, h.typed = w, true
			h.words = h.words[:last]
			last--
		}
	}
	if last >= 0 && len(h.recipients) == 0 && looksLikeTool(h.words[last], opt) {
		h.recipients = append(h.recipients, h.words[last])
		h.repairs = append(h.repairs, RepairRecipient)
		h.words = h.words[:last]
	}
	if len(h.words) > 0 {
		h.repairs = append(h.repairs, RepairHeaderWords)
	}
}

// settle chooses among recipients and puts names right.
func (h *header) settle(opt ParserOptions) {
	for i, r := range h.recipients {
		if i > 0 {
			h.repairs = append(h.repairs, RepairTwoRecipients)
		}
		if i == 0 || Role(h.m.Recipient).known() {
			h.m.Recipient = r
		}
	}
	if h.m.Role == Assistant && h.channels > 1 && h.m.Recipient == string(Assistant) {
		h.m.Recipient = "" // the stray first part of two: commentary to=assistant
	}
	if full, kind, ok := declared(h.m.Recipient, opt.Recipients); ok {
		h.m.Recipient = full
		if kind != "" && h.m.ContentType == "" {
			h.m.ContentType = kind
		}
		h.repairs = append(h.repairs, RepairRecipient)
	}
	if h.m.Role != Assistant || h.m.Channel == "" || isChannel(h.m.Channel) {
		return
	}
	h.repairs = append(h.repairs, RepairChannel)
	if near, ok := nearestChannel(h.m.Channel); ok {
		h.m.Channel = near
	} else if h.m.IsCall() {
		h.m.Channel = ChannelCommentary
	} else {
		h.m.Channel = ChannelFinal
	}
}

// declared finds the tool on offer that a recipient means but does not spell.
func declared(r string, names []string) (full, kind string, ok bool) {
	if r == "" || slices.Contains(names, r) {
		return "", "", false
	}
	for _, kind := range []string{"", "json", "code"} {
		stem, cut := strings.CutSuffix(r, kind)
		if !cut || stem == "" {
			continue
		}
		for _, n := range []string{stem, FunctionsNamespace + "." + stem} {
			if slices.Contains(names, n) {
				return n, kind, true
			}
		}
	}
	return "", "", false
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
			if _, known := nearestChannel(in[1].word); !known {
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
