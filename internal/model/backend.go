package model

import "context"

// Backend runs whole steps of a model on one device. The engine above knows token ids
// and rows of logits only; a GPU can record a step once and replay it.
//
// A Backend is used by one goroutine at a time. The order of every reduction depends
// on shapes only: the logits of a token are bit-equal whether its sequence runs alone,
// in a batch, or in chunks of any size.
type Backend interface {
	// Config is the model that runs. It must not be changed.
	Config() *Config
	// NewSeq reserves room for the keys and values of at most capacity positions.
	// It fails, naming the bytes, when the room cannot be had.
	NewSeq(capacity int) (Seq, error)
	// FreeSeq gives the room back. An unknown or freed Seq is ignored.
	FreeSeq(Seq)
	// Len is the number of positions a sequence holds.
	Len(Seq) int
	// Trim forgets the positions from n on, as if they had never been stepped. It always
	// can where n is 0 or at most Rewind short of the furthest the sequence has been; layers
	// with a window have forgotten what is long past, so further back it may fail, and
	// the sequence is as before. How far a failed step got counts too.
	Trim(s Seq, n int) error
	// Step appends each item's Tokens to its sequence and fills the Logits asked for.
	// A sequence appears at most once in a batch. After an error, cancellation
	// included, the lengths of the batch's sequences are as before the call.
	Step(ctx context.Context, batch []Item) error
	// Close frees everything but the weights. Sequences die with it.
	Close() error
}

// Rewind is how many positions a sequence can be shortened by, whatever its windows.
const Rewind = 32

// Seq names a sequence within one Backend.
type Seq uint32

// Item is one sequence's share of a step.
type Item struct {
	Seq    Seq
	Tokens []uint32 // at least one
	// Logits is nil, or room for k*Vocab values: the rows of the last k of Tokens, oldest first.
	Logits []float32
}
