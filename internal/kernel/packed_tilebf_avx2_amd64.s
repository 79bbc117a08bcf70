#include "textflag.h"
#include "avx2_tile_amd64.h"

// Weights are taken as FormBF16 has them, a pair of columns in 4 bytes: the two instructions to widen
// them do not take the units that multiply. The sums are floats.

// A column of a vector.
#define FLOATS(off, a, b) \
	VBROADCASTSS off(SI), Y14       \
	VFMADD231PS  Y14, Y12, a        \
	VFMADD231PS  Y14, Y13, b

// The first columns of pair i of each row to Y12 and Y13.
#define FIRST(i) \
	VMOVDQU 64*i(BX), Y12       \
	VMOVDQU 64*i+32(BX), Y13    \
	VPSLLD  $16, Y12, Y12       \
	VPSLLD  $16, Y13, Y13

#define SECOND(i) \
	VPAND 64*i(BX), Y15, Y12       \
	VPAND 64*i+32(BX), Y15, Y13

// A pair of columns, in the order of products with float32.
#define PAIR(DOT, i) \
	FIRST(i)                    \
	DOT(FLOATS, (2*i))          \
	SECOND(i)                   \
	DOT(FLOATS, (2*i+1))

// And as the instruction for pairs of bf16 forms them, the vectors being in that order.
#define PAIRBACK(DOT, i) \
	SECOND(i)                   \
	DOT(FLOATS, (2*i))          \
	FIRST(i)                    \
	DOT(FLOATS, (2*i+1))

#define LOAD(y, a, b) \
	VMOVUPS (y), a      \
	VMOVUPS 32(y), b

#define STORE(y, a, b) \
	VMOVUPS a, (y)      \
	VMOVUPS b, 32(y)

// func tileFloats6(a *tile6Args)
TEXT ·tileFloats6(SB), NOSPLIT, $0-8
	BEGIN
	VPCMPEQD Y15, Y15, Y15
	VPSLLD   $16, Y15, Y15
group:
	GROUP6
	LOAD(R8, Y0, Y1)
	LOAD(R9, Y2, Y3)
	LOAD(R10, Y4, Y5)
	LOAD(R11, Y6, Y7)
	LOAD(R12, Y8, Y9)
	LOAD(R13, Y10, Y11)
	SHLQ $1, CX
half:
	ASK(more)
	PAIR(DOT6, 0)
	PAIR(DOT6, 1)
	PAIR(DOT6, 2)
	PAIR(DOT6, 3)
	PAIR(DOT6, 4)
	PAIR(DOT6, 5)
	PAIR(DOT6, 6)
	PAIR(DOT6, 7)
	NEXT(512, 384)
	JNZ  half
	STORE(R8, Y0, Y1)
	STORE(R9, Y2, Y3)
	STORE(R10, Y4, Y5)
	STORE(R11, Y6, Y7)
	STORE(R12, Y8, Y9)
	STORE(R13, Y10, Y11)
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET

// func tileFloats4(a *tile6Args)
TEXT ·tileFloats4(SB), NOSPLIT, $0-8
	BEGIN
	VPCMPEQD Y15, Y15, Y15
	VPSLLD   $16, Y15, Y15
group:
	GROUP4
	LOAD(R8, Y0, Y1)
	LOAD(R9, Y2, Y3)
	LOAD(R10, Y4, Y5)
	LOAD(R11, Y6, Y7)
	SHLQ $1, CX
half:
	ASK(more)
	PAIR(DOT4, 0)
	PAIR(DOT4, 1)
	PAIR(DOT4, 2)
	PAIR(DOT4, 3)
	PAIR(DOT4, 4)
	PAIR(DOT4, 5)
	PAIR(DOT4, 6)
	PAIR(DOT4, 7)
	NEXT(512, 384)
	JNZ  half
	STORE(R8, Y0, Y1)
	STORE(R9, Y2, Y3)
	STORE(R10, Y4, Y5)
	STORE(R11, Y6, Y7)
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET

// func tilePairs6(a *tile6Args)
TEXT ·tilePairs6(SB), NOSPLIT, $0-8
	BEGIN
	VPCMPEQD Y15, Y15, Y15
	VPSLLD   $16, Y15, Y15
group:
	GROUP6
	LOAD(R8, Y0, Y1)
	LOAD(R9, Y2, Y3)
	LOAD(R10, Y4, Y5)
	LOAD(R11, Y6, Y7)
	LOAD(R12, Y8, Y9)
	LOAD(R13, Y10, Y11)
	SHLQ $1, CX
half:
	ASK(more)
	PAIRBACK(DOT6, 0)
	PAIRBACK(DOT6, 1)
	PAIRBACK(DOT6, 2)
	PAIRBACK(DOT6, 3)
	PAIRBACK(DOT6, 4)
	PAIRBACK(DOT6, 5)
	PAIRBACK(DOT6, 6)
	PAIRBACK(DOT6, 7)
	NEXT(512, 384)
	JNZ  half
	STORE(R8, Y0, Y1)
	STORE(R9, Y2, Y3)
	STORE(R10, Y4, Y5)
	STORE(R11, Y6, Y7)
	STORE(R12, Y8, Y9)
	STORE(R13, Y10, Y11)
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET

// func tilePairs4(a *tile6Args)
TEXT ·tilePairs4(SB), NOSPLIT, $0-8
	BEGIN
	VPCMPEQD Y15, Y15, Y15
	VPSLLD   $16, Y15, Y15
group:
	GROUP4
	LOAD(R8, Y0, Y1)
	LOAD(R9, Y2, Y3)
	LOAD(R10, Y4, Y5)
	LOAD(R11, Y6, Y7)
	SHLQ $1, CX
half:
	ASK(more)
	PAIRBACK(DOT4, 0)
	PAIRBACK(DOT4, 1)
	PAIRBACK(DOT4, 2)
	PAIRBACK(DOT4, 3)
	PAIRBACK(DOT4, 4)
	PAIRBACK(DOT4, 5)
	PAIRBACK(DOT4, 6)
	PAIRBACK(DOT4, 7)
	NEXT(512, 384)
	JNZ  half
	STORE(R8, Y0, Y1)
	STORE(R9, Y2, Y3)
	STORE(R10, Y4, Y5)
	STORE(R11, Y6, Y7)
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET
