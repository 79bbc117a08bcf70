#include "textflag.h"
#include "neon_arm64.h"
#include "exp_arm64.h"

EXPCONSTS(expc<>)

DATA iota<>+0(SB)/8, $0x0000000100000000
DATA iota<>+8(SB)/8, $0x0000000300000002
GLOBL iota<>(SB), RODATA|NOPTR, $16

// q·k of one dimension, lane i of V24-V27: 4 query heads times 16 keys.
#define DIMENSION(i) \
	FLDPQ (R5), (F16, F17)      \
	FLDPQ 32(R5), (F18, F19)    \
	ADD   $256, R5              \
	FMLAE(24, i, 16, 0)         \
	FMLAE(24, i, 17, 1)         \
	FMLAE(24, i, 18, 2)         \
	FMLAE(24, i, 19, 3)         \
	FMLAE(25, i, 16, 4)         \
	FMLAE(25, i, 17, 5)         \
	FMLAE(25, i, 18, 6)         \
	FMLAE(25, i, 19, 7)         \
	FMLAE(26, i, 16, 8)         \
	FMLAE(26, i, 17, 9)         \
	FMLAE(26, i, 18, 10)        \
	FMLAE(26, i, 19, 11)        \
	FMLAE(27, i, 16, 12)        \
	FMLAE(27, i, 17, 13)        \
	FMLAE(27, i, 18, 14)        \
	FMLAE(27, i, 19, 15)

// A score of each head for 4 keys: scaled, or the lowest if nobody may see the key. V20 is the slots
// from the first on, V21 how many there are, V23 the lowest, V28 the scale, V29 four.
#define MASKED(a, b, c, d) \
	CMHI(20, 21, 22)       \
	ADDS4(29, 20, 20)      \
	FMULE(28, 0, a, a)     \
	FMULE(28, 0, b, b)     \
	FMULE(28, 0, c, c)     \
	FMULE(28, 0, d, d)     \
	BIF(22, 23, a)         \
	BIF(22, 23, b)         \
	BIF(22, 23, c)         \
	BIF(22, 23, d)

#define VALUE(h, a, b, c, d) \
	FMOVS (256*h)(R9), F24    \
	FMLAE(24, 0, 16, a)       \
	FMLAE(24, 0, 17, b)       \
	FMLAE(24, 0, 18, c)       \
	FMLAE(24, 0, 19, d)

// 16 dimensions of what head h has so far, less by its factor in V28.
#define SHRINK(h, out, fa, fb, fc, fd, a, b, c, d) \
	FLDPQ (out), (fa, fb)      \
	FLDPQ 32(out), (fc, fd)    \
	FMULE(28, h, a, a)         \
	FMULE(28, h, b, b)         \
	FMULE(28, h, c, c)         \
	FMULE(28, h, d, d)

// func attendPage(a *pageArgs)
// One page of keys and values for four query heads of one token.
//
//	0 q   8 keys   16 values   24 out   32 weights   40 state
//	48 first slot   56 slots from it on   64 dimensions, a multiple of 16   72 scale
//
// state: 4 running maxima, 4 sums, 4 factors. weights: of 64 slots for each head.
TEXT ·attendPage(SB), NOSPLIT, $0-8
	MOVD  a+0(FP), R0
	MOVD  48(R0), R10
	MOVD  56(R0), R11
	MOVD  64(R0), R12
	LSL   $2, R12, R13          // bytes of a head
	AND   $~15, R10, R14        // sixteen slots at a time, from those of the first on
	ADD   R10, R11, R15
	SUB   R14, R15
	ADD   $15, R15
	LSR   $4, R15               // so many times
	MOVD  32(R0), R7
	ADD   R14<<2, R7            // weights of the first head
	MOVD  8(R0), R8
	ADD   R14<<2, R8            // keys

	// Scores.
	MOVD  R7, R9
	MOVD  R15, R16
	SUB   R10, R14, R10
	VDUP  R10, V30.S4
	MOVD  $iota<>(SB), R1
	FMOVQ (R1), F20
	ADDS4(30, 20, 30)
