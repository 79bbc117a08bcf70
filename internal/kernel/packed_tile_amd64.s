#include "textflag.h"
#include "avx512_amd64.h"

// Two tiles of rows times groups of vectors. Each function takes a *tileArgs:
//
//	0 w0   8 w1   16 x   24 bytes from vector to vector   32 index   40 y   48 bytes from y to y
//	56 bias   64 groups   72 blocks   80 next   88 asks   96 bytes of y done   104 vectors done
//
// and sets y to the products, plus the bias where there is one. Vector i is the i-th, or, with
// index, the index[i]-th. While it computes it asks for the memory from next on, the weights of
// the next call: asks cache lines for each block, or each 8 columns of bf16.
//
// AX args, BX and SI weights, CX blocks left, DX bytes into the vectors, R8-R13 the vectors,
// DI what to ask for next, R14 asks, R15 asks left.
// Z0-Z11 are the sums, tile 0 and 1 of each vector; Z12-Z23 the integer sums of a block.

// 2*e2m1+128 of every code: see packed_vec_amd64.s.
DATA codes<>+0(SB)/8, $0x8c88868483828180
DATA codes<>+8(SB)/8, $0x74787a7c7d7e7f80
GLOBL codes<>(SB), RODATA|NOPTR, $16

#define BEGIN \
	MOVQ  a+0(FP), AX       \
	MOVQ  80(AX), DI        \
	MOVQ  88(AX), R14

// With the label of the loop.
#define ASK(more) \
	MOVQ R14, R15      \
more:                      \
	PREFETCHT1 (DI)    \
	ADDQ $64, DI       \
	DECQ R15           \
	JNZ  more

#define INDEXED(i, r) \
	MOVLQSX 4*i(R15), r     \
	IMULQ   24(AX), r       \
	ADDQ    16(AX), r

#define WEIGHTS \
	MOVQ   0(AX), BX     \
	MOVQ   8(AX), SI     \
	MOVQ   72(AX), CX    \
	XORQ   DX, DX

// The sums begin as the bias.
#define BIAS \
	VPXORD  Z0, Z0, Z0   \
	VPXORD  Z1, Z1, Z1   \
	MOVQ    56(AX), BX   \
	TESTQ   BX, BX       \
	JEQ     unbiased     \
	VMOVUPS (BX), Z0     \
	VMOVUPS 64(BX), Z1   \
unbiased:                    \
	VMOVAPS Z0, Z2       \
	VMOVAPS Z1, Z3       \
	VMOVAPS Z0, Z4       \
	VMOVAPS Z1, Z5       \
	VMOVAPS Z0, Z6       \
	VMOVAPS Z1, Z7

#define GROUP6 \
	MOVQ  104(AX), DX        \
	ADDQ  $6, 104(AX)        \
	MOVQ  32(AX), R15        \
	TESTQ R15, R15           \
	JEQ   straight           \
	LEAQ  (R15)(DX*4), R15   \
	INDEXED(0, R8)           \
	INDEXED(1, R9)           \
	INDEXED(2, R10)          \
	INDEXED(3, R11)          \
	INDEXED(4, R12)          \
	INDEXED(5, R13)          \
	JMP   known              \
straight:                        \
	MOVQ  24(AX), R15        \
	IMULQ R15, DX            \
	MOVQ  16(AX), R8         \
	ADDQ  DX, R8             \
	LEAQ  (R8)(R15*1), R9    \
	LEAQ  (R9)(R15*1), R10   \
	LEAQ  (R10)(R15*1), R11  \
	LEAQ  (R11)(R15*1), R12  \
	LEAQ  (R12)(R15*1), R13  \
known:                           \
	BIAS                     \
	VMOVAPS Z0, Z8           \
	VMOVAPS Z1, Z9           \
	VMOVAPS Z0, Z10          \
	VMOVAPS Z1, Z11          \
	WEIGHTS

// After the last vector: the place of the next y in BX. Sets the flags for more groups.
#define DONE \
	SUBQ 40(AX), BX        \
	MOVQ BX, 96(AX)        \
	DECQ 64(AX)

#define STORE4 \
	MOVQ 40(AX), BX          \
	ADDQ 96(AX), BX          \
	MOVQ 48(AX), SI          \
	LEAQ (BX)(SI*2), CX      \
	ADDQ SI, CX              \
	VMOVUPS Z0, (BX)         \
	VMOVUPS Z1, 64(BX)       \
	VMOVUPS Z2, (BX)(SI*1)   \
	VMOVUPS Z3, 64(BX)(SI*1) \
	VMOVUPS Z4, (BX)(SI*2)   \
	VMOVUPS Z5, 64(BX)(SI*2) \
	VMOVUPS Z6, (CX)         \
	VMOVUPS Z7, 64(CX)       \
	LEAQ    (CX)(SI*1), BX

