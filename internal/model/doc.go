// Package model holds what makes a gpt-oss model: its configuration, the names and
// shapes of its tensors in every published layout, its weights in memory, its rotary
// table, and the Backend contract that runs it.
//
// It is separate from the devices so that one set of weights and one contract serve
// them all, and from the formats so that these know nothing of transformers.
//
// Memory: Weights holds every byte once, outside the Go heap, until Close; matrices
// and most vectors are views into it and die with it. Concurrency: Weights and Config
// are immutable after loading and may be shared; a Backend belongs to one goroutine.
package model
