// Package sample turns one row of logits into one token id: penalties, bias,
// masks, temperature, top-k, top-p, min-p, a seeded draw, and log-probabilities
// of the model's own distribution.
//
// It is separate so that what is drawn can be proved against a plain float64
// reference, away from models and scheduling. Order of work: repetition penalty,
// frequency and presence penalties, bias, mask, temperature, top-k, top-p, min-p.
//
// A Sampler belongs to one sequence and one goroutine. Its room is taken once,
// in New; Sample allocates nothing. The choice depends on the parameters, the
// number of tokens drawn before and the logits, never on time or load: the draw
// at position n is a function of (seed, n).
package sample