#define STORE6 \
	STORE4                   \
	VMOVUPS Z8, (BX)         \
	VMOVUPS Z9, 64(BX)       \
	VMOVUPS Z10, (BX)(SI*1)  \
	VMOVUPS Z11, 64(BX)(SI*1) \
	LEAQ    (BX)(SI*2), BX

#define CORRECT(off, x, a, b) \
	VPBROADCASTD off(x)(DX*1), a    \
	VMOVDQA64    a, b

#define CORRECT6 \
	CORRECT(32, R8, Z12, Z13)    \
	CORRECT(32, R9, Z14, Z15)    \
	CORRECT(32, R10, Z16, Z17)   \
	CORRECT(32, R11, Z18, Z19)   \
	CORRECT(32, R12, Z20, Z21)   \
	CORRECT(32, R13, Z22, Z23)

#define DOT(off, x, u, v, a, b) \
	VPBROADCASTD off(x)(DX*1), Z26    \
	VPDPBUSD     Z26, u, a            \
	VPDPBUSD     Z26, v, b

// Columns i of the weights u, v of the two tiles.
#define DOT6(i, u, v) \
	DOT(4*i, R8, u, v, Z12, Z13)     \
	DOT(4*i, R9, u, v, Z14, Z15)     \
	DOT(4*i, R10, u, v, Z16, Z17)    \
	DOT(4*i, R11, u, v, Z18, Z19)    \
	DOT(4*i, R12, u, v, Z20, Z21)    \
	DOT(4*i, R13, u, v, Z22, Z23)

// The same with two digits, for four vectors: Z8-Z15 sum the low ones, Z16-Z23 the high ones.
#define DOT4(i, u, v) \
	DOT(32+4*i, R8, u, v, Z8, Z9)      \
	DOT(32+4*i, R9, u, v, Z10, Z11)    \
	DOT(32+4*i, R10, u, v, Z12, Z13)   \
	DOT(32+4*i, R11, u, v, Z14, Z15)   \
	DOT(4*i, R8, u, v, Z16, Z17)       \
	DOT(4*i, R9, u, v, Z18, Z19)       \
	DOT(4*i, R10, u, v, Z20, Z21)      \
	DOT(4*i, R11, u, v, Z22, Z23)

#define Q8COLUMNS(D, i) \
	VMOVDQU64 64*i(BX), Z24    \
	VMOVDQU64 64*i(SI), Z25    \
	D(i, Z24, Z25)

#define Q8BLOCK(D) \
	Q8COLUMNS(D, 0)    \
	Q8COLUMNS(D, 1)    \
	Q8COLUMNS(D, 2)    \
	Q8COLUMNS(D, 3)    \
	Q8COLUMNS(D, 4)    \
	Q8COLUMNS(D, 5)    \
	Q8COLUMNS(D, 6)    \
	Q8COLUMNS(D, 7)

#define MXCOLUMNS(D, i, lo, hi) \
	VMOVDQU64 64*i(BX), Z27      \
	VMOVDQU64 64*i(SI), Z28      \
	VPERMB    Z31, Z27, Z24      \
	VPERMB    Z31, Z28, Z25      \
	D(lo, Z24, Z25)              \
	VPSRLD    $4, Z27, Z27       \
	VPSRLD    $4, Z28, Z28       \
	VPERMB    Z31, Z27, Z24      \
	VPERMB    Z31, Z28, Z25      \
	D(hi, Z24, Z25)

#define MXBLOCK(D) \
	MXCOLUMNS(D, 0, 0, 1)    \
	MXCOLUMNS(D, 1, 2, 3)    \
	MXCOLUMNS(D, 2, 4, 5)    \
	MXCOLUMNS(D, 3, 6, 7)

// The scales of the two tiles, to Z27 and Z28.
#define MXSCALES \
	VPMOVZXBD 256(BX), Z27     \
	VPMOVZXBD 256(SI), Z28     \
	VPSLLD    $23, Z27, Z27    \
	VPSLLD    $23, Z28, Z28

#define Q8SCALES \
	VPMOVZXWD 512(BX), Z27     \
	VPMOVZXWD 512(SI), Z28     \
	VPSLLD    $16, Z27, Z27    \
	VPSLLD    $16, Z28, Z28

