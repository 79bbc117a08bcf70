// Package kernel holds the inner loops of the CPU: single-threaded functions over a
// range of rows, heads or elements, behind a table of functions chosen once for what
// the processor can do. It knows nothing of models; par spreads the ranges over cores.
//
// Two families multiply matrices. MatMul takes a Matrix, the checkpoint's own rows, and
// float32 vectors: nothing to prepare, and the yardstick for accuracy. Mul takes a Packed, the
// same weights interleaved for the vector units while they are loaded, and Acts, vectors
// quantized once for all matrices they meet. A Packed of MXFP4 has the checkpoint's size and values;
// one of 8-bit codes halves bf16 at a relative error of 5e-3. With int8 activations Mul
// reads weights as fast as the memory gives them and reaches three quarters of the integer peak for 64
// vectors; the 16-bit form costs nothing for one vector and half the speed for many. So with AVX-512;
// with AVX2 one vector of MXFP4 is near the limit of the arithmetic, many meet Q8 in 8 or 16 bits at one
// price, two to four go two by two, so that weights are read once for a pair, and MXFP4 with int8 passes the peak of 32-bit sums, because a block's sum fits 16 bits.
//
// On arm64 there are three sets: plain NEON, with 8-bit dot products, and with products of 8-bit matrices.
// They pass the same suites under emulation; their speed was not measured on hardware, so how far
// ahead they read and how many vectors share a panel are guesses.
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
// Different Ops may differ in the last bits, but for Quantize and Mul, whose results are
// defined to the last bit (see mul): sums of integers are exact, and the float32 steps between
// blocks have one order in every kernel.
package kernel
