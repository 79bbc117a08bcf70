// Package kernel holds the inner loops of the CPU: single-threaded functions over a
// range of rows, heads or elements, behind a table of functions chosen once for what
// the processor can do. It knows nothing of models; par spreads the ranges over cores.
//
// Layout. Vectors are []float32. A Matrix is row-major [out, in] in the checkpoint's
// own bytes (see Matrix). Several tokens are rows of one slice, a stride ("ld", in
// elements) apart. Lengths are in elements, never bytes, unless a name says so.
//
// Tails. Every length is allowed, except that the columns of an MXFP4 matrix are a
// multiple of 32. No function reads or writes past the elements its arguments name,
// not even within the capacity of a slice.
//
// Aliasing. Outputs must not overlap inputs, unless a function says that it works in
// place. Concurrent calls on disjoint ranges of one output are fine.
//
// Allocation. No function allocates. Scratch comes from the caller.
//
// Order. Within one Ops the order in which a sum is formed depends on the length of
// the sum alone (for Attention: on the absolute positions of the keys). A row of a
// product is bit-equal for one token or many, for any split of the rows, on any thread.
// Different Ops may differ in the last bits.
package kernel
