package harmony

// Parser reads tokens as they are generated. It is total: every sequence of ids,
// split anyhow, yields messages and warnings, and what is not in a message is in a
// warning. See Repair for what it makes good.
//
//	idle -- <|start|> --> header -- <|message|> --> content -- terminator --> idle
type Parser struct {
	e    *Encoding
	opt  ParserOptions
	role Role // of the header being read, when the prompt gave it

	state    state
	header   headerText
	text     []byte // of the open message
	assemble assembler

	messages []Message
	warnings []Warning
	events   []Event
	pushed   int
}

type state uint8

const (
	idle state = iota
	inHeader
	inContent
)

// ParserOptions tell the parser what it may expect.
type ParserOptions struct {
	// Recipients are the full names of the tools on offer. With them a recipient
	// without its namespace, or with a content type glued to it, is put right.
	Recipients []string
	// Channels are valid besides analysis, commentary and final. Others are repaired.
	Channels []string
}

// NewParser starts between two messages, or, with a role, inside a header whose
// role is already written: Assistant after RenderForCompletion.
func (e *Encoding) NewParser(role Role) *Parser { return e.NewParserWith(role, ParserOptions{}) }

// NewParserWith is NewParser with options.
func (e *Encoding) NewParserWith(role Role, opt ParserOptions) *Parser {
	p := &Parser{e: e, opt: opt, role: role}
	if role != "" {
		p.state = inHeader
	}
	return p
}

// Messages returns the complete messages so far; the parser keeps and extends the slice.
func (p *Parser) Messages() []Message { return p.messages }

// Warnings returns what has been repaired so far.
func (p *Parser) Warnings() []Warning { return p.warnings }

// Current returns the open message with its text so far. ok is false between
// messages and in headers.
func (p *Parser) Current() (m Message, ok bool) {
	if p.state != inContent {
		return Message{}, false
	}
	m = p.header.message
	m.Content = []Content{Text(p.text)}
	return m, true
}

// Push reads one token. The events are valid until the next call.
func (p *Parser) Push(id uint32) []Event {
	p.events = p.events[:0]
	p.pushed++
	end := p.e.terminator(id)
	switch p.state {
	case idle, inHeader:
		switch {
		case id == p.e.start:
			p.restart()
		case id == p.e.message:
			p.openHeader()
			p.endHeader()
		case end != TermNone:
			p.headerWithoutMessage(end, false)
		default:
			p.pushHeader(id)
		}
	case inContent:
		switch {
		case end != TermNone:
			p.endMessage(end)
		case id == p.e.start:
			p.warn(RepairNoEnd, "")
			p.endMessage(TermNone)
			p.state = inHeader
		case id == p.e.channel: // a new header without end, start and role
			p.warn(RepairNoEnd, "")
			role := p.header.message.Role
			p.endMessage(TermNone)
			if role == Assistant {
				p.role = Assistant
			}
			p.state = inHeader
			p.pushHeader(id)
		default:
			p.pushText(id)
		}
	}
	return p.events
}

// Close ends the tokens: an open message is complete, a header that was cut off is
// dropped with a warning. The parser is then between messages.
func (p *Parser) Close() []Event {
	p.events = p.events[:0]
	switch p.state {
	case inContent:
		p.endMessage(TermNone)
	case idle, inHeader:
		p.headerWithoutMessage(TermNone, true)
	}
	return p.events
}

func (p *Parser) warn(r Repair, text string) {
	p.warnings = append(p.warnings, Warning{Repair: r, Token: p.pushed, Message: len(p.messages), Text: text})
}

// openHeader leaves the idle state for a message whose start token is missing; the
// stray text before it becomes its header.
func (p *Parser) openHeader() {
	if p.state == idle {
		p.warn(RepairNoStart, "")
		p.state = inHeader
		p.header.implied = true
	}
}

func (p *Parser) pushHeader(id uint32) {
	b, ok := p.e.v.Bytes(id)
	switch {
	case id == p.e.channel:
		p.openHeader()
		p.header.mark(channelMark)
	case id == p.e.constrain:
		p.openHeader()
		p.header.mark(constrainMark)
	case !ok:
		p.warn(RepairUndecodable, "")
		p.header.replace()
	default:
		p.header.push(b)
	}
}

// restart handles a start token outside of content.
func (p *Parser) restart() {
	before := p.header.end()
	switch {
	case p.state == idle && before != "":
		p.warn(RepairStray, spell(before))
		p.header.reset()
	case p.state == inHeader && before == "":
		p.warn(RepairDoubledStart, "")
	case p.state == inHeader:
		p.warn(RepairDoubledStart, "")
		p.headerWithoutMessage(TermNone, true)
	}
	p.role = ""
	p.state = inHeader
}

// endHeader reads the header; text follows.
func (p *Parser) endHeader() {
	p.header.parse(p.role, p.opt, p.warn)
	p.role = ""
	p.state = inContent
	p.events = append(p.events, Event{Kind: MessageStart, Index: len(p.messages), Message: p.header.message})
}

// headerWithoutMessage handles a header that ends without a message token. If text
// is left after what belongs to a header, it is the message's text; so models
// refuse at times. cut says that the tokens ended, so the last word may be half.
func (p *Parser) headerWithoutMessage(end Terminator, cut bool) {
	raw := p.header.end()
	if p.state == idle && raw == "" {
		if end != TermNone && end != TermEndOfText {
			p.warn(RepairTerminator, end.String())
		}
		return
	}
	rest, ok := p.header.parsePrefix(p.role, p.state == idle, cut, p.opt)
	switch {
	case ok:
		p.warn(RepairNoMessageToken, spell(raw))
		p.events = append(p.events, Event{Kind: MessageStart, Index: len(p.messages), Message: p.header.message})
		p.delta([]byte(rest))
		p.endMessage(end)
	case raw != "" || p.role == "":
		p.warn(RepairCutHeader, spell(raw))
	case end != TermNone && end != TermEndOfText:
		p.warn(RepairTerminator, end.String())
	}
	p.header.reset()
	p.role, p.state = "", idle
}

func (p *Parser) pushText(id uint32) {
	b, ok := p.e.v.Bytes(id)
	switch {
	case !ok:
		p.warn(RepairUndecodable, "")
		p.delta(append(p.assemble.flush(nil), "\uFFFD"...))
		return
	case id == p.e.message || id == p.e.constrain:
		p.warn(RepairControlText, string(b))
		p.delta(append(p.assemble.flush(nil), b...))
		return
	}
	p.delta(p.assemble.push(nil, b))
}

func (p *Parser) delta(text []byte) {
	if len(text) == 0 {
		return
	}
	p.text = append(p.text, text...)
	p.events = append(p.events, Event{Kind: TextDelta, Index: len(p.messages), Text: string(text)})
}

func (p *Parser) endMessage(end Terminator) {
	p.delta(p.assemble.flush(nil))
	m := p.header.message
	m.Content = []Content{Text(p.text)}
	p.events = append(p.events, Event{Kind: MessageEnd, Index: len(p.messages), Message: m, End: end})
	p.messages = append(p.messages, m)
	p.text = p.text[:0]
	p.header.reset()
	p.role, p.state = "", idle
}
