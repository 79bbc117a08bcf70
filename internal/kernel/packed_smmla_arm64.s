#include "textflag.h"
#include "neon_arm64.h"

// Eight rows times six vectors of whole numbers, with products of 2x8 by 8x2 bytes: twice as many
// in one instruction as SDOT has. The arguments are those of packed_tile_arm64.s, the weights
// those of panelMXPairs and panelQ8Pairs.
//
// R1 weights, R3 blocks left, R8-R13 the vectors. A register has two rows of one vector, then the
// same rows of the next: V0-V3 are the sums of the first two vectors, V4-V7 and V8-V11 of the
// others, V12-V23 the integer sums of a block, V24-V29 16 columns of the vectors, two by two,
// V30 and V31 8 columns of the rows, two by two.

#define BEGIN \
	MOVD  a+0(FP), R0          \
	MOVD  0(R0), R1            \
	LDP   8(R0), (R8, R9)      \
	LDP   24(R0), (R10, R11)   \
	LDP   40(R0), (R12, R13)   \
	MOVD  104(R0), R2          \
	MOVD  112(R0), R3          \
	FLDPQ (R2), (F28, F29)     \
	DUPD(0, 28, 0)             \
	DUPD(1, 28, 1)             \
	DUPD(0, 29, 2)             \
	DUPD(1, 29, 3)             \
	MOV(0, 4)                  \
	MOV(1, 5)                  \
	MOV(2, 6)                  \
	MOV(3, 7)                  \
	MOV(0, 8)                  \
	MOV(1, 9)                  \
	MOV(2, 10)                 \
	MOV(3, 11)

#define CLEAR \
	ZERO(12)    \
	ZERO(13)    \
	ZERO(14)    \
	ZERO(15)    \
	ZERO(16)    \
	ZERO(17)    \
	ZERO(18)    \
	ZERO(19)    \
	ZERO(20)    \
	ZERO(21)    \
	ZERO(22)    \
	ZERO(23)

// 16 columns of two vectors: the first 8 of both to lo, the others to hi. f is lo's name.
#define TWO(x, a, b, f, lo, hi) \
	FMOVQ x(a), f         \
	FMOVQ x(b), F30       \
	ZIP2D(30, lo, hi)     \
	ZIP1D(30, lo, lo)

#define COLUMNS8(w, a, b, c) \
	FLDPQ w(R1), (F30, F31)       \
	SMMLA(30, a, 12)              \
	SMMLA(31, a, 13)              \
	SMMLA(30, b, 16)              \
	SMMLA(31, b, 17)              \
	SMMLA(30, c, 20)              \
	SMMLA(31, c, 21)              \
	FLDPQ w+32(R1), (F30, F31)    \
	SMMLA(30, a, 14)              \
	SMMLA(31, a, 15)              \
	SMMLA(30, b, 18)              \
	SMMLA(31, b, 19)              \
	SMMLA(30, c, 22)              \
	SMMLA(31, c, 23)

#define COLUMNS16(x, w) \
	TWO(x, R8, R9, F24, 24, 25)      \
	TWO(x, R10, R11, F26, 26, 27)    \
	TWO(x, R12, R13, F28, 28, 29)    \
	COLUMNS8(w, 24, 26, 28)          \
	COLUMNS8(w+64, 25, 27, 29)

// sum = fma(float(acc), scale*sx, sum), with sx of both vectors in V28.
#define FOLD(scale, acc, sum) \
	FMUL(scale, 28, 30)    \
	SCVTF(acc, acc)        \
	FMLA(30, acc, sum)

#define FOLD2(off, x, y, a, b, c, d, s, t, u, v) \
	FMOVS off(x), F28      \
	FMOVS off(y), F29      \
	ZIP1S(29, 28, 28)      \
	ZIP1S(28, 28, 28)      \
	FOLD(24, a, s)         \
	FOLD(25, b, t)         \
	FOLD(26, c, u)         \
	FOLD(27, d, v)

#define FOLD6(off) \
	FLDPQ 256(R1), (F28, F29)                             \
	DUPD(0, 28, 24)                                       \
	DUPD(1, 28, 25)                                       \
	DUPD(0, 29, 26)                                       \
	DUPD(1, 29, 27)                                       \
	FOLD2(off, R8, R9, 12, 13, 14, 15, 0, 1, 2, 3)        \
	FOLD2(off, R10, R11, 16, 17, 18, 19, 4, 5, 6, 7)      \
	FOLD2(off, R12, R13, 20, 21, 22, 23, 8, 9, 10, 11)

#define NEXT(vector) \
	ADD  $288, R1       \
	ADD  $vector, R8    \
	ADD  $vector, R9    \
	ADD  $vector, R10   \
	ADD  $vector, R11   \
	ADD  $vector, R12   \
	ADD  $vector, R13   \
	SUBS $1, R3, R3

#define STORE2(at, a, b, c, d) \
	LDP   at(R0), (R8, R9)     \
	ZIP1D(b, a, 24)            \
	ZIP1D(d, c, 25)            \
	ZIP2D(b, a, 26)            \
	ZIP2D(d, c, 27)            \
	FSTPQ (F24, F25), (R8)     \
	FSTPQ (F26, F27), (R9)

#define STORE \
	STORE2(56, 0, 1, 2, 3)      \
	STORE2(72, 4, 5, 6, 7)      \
	STORE2(88, 8, 9, 10, 11)

// func tile8Pairs(a *tileArgs)
TEXT ·tile8Pairs(SB), NOSPLIT, $0-8
	BEGIN
blk:
	CLEAR
	COLUMNS16(0, 0)
	COLUMNS16(16, 128)
	FOLD6(36)
	NEXT(40)
	BNE blk
	STORE
	RET

#define TIMES128(acc) SHL(7, acc, acc)

// func tile16Pairs(a *tileArgs)
// The high digits first; their sum is 128 times as much when the low ones are added.
TEXT ·tile16Pairs(SB), NOSPLIT, $0-8
	BEGIN
blk:
	CLEAR
	COLUMNS16(0, 0)
	COLUMNS16(16, 128)
	TIMES128(12)
	TIMES128(13)
	TIMES128(14)
	TIMES128(15)
	TIMES128(16)
	TIMES128(17)
	TIMES128(18)
	TIMES128(19)
	TIMES128(20)
	TIMES128(21)
	TIMES128(22)
	TIMES128(23)
	COLUMNS16(32, 0)
	COLUMNS16(48, 128)
	FOLD6(68)
	NEXT(72)
	BNE blk
	STORE
	RET
