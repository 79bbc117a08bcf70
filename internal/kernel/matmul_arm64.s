#include "textflag.h"
#include "neon_arm64.h"

// Products with float32 activations. The columns of a row are taken in blocks of 32. Lane j of an
// accumulator adds, block after block, columns 2j, 2j+1, 2j+8, 2j+9, and so on, each with one
// fused multiply-add; FADDP adds the lanes, neighbours first. Every function below keeps
// this order, so one token and many give the same bits.
//
// A block of a row is widened to V24-V31, even and odd columns of each 8 in turn, and so are the
// activations, to V16-V23.

// The 16 values of e2m1 in bf16: the low bytes, then the high ones.
DATA e2m1<>+0(SB)/8, $0xc0804000c0800000
DATA e2m1<>+8(SB)/8, $0xc0804000c0800000
DATA e2m1<>+16(SB)/8, $0x404040403f3f3f00
DATA e2m1<>+24(SB)/8, $0xc0c0c0c0bfbfbf80
GLOBL e2m1<>(SB), RODATA|NOPTR, $32

#define ACTIVATIONS \
	VLD2.P 32(R1), [V16.S4, V17.S4]    \
	VLD2.P 32(R1), [V18.S4, V19.S4]    \
	VLD2.P 32(R1), [V20.S4, V21.S4]    \
	VLD2.P 32(R1), [V22.S4, V23.S4]

// A block of bf16. V8 is 0xffff0000.
#define WIDEN(w) \
	FLDPQ.P 32(w), (F25, F27)    \
	FLDPQ.P 32(w), (F29, F31)    \
	SHL(16, 25, 24)              \
	SHL(16, 27, 26)              \
	SHL(16, 29, 28)              \
	SHL(16, 31, 30)              \
	AND16(8, 25, 25)               \
	AND16(8, 27, 27)               \
	AND16(8, 29, 29)               \
	AND16(8, 31, 31)

// A block of codes with its scale: the value of scale 0, 2^-127, has its bits in R7. V8 and V9 are
// the table, V10 the mask of a nibble.
#define WIDEN4(w, s) \
	FMOVQ.P 16(w), F12         \
	MOVBU.P 1(s), R6           \
	LSL     $23, R6            \
	CMP     $0, R6             \
	CSEL    EQ, R7, R6, R6     \
	FMOVS   R6, F11            \
	AND16(10, 12, 13)            \
	USHRB(4, 12, 12)           \
	TBL(13, 8, 14)             \
	TBL(13, 9, 15)             \
	ZIP1B(15, 14, 13)          \
	ZIP2B(15, 14, 14)          \
	SHLLH(13, 24)              \
	SHLL2H(13, 26)             \
	SHLLH(14, 28)              \
	SHLL2H(14, 30)             \
	TBL(12, 8, 14)             \
	TBL(12, 9, 15)             \
	ZIP1B(15, 14, 13)          \
	ZIP2B(15, 14, 14)          \
	SHLLH(13, 25)              \
	SHLL2H(13, 27)             \
	SHLLH(14, 29)              \
	SHLL2H(14, 31)             \
	FMULE(11, 0, 24, 24)       \
	FMULE(11, 0, 25, 25)       \
	FMULE(11, 0, 26, 26)       \
	FMULE(11, 0, 27, 27)       \
	FMULE(11, 0, 28, 28)       \
	FMULE(11, 0, 29, 29)       \
	FMULE(11, 0, 30, 30)       \
	FMULE(11, 0, 31, 31)

#define DOT(acc) \
	FMLA(16, 24, acc)    \
	FMLA(17, 25, acc)    \
	FMLA(18, 26, acc)    \
	FMLA(19, 27, acc)    \
	FMLA(20, 28, acc)    \
	FMLA(21, 29, acc)    \
	FMLA(22, 30, acc)    \
	FMLA(23, 31, acc)

#define ROWB(w, acc) \
	WIDEN(w)    \
	DOT(acc)

#define ROW4(w, s, acc) \
	WIDEN4(w, s)    \
	DOT(acc)

#define CLEAR8 \
	ZERO(0)    \
	ZERO(1)    \
	ZERO(2)    \
	ZERO(3)    \
	ZERO(4)    \
	ZERO(5)    \
	ZERO(6)    \
	ZERO(7)

