// Package engine generates: token ids in, token events out. It cuts the prompt
// into chunks, steps the backend, masks and samples, watches for stop ids, for
// the context's end and for cancellation, and keeps count.
//
// It knows no text, no messages and no HTTP, so that a scheduler can be rebuilt
// behind the same three shapes: Request, Event, Result. Today one sequence runs
// at a time; further calls of Generate wait their turn and can be cancelled
// while waiting.
//
// Where text repeats, as in editing and quoting, a step may guess ahead: lookup.go
// finds what stood before, pay.go decides whether a guess is worth its cost, and
// decode.go takes from it only what plain decoding would have chosen. Tokens,
// log-probabilities and random draws are the same with guesses and without.
//
// Rules: a prompt is never cut (what does not fit is a *ContextError with the
// arithmetic); a cancelled context ends the run within one step and is a way to
// finish, not an error; the clock feeds the timings and what is worth guessing.
// After the first token nothing is allocated per token, but for rows of logits when
// an engine first guesses. An Engine is safe for concurrent use; a yield runs on
// the caller's goroutine.
package engine
