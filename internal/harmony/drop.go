package harmony

// dropped returns which messages a rule leaves out.
func dropped(msgs []Message, rule Drop) func(int) bool {
	switch rule {
	case DropLibrary:
		return droppedByLibrary(msgs)
	case DropCookbook:
		return droppedByCookbook(msgs)
	}
	return func(int) bool { return false }
}

// droppedByLibrary follows openai/harmony src/encoding.rs, render_conversation_into.
func droppedByLibrary(msgs []Message) func(int) bool {
	ended := false
	for _, m := range msgs {
		if m.Role == Assistant {
			ended = m.Channel == ChannelFinal
		}
	}
	first := -1
	for i, m := range msgs {
		if m.Channel == ChannelFinal {
			first = i
			break
		}
	}
	return func(i int) bool { return ended && i < first && msgs[i].Channel == ChannelAnalysis }
}

// droppedByCookbook leaves out what was reasoned before the last answer: analysis
// messages, calls made on the analysis channel, and the results of those calls.
func droppedByCookbook(msgs []Message) func(int) bool {
	last := -1
	for i, m := range msgs {
		if m.IsFinal() {
			last = i
		}
	}
	drop := make([]bool, max(last, 0))
	caller := "" // recipient of a dropped call whose result may follow
	for i := range drop {
		m := msgs[i]
		switch {
		case m.Channel == ChannelAnalysis:
			drop[i] = true
			if m.IsCall() {
				caller = m.Recipient
			}
		case m.Role == Tool && m.Channel == "" && m.Name == caller:
			drop[i] = true
		case m.Role != Tool:
			caller = ""
		}
	}
	return func(i int) bool { return i < len(drop) && drop[i] }
}
