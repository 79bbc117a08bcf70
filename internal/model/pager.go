package model

import "errors"

// Pager is a Backend whose sequences take room page by page and may share it. A page is kept as long
// as somebody holds it, is written to only by a sequence that holds it alone, and is never
// copied but where a sequence goes on in the middle of a shared one.
type Pager interface {
	Backend
	// Bytes is the memory that a sequence of n positions comes to when it shares nothing.
	Bytes(n int) int64
	// BlockBytes is the memory of a part of a block.
	BlockBytes(Part) int64
	// Bound sets the most bytes of keys and values that sequences may come to and blocks hold, all together.
	Bound(bytes int64)
	// Free is how many of them are neither taken nor promised to a sequence.
	Free() int64
	// Grow gives a sequence room for capacity positions in all.
	Grow(s Seq, capacity int) error
	// Keep holds a part of a sequence's block i, positions i*BlockTokens up to the next block's; those
	// that the sequence does not have yet are rubbish. It fails for a windowed part that is forgotten.
	Keep(s Seq, i int, p Part) (Block, error)
	// Share lets a sequence hold b in place of its own full part of block i, which has the same content.
	Share(s Seq, i int, b Block) error
	// Resume is NewSeq for a sequence that begins with n positions: full has the full parts of all blocks
	// that they touch, windowed the windowed parts of the last of these, as far back as the widest window
	// of the next position goes. The sequence cannot be trimmed to fewer than n, but to 0.
	Resume(capacity, n int, full, windowed []Block) (Seq, error)
	// Release lets go of a block. 0 is ignored.
	Release(Block)
	// Load and Save move the content of a block, BlockBytes long, the same on every machine.
	Load(p Part, from []byte) (Block, error)
	Save(b Block, to []byte) error
}

// ErrNoRoom is what errors of NewSeq, Grow, Keep, Resume and Load wrap when the bound forbids, and
// there would be room if something else were let go.
var ErrNoRoom = errors.New("no room for keys and values")

// BlockTokens is how many positions a block holds.
const BlockTokens = 64

// Block names a part of BlockTokens positions within one Backend. 0 is none.
type Block uint32

// Part is one of the two that a block of positions has: layers without a window need all blocks before
// a position, those with one only the last few.
type Part uint8

const (
	Full     Part = iota // of the layers without a window
	Windowed             // of the layers with one
)

// Widest is the widest window of any layer; 0 if none has one.
func (c *Config) Widest() int {
	w := 0
	for _, l := range c.Layer {
		w = max(w, l.Window)
	}
	return w
}
