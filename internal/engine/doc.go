// Package engine generates: token ids in, token events out, for many callers at once.
// It knows no text, no messages and no HTTP: Request, Event, Result.
//
// Generate may be called by any number of goroutines. One goroutine, which lives while there is
// something to do, runs the scheduler: each of its steps of the backend holds a token of every answer
// under way and a share of the prompts that are being read (plan.go). What a step gives
// is masked, sampled, and told (news.go); a yield runs on its caller's goroutine, and a caller who falls
// behind makes its own sequence pause, no other.
//
//	request -> queue -> running: reads, writes -> ended
//	              ^         |
//	              +---------+  put back, when there is no room for all
//
// Fairness (queue.go): keys are let in by what each has been given, requests of a key by arrival. A step's
// prompt tokens are dealt out in small portions, so that a short prompt is read at once
// beside a long one, and they are few while somebody writes: an answer waits for a part
// of a prompt, never for all of it.
//
// Room (room.go): the bound on keys and values is the backend's to hold. A sequence is given room for its prompt
// and a stride of its answer, and more when it gets there. If there is none, what package kv
// keeps for later goes first, then the sequence that was let in last is put back into
// the queue, to be read again; who waits, waits. A request that could never fit is a *ContextError
// with the arithmetic, one too many in the queue a *BusyError. A prompt is never cut.
//
// Sameness: rows of logits do not depend on company, chunks or what was kept (package model), and each sequence
// has its own sampler. So tokens are the same alone and among others, read in whatever
// pieces, put back or not, known or not, with guesses and without; tests hold that.
//
// Where text repeats, as in editing and quoting, a sequence that has the backend to itself may guess ahead:
// lookup.go finds what stood before, pay.go decides whether a guess is worth its cost. Among others
// each guess would visit experts of its own beside theirs, and does not pay.
//
// What is kept for later requests can outlive the process (keep.go).
//
// Cancellation is looked at before each step, and a step that is mostly for callers who have left is called
// off within a layer. It is a way to finish, not an error. When Generate returns, nothing of its
// request is held. The clock feeds the timings and what is worth guessing, nothing
// else. After the first token nothing is allocated per token, but for rows of logits when more are
// asked for than ever before.
package engine
