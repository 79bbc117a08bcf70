// Package bench measures how fast a backend reads prompts and writes tokens, beside what
// the machine can do at that moment. It is apart from the command that prints the
// figures, so that a test, a record and a tuning run measure the same thing the same way.
//
// A speed alone says little on a machine whose memory is shared: the host's bandwidth
// moves by a third within minutes. So the machine's limits are probed before and after
// every single repetition, each repetition gets its own share of them, and the medians
// over repetitions are what counts. Nothing is thrown away: a Result holds every sample.
//
// Decoding is held against the bytes that a token must read, prompts against the
// operations that they must do; both follow from the configuration and from what the
// backend holds (Held), not from counting what it did.
//
// Compare says what a way of computing costs in quality: how far its predictions are
// from those of a reference.
//
// Memory: a row of logits, the token ids of a prompt, and the block that a Machine
// reads. Concurrency: one run at a time, from one goroutine.
package bench
