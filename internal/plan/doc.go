// Package plan says what a model will take before it takes it, whether that fits into a
// machine, and how fast it will be there. It is the one place where this arithmetic stands:
// what a person asks for ("will it fit?"), what a load is held against, and what is offered for
// fetching are the same sums, so that none of them can promise what another refuses.
//
// A Model is a shape and what its weights take in every way to hold them, read from the headers
// of a checkpoint or computed from a published shape. A Machine is what there is to fit into. Both are
// plain values; the package measures nothing itself, takes no memory and keeps no state.
package plan