sixteen:
	MOVD  0(R0), R1
	ADD   R13, R1, R2
	ADD   R13, R2, R3
	ADD   R13, R3, R4
	MOVD  R8, R5
	MOVD  R12, R6
	ZERO(0)
	ZERO(1)
	ZERO(2)
	ZERO(3)
	ZERO(4)
	ZERO(5)
	ZERO(6)
	ZERO(7)
	ZERO(8)
	ZERO(9)
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
dims:
	FMOVQ.P 16(R1), F24
	FMOVQ.P 16(R2), F25
	FMOVQ.P 16(R3), F26
	FMOVQ.P 16(R4), F27
	DIMENSION(0)
	DIMENSION(1)
	DIMENSION(2)
	DIMENSION(3)
	SUBS  $4, R6, R6
	BNE   dims
	VDUP  R11, V21.S4
	MOVD  $0xff800000, R1
	VDUP  R1, V23.S4
	MOVD  $4, R1
	VDUP  R1, V29.S4
	FMOVS 72(R0), F28
	MOV(30, 20)
	MASKED(0, 4, 8, 12)
	MASKED(1, 5, 9, 13)
	MASKED(2, 6, 10, 14)
	MASKED(3, 7, 11, 15)
	MOV(20, 30)
	FSTPQ (F0, F1), (R9)
	FSTPQ (F2, F3), 32(R9)
	FSTPQ (F4, F5), 256(R9)
	FSTPQ (F6, F7), 288(R9)
	FSTPQ (F8, F9), 512(R9)
	FSTPQ (F10, F11), 544(R9)
	FSTPQ (F12, F13), 768(R9)
	FSTPQ (F14, F15), 800(R9)
	ADD   $64, R9
	ADD   $64, R8
	SUBS  $1, R16, R16
	BNE   sixteen

	// Weights, head by head.
	EXPLOAD(expc<>, R1)
	MOVD  40(R0), R10
	MOVD  $4, R6
	MOVD  R7, R9
head:
	MOVD  R9, R1
	MOVD  R15, R16
	FMOVS (R10), F30
	DUPS(0, 30, 30)
	MOV(30, 28)
largest:
	FLDPQ (R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FMAX(1, 0, 0)
	FMAX(3, 2, 2)
	FMAX(2, 0, 0)
	FMAX(0, 28, 28)
	ADD   $64, R1
	SUBS  $1, R16, R16
	BNE   largest
	FMAXP(28, 28, 28)
	FMAXP(28, 28, 28)
	FMOVS F28, (R10)
	FSUB(28, 30, 30)
	EXP(30, 4, 5, 6)
	FMOVS F30, 32(R10)
	MOVD  R9, R1
	MOVD  R15, R16
	ZERO(29)
weights:
	FLDPQ (R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FSUB(28, 0, 0)
	FSUB(28, 1, 1)
	FSUB(28, 2, 2)
	FSUB(28, 3, 3)
	EXP(0, 4, 5, 6)
	EXP(1, 7, 8, 9)
	EXP(2, 10, 11, 12)
	EXP(3, 13, 14, 15)
	FSTPQ (F0, F1), (R1)
	FSTPQ (F2, F3), 32(R1)
	FADD(1, 0, 0)
	FADD(3, 2, 2)
	FADD(2, 0, 0)
	FADD(0, 29, 29)
	ADD   $64, R1
	SUBS  $1, R16, R16
	BNE   weights
	FADDP(29, 29, 29)
	FADDP(29, 29, 29)
	FMOVS 16(R10), F0
	FMLA(30, 0, 29)
	FMOVS F29, 16(R10)
	ADD   $4, R10
	ADD   $256, R9
	SUBS  $1, R6, R6
	BNE   head

	// Values, 16 dimensions at a time.
	MOVD  40(R0), R10
	FMOVQ 32(R10), F28
	MOVD  32(R0), R7
	MOVD  48(R0), R10
	ADD   R10<<2, R7
	MOVD  16(R0), R8
	MUL   R13, R10
	ADD   R10, R8
	MOVD  24(R0), R1
	ADD   R13, R1, R2
	ADD   R13, R2, R3
	ADD   R13, R3, R4
part:
	SHRINK(0, R1, F0, F1, F2, F3, 0, 1, 2, 3)
	SHRINK(1, R2, F4, F5, F6, F7, 4, 5, 6, 7)
	SHRINK(2, R3, F8, F9, F10, F11, 8, 9, 10, 11)
	SHRINK(3, R4, F12, F13, F14, F15, 12, 13, 14, 15)
	MOVD  R8, R5
	MOVD  R7, R9
	MOVD  R11, R16
slot:
	FLDPQ (R5), (F16, F17)
	FLDPQ 32(R5), (F18, F19)
	VALUE(0, 0, 1, 2, 3)
	VALUE(1, 4, 5, 6, 7)
	VALUE(2, 8, 9, 10, 11)
	VALUE(3, 12, 13, 14, 15)
	ADD   R13, R5
	ADD   $4, R9
	SUBS  $1, R16, R16
	BNE   slot
	FSTPQ (F0, F1), (R1)
	FSTPQ (F2, F3), 32(R1)
	FSTPQ (F4, F5), (R2)
	FSTPQ (F6, F7), 32(R2)
	FSTPQ (F8, F9), (R3)
	FSTPQ (F10, F11), 32(R3)
	FSTPQ (F12, F13), (R4)
	FSTPQ (F14, F15), 32(R4)
	ADD   $64, R1
	ADD   $64, R2
	ADD   $64, R3
	ADD   $64, R4
	ADD   $64, R8
	SUBS  $16, R12, R12
	BNE   part
	RET
