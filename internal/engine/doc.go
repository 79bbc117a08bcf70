// Package engine generates: token ids in, token events out. It cuts the prompt
// into chunks, steps the backend, masks and samples, watches for stop ids, for
// the context's end and for cancellation, and keeps count.
//
// It knows no text, no messages and no HTTP, so that a scheduler can be rebuilt
// behind the same three shapes: Request, Event, Result. Today one sequence runs
// at a time; further calls of Generate wait their turn and can be cancelled
// while waiting.
//
// Rules: a prompt is never cut (what does not fit is a *ContextError with the
// arithmetic); a cancelled context ends the run within one step and is a way to
// finish, not an error; the clock only feeds the timings. After the first token
// nothing is allocated per token. An Engine is safe for concurrent use; a yield
// runs on the caller's goroutine.
package engine
