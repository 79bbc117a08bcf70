package harmony

import "fmt"

// EventKind says what an Event tells.
type EventKind uint8

const (
	MessageStart EventKind = iota + 1 // Message holds the header, no content yet
	TextDelta                         // Text is the next piece of the message's text
	MessageEnd                        // Message is complete, End says what ended it
)

// Event is one thing that a stream of tokens told. Deltas of a message, joined,
// are byte for byte its final text, and none ends within a code point.
type Event struct {
	Kind    EventKind
	Index   int     // of the message in Parser.Messages
	Message Message // of MessageStart and MessageEnd
	Text    string  // of TextDelta, never empty
	End     Terminator
}

// Repair names what the parser had to make good.
type Repair string

const (
	RepairStray          Repair = "text between messages"             // dropped, kept here
	RepairTerminator     Repair = "terminator without a message"      //
	RepairDoubledStart   Repair = "start token in a header"           //
	RepairNoStart        Repair = "message without a start token"     // taken as the assistant's
	RepairNoEnd          Repair = "message without an end"            // another one began
	RepairNoRole         Repair = "header without a role"             // taken as the assistant's
	RepairNoMessageToken Repair = "message token missing"             // the rest of the header is the text
	RepairCutHeader      Repair = "header cut off"                    // dropped, kept here
	RepairTwoChannels    Repair = "more than one channel"             // the last one counts
	RepairChannel        Repair = "unknown channel"                   // the nearest one was taken
	RepairTwoRecipients  Repair = "more than one recipient"           // the first that is no role counts
	RepairRecipient      Repair = "recipient not written as declared" // prefix added or glued type cut off
	RepairHeaderWords    Repair = "unexpected words in a header"      // dropped, kept here
	RepairControlText    Repair = "control token inside text"         // its spelling is in the text
	RepairUndecodable    Repair = "token that stands for no text"     // U+FFFD is in the text
)

// Warning tells of one repair.
type Warning struct {
	Repair  Repair
	Token   int    // how many tokens had been pushed, the offending one included
	Message int    // index of the message it belongs to, or would
	Text    string // what was there: all that is not in a message, word for word
}

func (w Warning) String() string {
	return fmt.Sprintf("message %d, token %d: %s: %q", w.Message, w.Token, w.Repair, w.Text)
}