// (s, t) = fma(float(a, b), scales*sx, (s, t))
#define FOLD(off, x, a, b, s, t) \
	VMULPS.BCST off(x)(DX*1), Z27, Z29    \
	VMULPS.BCST off(x)(DX*1), Z28, Z30    \
	VCVTDQ2PS   a, a                      \
	VCVTDQ2PS   b, b                      \
	VFMADD231PS Z29, a, s                 \
	VFMADD231PS Z30, b, t

#define FOLD6 \
	FOLD(36, R8, Z12, Z13, Z0, Z1)      \
	FOLD(36, R9, Z14, Z15, Z2, Z3)      \
	FOLD(36, R10, Z16, Z17, Z4, Z5)     \
	FOLD(36, R11, Z18, Z19, Z6, Z7)     \
	FOLD(36, R12, Z20, Z21, Z8, Z9)     \
	FOLD(36, R13, Z22, Z23, Z10, Z11)

#define NEXT(w, x) \
	ADDQ $w, BX    \
	ADDQ $w, SI    \
	ADDQ $x, DX    \
	DECQ CX

// func tileMX8(a *tileArgs)
// Weights as FormMXFP4 has them.
TEXT ·tileMX8(SB), NOSPLIT, $0-8
	VBROADCASTI32X4 codes<>(SB), Z31
	BEGIN
group:
	GROUP6
blk:
	ASK(more)
	CORRECT6
	MXBLOCK(DOT6)
	MXSCALES
	FOLD6
	NEXT(272, 40)
	JNZ blk
	STORE6
	DONE
	JNZ group
	VZEROUPPER
	RET

