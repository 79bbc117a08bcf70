// Package num converts between float32 and the number formats a gpt-oss checkpoint
// is made of: bfloat16, IEEE half (float16), the e8m0 block scale and the e2m1
// four-bit code of MXFP4 (OCP Microscaling Formats v1.0).
//
// It is separate because loader, kernels, reference and synthetic weights must agree
// on every bit of it, and because each conversion is small enough to be tested
// exhaustively. Every widening is exact; narrowing rounds to nearest, ties to even,
// unless its comment says otherwise. Functions keep no state and allocate nothing.
package num