// The sums of the lanes of four registers, to the first.
#define SUM4(a, b, c, d) \
	FADDP(b, a, a)    \
	FADDP(d, c, c)    \
	FADDP(c, a, a)

// func vec8BF16(y, x *float32, w *byte, blocks int)
// Eight rows, one after the other.
TEXT ·vec8BF16(SB), NOSPLIT, $0-32
	MOVD  y+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  w+16(FP), R8
	MOVD  blocks+24(FP), R2
	LSL   $6, R2, R3
	ADD   R3, R8, R9
	ADD   R3, R9, R10
	ADD   R3, R10, R11
	ADD   R3, R11, R12
	ADD   R3, R12, R13
	ADD   R3, R13, R14
	ADD   R3, R14, R15
	MOVD  $0xffff0000, R4
	VDUP  R4, V8.S4
	CLEAR8
blk:
	ACTIVATIONS
	ROWB(R8, 0)
	ROWB(R9, 1)
	ROWB(R10, 2)
	ROWB(R11, 3)
	ROWB(R12, 4)
	ROWB(R13, 5)
	ROWB(R14, 6)
	ROWB(R15, 7)
	SUBS  $1, R2, R2
	BNE   blk
	SUM4(0, 1, 2, 3)
	SUM4(4, 5, 6, 7)
	FMOVQ F0, (R0)
	FMOVQ F4, 16(R0)
	RET

// func vec1BF16(y, x *float32, w *byte, blocks int)
TEXT ·vec1BF16(SB), NOSPLIT, $0-32
	MOVD  y+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  w+16(FP), R8
	MOVD  blocks+24(FP), R2
	MOVD  $0xffff0000, R4
	VDUP  R4, V8.S4
	ZERO(0)
blk:
	ACTIVATIONS
	ROWB(R8, 0)
	SUBS  $1, R2, R2
	BNE   blk
	FADDP(0, 0, 0)
	FADDP(0, 0, 0)
	FMOVS F0, (R0)
	RET

#define TABLE \
	MOVD  $e2m1<>(SB), R4    \
	FLDPQ (R4), (F8, F9)     \
	VMOVI $15, V10.B16       \
	MOVD  $0x400000, R7

// func vec8MXFP4(y, x *float32, codes, scales *byte, blocks int)
TEXT ·vec8MXFP4(SB), NOSPLIT, $0-40
	MOVD  y+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  codes+16(FP), R8
	MOVD  scales+24(FP), R19
	MOVD  blocks+32(FP), R2
	LSL   $4, R2, R3
	ADD   R3, R8, R9
	ADD   R3, R9, R10
	ADD   R3, R10, R11
	ADD   R3, R11, R12
	ADD   R3, R12, R13
	ADD   R3, R13, R14
	ADD   R3, R14, R15
	ADD   R2, R19, R20
	ADD   R2, R20, R21
	ADD   R2, R21, R22
	ADD   R2, R22, R23
	ADD   R2, R23, R24
	ADD   R2, R24, R25
	ADD   R2, R25, R26
	TABLE
	CLEAR8
blk:
	ACTIVATIONS
	ROW4(R8, R19, 0)
	ROW4(R9, R20, 1)
	ROW4(R10, R21, 2)
	ROW4(R11, R22, 3)
	ROW4(R12, R23, 4)
	ROW4(R13, R24, 5)
	ROW4(R14, R25, 6)
	ROW4(R15, R26, 7)
	SUBS  $1, R2, R2
	BNE   blk
	SUM4(0, 1, 2, 3)
	SUM4(4, 5, 6, 7)
	FMOVQ F0, (R0)
	FMOVQ F4, 16(R0)
	RET

// func vec1MXFP4(y, x *float32, codes, scales *byte, blocks int)
TEXT ·vec1MXFP4(SB), NOSPLIT, $0-40
	MOVD  y+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  codes+16(FP), R8
	MOVD  scales+24(FP), R19
	MOVD  blocks+32(FP), R2
	TABLE
	ZERO(0)
blk:
	ACTIVATIONS
	ROW4(R8, R19, 0)
	SUBS  $1, R2, R2
	BNE   blk
	FADDP(0, 0, 0)
	FADDP(0, 0, 0)
	FMOVS F0, (R0)
	RET

