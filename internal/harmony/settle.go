package harmony

import (
	"slices"
	"strings"
)

// looksLikeTool tells bare recipients from content types and from prose: a role, a
// tool on offer, python, or words joined by dots as in browser.search.
func looksLikeTool(word string, opt ParserOptions) bool {
	if word == "python" || Role(word).known() || slices.Contains(opt.Recipients, word) ||
		slices.Contains(opt.Recipients, FunctionsNamespace+"."+word) {
		return true
	}
	parts := strings.Split(word, ".")
	return len(parts) > 1 && !slices.ContainsFunc(parts, func(s string) bool {
		return s == "" || s[0] >= '0' && s[0] <= '9' || strings.ContainsFunc(s, func(r rune) bool {
			return !(r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
		})
	})
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
	if full, kind, ok := declared(h.m.Recipient, opt.Recipients); ok && h.m.Role == Assistant {
		h.m.Recipient = full
		if kind != "" && h.m.ContentType == "" {
			h.m.ContentType = kind
		}
		h.repairs = append(h.repairs, RepairRecipient)
	}
	if h.m.Role != Assistant || h.m.Channel == "" || isChannel(h.m.Channel) || slices.Contains(opt.Channels, h.m.Channel) {
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
