package bench

import (
	_ "embed" // the prose
	"math/rand/v2"
)

//go:embed prose.txt
var prose string

// Prose is some English and French, written for this purpose.
func Prose() string { return prose }

// Text is what settings are compared on.
type Text struct {
	What  string // "prose" or "random ids"
	IDs   []uint32
	Vocab int

	steps []textStep
}

// textStep reads the ids before to that were not read yet, and keeps the last rows of logits.
type textStep struct{ to, rows int }

// maxLogits bounds the bytes of logits that are kept of one setting.
const maxLogits = 64 << 20

// stretches is into how many parts a text falls of which not every position can be kept.
const stretches = 8

// NewText takes at most most ids of a text, or as many random ones where the text has an id beyond the vocabulary
// (it has another one than the tokenizer). Where not all logits can be kept, those at the
// ends of equal stretches are.
func NewText(ids []uint32, vocab, most int, seed uint64) *Text {
	t := &Text{What: "prose", IDs: ids, Vocab: vocab}
	for _, id := range ids {
		if uint64(id) >= uint64(vocab) {
			t.What = "random ids"
		}
	}
	t.IDs = t.IDs[:min(len(ids), most)]
	if t.What != "prose" || len(ids) == 0 {
		t.What, t.IDs = "random ids", make([]uint32, most)
		draw := rand.New(rand.NewPCG(seed, 0))
		for i := range t.IDs {
			t.IDs[i] = draw.Uint32N(uint32(vocab))
		}
	}
	n, rows := len(t.IDs), min(len(t.IDs), max(maxLogits/(4*vocab), 1))
	parts := min(stretches, rows)
	for i := range parts {
		// Sums of parts, so that they come out as n and rows in the end.
		to, before := n*(i+1)/parts, n*i/parts
		keep := rows*(i+1)/parts - rows*i/parts
		t.steps = append(t.steps, textStep{to, min(keep, to-before)})
	}
	return t
}

// Positions is how many rows of logits are kept.
func (t *Text) Positions() (n int) {
	for _, s := range t.steps {
		n += s.rows
	}
	return n
}