#define WIDE \
	FSTPQ.P (F24, F25), 32(R0)    \
	FSTPQ.P (F26, F27), 32(R0)    \
	FSTPQ.P (F28, F29), 32(R0)    \
	FSTPQ.P (F30, F31), 32(R0)

// func panelBF16(dst *float32, w *byte, blocks int)
// Widens blocks of 32, in the order above.
TEXT ·panelBF16(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD w+8(FP), R8
	MOVD blocks+16(FP), R2
	MOVD $0xffff0000, R4
	VDUP R4, V8.S4
blk:
	WIDEN(R8)
	WIDE
	SUBS $1, R2, R2
	BNE  blk
	RET

// func panelMXFP4(dst *float32, codes, scales *byte, blocks int)
TEXT ·panelMXFP4(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD codes+8(FP), R8
	MOVD scales+16(FP), R19
	MOVD blocks+24(FP), R2
	TABLE
blk:
	WIDEN4(R8, R19)
	WIDE
	SUBS $1, R2, R2
	BNE  blk
	RET

// func panelF32(dst, src *float32, blocks int)
// Puts blocks of 32 float32 into the same order.
TEXT ·panelF32(SB), NOSPLIT, $0-24
	MOVD    dst+0(FP), R0
	MOVD    src+8(FP), R1
	MOVD    blocks+16(FP), R2
blk:
	ACTIVATIONS
	FSTPQ.P (F16, F17), 32(R0)
	FSTPQ.P (F18, F19), 32(R0)
	FSTPQ.P (F20, F21), 32(R0)
	FSTPQ.P (F22, F23), 32(R0)
	SUBS    $1, R2, R2
	BNE     blk
	RET

// Four rows (V24-V27) times 4 values of a token.
#define TOKEN(at, a, b, c, d) \
	FMOVQ.P 16(at), F28    \
	FMLA(28, 24, a)        \
	FMLA(28, 25, b)        \
	FMLA(28, 26, c)        \
	FMLA(28, 27, d)

// func tile4x6(y, w, x *float32, blocks, ldx int)
// Four rows times six tokens, all in panel order; rows one after the other, tokens ldx apart.
// y gets 24 sums: four of each token.
TEXT ·tile4x6(SB), NOSPLIT, $0-40
	MOVD y+0(FP), R0
	MOVD w+8(FP), R3
	MOVD x+16(FP), R8
	MOVD blocks+24(FP), R2
	MOVD ldx+32(FP), R1
	LSL  $2, R1
	ADD  R1, R8, R9
	ADD  R1, R9, R10
	ADD  R1, R10, R11
	ADD  R1, R11, R12
	ADD  R1, R12, R13
	LSL  $7, R2, R1
	ADD  R1, R3, R4
	ADD  R1, R4, R5
	ADD  R1, R5, R6
	LSL  $3, R2
	CLEAR8
	ZERO(8)
	ZERO(9)
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
	ZERO(16)
	ZERO(17)
	ZERO(18)
	ZERO(19)
	ZERO(20)
	ZERO(21)
	ZERO(22)
	ZERO(23)
four:
	FMOVQ.P 16(R3), F24
	FMOVQ.P 16(R4), F25
	FMOVQ.P 16(R5), F26
	FMOVQ.P 16(R6), F27
	TOKEN(R8, 0, 1, 2, 3)
	TOKEN(R9, 4, 5, 6, 7)
	TOKEN(R10, 8, 9, 10, 11)
	TOKEN(R11, 12, 13, 14, 15)
	TOKEN(R12, 16, 17, 18, 19)
	TOKEN(R13, 20, 21, 22, 23)
	SUBS $1, R2, R2
	BNE  four
	SUM4(0, 1, 2, 3)
	SUM4(4, 5, 6, 7)
	SUM4(8, 9, 10, 11)
	SUM4(12, 13, 14, 15)
	SUM4(16, 17, 18, 19)
	SUM4(20, 21, 22, 23)
	FSTPQ (F0, F4), (R0)
	FSTPQ (F8, F12), 32(R0)
	FSTPQ (F16, F20), 64(R0)
	RET
