package cpu

import (
	"fmt"

	"ossian/internal/model"
)

// ClosedError is what a closed Backend answers.
type ClosedError struct{}

func (*ClosedError) Error() string { return "cpu backend: closed" }

// UnknownSeqError names a sequence that was never made, or was freed.
type UnknownSeqError struct{ Seq model.Seq }

func (e *UnknownSeqError) Error() string {
	return fmt.Sprintf("cpu backend: there is no sequence %d", e.Seq)
}

// CapacityError says that tokens do not fit into the room a sequence was given.
type CapacityError struct {
	Seq                   model.Seq
	Len, Tokens, Capacity int
}

func (e *CapacityError) Error() string {
	return fmt.Sprintf("cpu backend: sequence %d holds %d of %d positions, %d more do not fit", e.Seq, e.Len, e.Capacity, e.Tokens)
}

// TokenError names an id outside the vocabulary.
type TokenError struct {
	Index int // in Item.Tokens
	ID    uint32
	Vocab int
}

func (e *TokenError) Error() string {
	return fmt.Sprintf("cpu backend: token %d is id %d, the vocabulary ends at %d", e.Index, e.ID, e.Vocab-1)
}

// BatchError says that a batch breaks the contract of Step.
type BatchError struct {
	Item   int
	Reason string
}

func (e *BatchError) Error() string {
	return fmt.Sprintf("cpu backend: item %d of the batch %s", e.Item, e.Reason)
}

// ContextError says that a capacity is not between one and the model's longest context.
type ContextError struct{ Capacity, MaxContext int }

func (e *ContextError) Error() string {
	return fmt.Sprintf("cpu backend: a sequence of %d positions; the model takes 1 to %d", e.Capacity, e.MaxContext)
}

// BlockError says why a block cannot be kept or held.
type BlockError struct{ Reason string }

func (e *BlockError) Error() string { return "cpu backend: " + e.Reason }

// MemoryError says that the keys and values of a sequence do not fit. It wraps model.ErrNoRoom.
type MemoryError struct {
	Capacity              int
	Need, Reserved, Limit int64
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("cpu backend: %d positions need %d bytes of keys and values, but of %d bytes %d are taken; ask for a shorter context or free a sequence",
		e.Capacity, e.Need, e.Limit, e.Reserved)
}

func (e *MemoryError) Unwrap() error { return model.ErrNoRoom }
