#include "textflag.h"
#include "neon_arm64.h"

// Eight rows times six vectors of whole numbers, the weights as panelMX and panelQ8 write them.
// Each function takes a *tileArgs:
//
//	0 w   8 x[6]   56 y[6]   104 bias   112 blocks
//
// and sets 8 floats at each y to the products plus the bias.
//
// R1 weights, R3 blocks left, R8-R13 the vectors. V0-V11 are the sums, two registers for each
// vector, V12-V23 the integer sums of a block, V24-V29 16 columns of each vector, V30 and V31
// 4 columns of the rows.

#define BEGIN \
	MOVD  a+0(FP), R0          \
	MOVD  0(R0), R1            \
	LDP   8(R0), (R8, R9)      \
	LDP   24(R0), (R10, R11)   \
	LDP   40(R0), (R12, R13)   \
	MOVD  104(R0), R2          \
	MOVD  112(R0), R3          \
	FLDPQ (R2), (F0, F1)       \
	FLDPQ (R2), (F2, F3)       \
	FLDPQ (R2), (F4, F5)       \
	FLDPQ (R2), (F6, F7)       \
	FLDPQ (R2), (F8, F9)       \
	FLDPQ (R2), (F10, F11)

#define STORE \
	LDP   56(R0), (R8, R9)      \
	LDP   72(R0), (R10, R11)    \
	LDP   88(R0), (R12, R13)    \
	FSTPQ (F0, F1), (R8)        \
	FSTPQ (F2, F3), (R9)        \
	FSTPQ (F4, F5), (R10)       \
	FSTPQ (F6, F7), (R11)       \
	FSTPQ (F8, F9), (R12)       \
	FSTPQ (F10, F11), (R13)

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

#define COLUMNS4(at, i) \
	FLDPQ at(R1), (F30, F31)    \
	SDOTE(24, i, 30, 12)        \
	SDOTE(24, i, 31, 13)        \
	SDOTE(25, i, 30, 14)        \
	SDOTE(25, i, 31, 15)        \
	SDOTE(26, i, 30, 16)        \
	SDOTE(26, i, 31, 17)        \
	SDOTE(27, i, 30, 18)        \
	SDOTE(27, i, 31, 19)        \
	SDOTE(28, i, 30, 20)        \
	SDOTE(28, i, 31, 21)        \
	SDOTE(29, i, 30, 22)        \
	SDOTE(29, i, 31, 23)

#define COLUMNS16(x, w) \
	FMOVQ x(R8), F24     \
	FMOVQ x(R9), F25     \
	FMOVQ x(R10), F26    \
	FMOVQ x(R11), F27    \
	FMOVQ x(R12), F28    \
	FMOVQ x(R13), F29    \
	COLUMNS4(w, 0)       \
	COLUMNS4(w+32, 1)    \
	COLUMNS4(w+64, 2)    \
	COLUMNS4(w+96, 3)

// (s, t) = fma(float(a, b), scales*sx, (s, t)), with the rows' scales in V30 and V31.
#define FOLD(off, x, a, b, s, t) \
	FMOVS off(x), F24        \
	FMULE(24, 0, 30, 25)     \
	FMULE(24, 0, 31, 26)     \
	SCVTF(a, a)              \
	SCVTF(b, b)              \
	FMLA(25, a, s)           \
	FMLA(26, b, t)

#define FOLD6(off) \
	FLDPQ 256(R1), (F30, F31)      \
	FOLD(off, R8, 12, 13, 0, 1)    \
	FOLD(off, R9, 14, 15, 2, 3)    \
	FOLD(off, R10, 16, 17, 4, 5)   \
	FOLD(off, R11, 18, 19, 6, 7)   \
	FOLD(off, R12, 20, 21, 8, 9)   \
	FOLD(off, R13, 22, 23, 10, 11)

#define NEXT(vector) \
	ADD  $288, R1       \
	ADD  $vector, R8    \
	ADD  $vector, R9    \
	ADD  $vector, R10   \
	ADD  $vector, R11   \
	ADD  $vector, R12   \
	ADD  $vector, R13   \
	SUBS $1, R3, R3

// func tile8Dot(a *tileArgs)
TEXT ·tile8Dot(SB), NOSPLIT, $0-8
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

// func tile16Dot(a *tileArgs)
// The high digits first; their sum is 128 times as much when the low ones are added.
TEXT ·tile16Dot(SB), NOSPLIT, $0-8
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