// func tileQ8x8(a *tileArgs)
TEXT ·tileQ8x8(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP6
blk:
	ASK(more)
	CORRECT6
	Q8BLOCK(DOT6)
	Q8SCALES
	FOLD6
	NEXT(544, 40)
	JNZ blk
	STORE6
	DONE
	JNZ group
	VZEROUPPER
	RET

// For scales that are powers of two. Z27, Z28 hold the bits of 1.5*2^23 * scale: an integer sum
// added to them makes the float (1.5*2^23 + sum)*scale, less that float is exactly sum*scale, and
// neither step takes the units that multiply.
#define MAGIC(x, a, b, s, t) \
	VPADDD  Z27, a, a                        \
	VPADDD  Z28, b, b                        \
	VSUBPS  Z27, a, a                        \
	VSUBPS  Z28, b, b                        \
	VFMADD231PS.BCST 36(x)(DX*1), a, s       \
	VFMADD231PS.BCST 36(x)(DX*1), b, t

// func tileMagic(a *tileArgs)
// Weights as panelMX writes them.
TEXT ·tileMagic(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP6
blk:
	ASK(more)
	CORRECT6
	Q8BLOCK(DOT6)
	VMOVDQU64 512(BX), Z27
	VMOVDQU64 512(SI), Z28
	MAGIC(R8, Z12, Z13, Z0, Z1)
	MAGIC(R9, Z14, Z15, Z2, Z3)
	MAGIC(R10, Z16, Z17, Z4, Z5)
	MAGIC(R11, Z18, Z19, Z6, Z7)
	MAGIC(R12, Z20, Z21, Z8, Z9)
	MAGIC(R13, Z22, Z23, Z10, Z11)
	NEXT(576, 40)
	JNZ blk
	STORE6
	DONE
	JNZ group
	VZEROUPPER
	RET

#define GROUP4 \
	MOVQ    104(AX), DX        \
	ADDQ    $4, 104(AX)        \
	MOVQ    32(AX), R15        \
	TESTQ   R15, R15           \
	JEQ     straight           \
	LEAQ    (R15)(DX*4), R15   \
	INDEXED(0, R8)             \
	INDEXED(1, R9)             \
	INDEXED(2, R10)            \
	INDEXED(3, R11)            \
	JMP     known              \
straight:                          \
	MOVQ    24(AX), R15        \
	IMULQ   R15, DX            \
	MOVQ    16(AX), R8         \
	ADDQ    DX, R8             \
	LEAQ    (R8)(R15*1), R9    \
	LEAQ    (R9)(R15*1), R10   \
	LEAQ    (R10)(R15*1), R11  \
known:                             \
	BIAS                       \
	WEIGHTS

#define CORRECT4 \
	CORRECT(64, R8, Z8, Z9)      \
	CORRECT(64, R9, Z10, Z11)    \
	CORRECT(64, R10, Z12, Z13)   \
	CORRECT(64, R11, Z14, Z15)   \
	VPXORD  Z16, Z16, Z16        \
	VPXORD  Z17, Z17, Z17        \
	VPXORD  Z18, Z18, Z18        \
	VPXORD  Z19, Z19, Z19        \
	VPXORD  Z20, Z20, Z20        \
	VPXORD  Z21, Z21, Z21        \
	VPXORD  Z22, Z22, Z22        \
	VPXORD  Z23, Z23, Z23

#define FOLD16(x, a, b, h, k, s, t) \
	VPSLLD $7, h, h    \
	VPSLLD $7, k, k    \
	VPADDD h, a, a     \
	VPADDD k, b, b     \
	FOLD(68, x, a, b, s, t)

#define FOLD4 \
	FOLD16(R8, Z8, Z9, Z16, Z17, Z0, Z1)      \
	FOLD16(R9, Z10, Z11, Z18, Z19, Z2, Z3)    \
	FOLD16(R10, Z12, Z13, Z20, Z21, Z4, Z5)   \
	FOLD16(R11, Z14, Z15, Z22, Z23, Z6, Z7)

// func tileMX16(a *tileArgs)
TEXT ·tileMX16(SB), NOSPLIT, $0-8
	VBROADCASTI32X4 codes<>(SB), Z31
	BEGIN
group:
	GROUP4
blk:
	ASK(more)
	CORRECT4
	MXBLOCK(DOT4)
	MXSCALES
	FOLD4
	NEXT(272, 72)
	JNZ blk
	STORE4
	DONE
	JNZ group
	VZEROUPPER
	RET

// func tileQ8x16(a *tileArgs)
TEXT ·tileQ8x16(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP4
blk:
	ASK(more)
	CORRECT4
	Q8BLOCK(DOT4)
	Q8SCALES
	FOLD4
	NEXT(544, 72)
	JNZ blk
	STORE4
	DONE
	JNZ group
	VZEROUPPER
	RET

// A column, or a pair of columns, of bf16.
#define FMA2(off, x, u, v, s, t) \
	VBROADCASTSS off(x)(DX*1), Z26    \
	VFMADD231PS  Z26, u, s            \
	VFMADD231PS  Z26, v, t

#define FMA6(off, u, v) \
	FMA2(off, R8, u, v, Z0, Z1)      \
	FMA2(off, R9, u, v, Z2, Z3)      \
	FMA2(off, R10, u, v, Z4, Z5)     \
	FMA2(off, R11, u, v, Z6, Z7)     \
	FMA2(off, R12, u, v, Z8, Z9)     \
	FMA2(off, R13, u, v, Z10, Z11)

#define COLUMNS2(i) \
	VMOVDQU64 64*i(BX), Z24      \
	VMOVDQU64 64*i(SI), Z25      \
	VPSLLD    $16, Z24, Z27      \
	VPSLLD    $16, Z25, Z28      \
	FMA6(8*i, Z27, Z28)          \
	VPANDD    Z31, Z24, Z24      \
	VPANDD    Z31, Z25, Z25      \
	FMA6(8*i+4, Z24, Z25)

// func tileF32(a *tileArgs)
TEXT ·tileF32(SB), NOSPLIT, $0-8
	MOVL         $0xffff0000, AX
	VPBROADCASTD AX, Z31
	BEGIN
group:
	GROUP6
	SHLQ $2, CX
octet:
	ASK(more)
	COLUMNS2(0)
	COLUMNS2(1)
	COLUMNS2(2)
	COLUMNS2(3)
	NEXT(256, 32)
	JNZ octet
	STORE6
	DONE
	JNZ group
	VZEROUPPER
	RET

#define DOT2(off, x, s, t) \
	VPBROADCASTD off(x)(DX*1), Z26    \
	VDPBF16PS(26, 24, s)              \
	VDPBF16PS(26, 25, t)

#define PAIR(i) \
	VMOVDQU64 64*i(BX), Z24    \
	VMOVDQU64 64*i(SI), Z25    \
	DOT2(4*i, R8, 0, 1)        \
	DOT2(4*i, R9, 2, 3)        \
	DOT2(4*i, R10, 4, 5)       \
	DOT2(4*i, R11, 6, 7)       \
	DOT2(4*i, R12, 8, 9)       \
	DOT2(4*i, R13, 10, 11)

// func tileBFDot(a *tileArgs)
TEXT ·tileBFDot(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP6
	SHLQ $2, CX
octet:
	ASK(more)
	PAIR(0)
	PAIR(1)
	PAIR(2)
	PAIR(3)
	NEXT(256, 16)
	JNZ octet
	STORE6
	DONE
	JNZ group
	VZEROUPPER
	RET
