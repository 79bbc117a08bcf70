#include "textflag.h"
#include "neon_arm64.h"

// Even columns of 8, then odd ones, in each 16 bytes: see lane.
DATA evens<>+0(SB)/8, $0x0705030106040200
DATA evens<>+8(SB)/8, $0x0f0d0b090e0c0a08
GLOBL evens<>(SB), RODATA|NOPTR, $16

// R0 where to, R1 values, R2 blocks left; R6 and R7 are the limits of a block's largest magnitude.
// F28 levels, F29 twice as many, V30 all bits but the sign, V31 evens.
#define BEGIN(levels) \
	MOVD  dst+0(FP), R0          \
	MOVD  x+8(FP), R1            \
	MOVD  nb+16(FP), R2          \
	MOVD  $evens<>(SB), R3       \
	FMOVQ (R3), F31              \
	MOVD  $0x7fffffff, R3        \
	VDUP  R3, V30.S4             \
	MOVD  $levels, R3            \
	FMOVS R3, F28                \
	FADDS F28, F28, F29          \
	MOVD  $0x26800000, R6        \
	MOVD  $0x7f7fffff, R7

// The larger magnitudes of two registers.
#define LARGER(a, b, d, t) \
	AND16(30, a, d)     \
	AND16(30, b, t)     \
	UMAX(t, d, d)

#define ROUND(n) \
	FMULE(17, 0, n, n)    \
	FCVTNS(n, n)

// 32 values as integers to V0-V7, their scale to F18, and -128 times their sum to R5. Blocks
// of no effect or no meaning are left to refused, with their largest magnitude in R4.
#define INTEGERS(refused) \
	FLDPQ (R1), (F0, F1)       \
	FLDPQ 32(R1), (F2, F3)     \
	FLDPQ 64(R1), (F4, F5)     \
	FLDPQ 96(R1), (F6, F7)     \
	LARGER(0, 1, 16, 17)       \
	LARGER(2, 3, 18, 19)       \
	LARGER(4, 5, 20, 21)       \
	LARGER(6, 7, 22, 23)       \
	UMAX(18, 16, 16)           \
	UMAX(22, 20, 20)           \
	UMAX(20, 16, 16)           \
	UMAXV(16, 16)              \
	FMOVS F16, R4              \
	CMPW  R6, R4               \
	BLO   refused              \
	CMPW  R7, R4               \
	BHI   refused              \
	FDIVS F16, F28, F17        \
	FDIVS F29, F16, F18        \
	ROUND(0)                   \
	ROUND(1)                   \
	ROUND(2)                   \
	ROUND(3)                   \
	ROUND(4)                   \
	ROUND(5)                   \
	ROUND(6)                   \
	ROUND(7)                   \
	ADDS4(1, 0, 19)            \
	ADDS4(3, 2, 20)            \
	ADDS4(5, 4, 21)            \
	ADDS4(7, 6, 22)            \
	ADDS4(20, 19, 19)          \
	ADDS4(22, 21, 21)          \
	ADDS4(21, 19, 19)          \
	ADDV(19, 19)               \
	FMOVS F19, R5              \
	NEGW  R5, R5               \
	LSLW  $7, R5

// The low bytes of V0-V7 in the order of lanes, to V16 and V17.
#define BYTES(a, b, c, d, e, f, g, h) \
	UZP1H(b, a, 16)       \
	UZP1H(d, c, 17)       \
	UZP1H(f, e, 20)       \
	UZP1H(h, g, 21)       \
	UZP1B(17, 16, 16)     \
	UZP1B(21, 20, 17)     \
	TBL(31, 16, 16)       \
	TBL(31, 17, 17)

// The correction and the scale of a block that is not rounded: the scale is 0 if the values are too
// small, else NaN.
#define REFUSED(at) \
	MOVW ZR, at(R0)            \
	MOVW ZR, at+4(R0)          \
	CMPW R6, R4                \
	BLO  next                  \
	MOVD $0x7fc00000, R3       \
	MOVW R3, at+4(R0)          \
	B    next

// func quantize8(dst, x unsafe.Pointer, nb int)
TEXT ·quantize8(SB), NOSPLIT, $0-24
	BEGIN(0x42fe0000) // 127
blk:
	INTEGERS(refused)
	BYTES(0, 1, 2, 3, 4, 5, 6, 7)
	FSTPQ (F16, F17), (R0)
	MOVW  R5, 32(R0)
	FMOVS F18, 36(R0)
next:
	ADD  $128, R1
	ADD  $40, R0
	SUBS $1, R2, R2
	BNE  blk
	RET
refused:
	ZERO(16)
	ZERO(17)
	FSTPQ (F16, F17), (R0)
	REFUSED(32)

// The digits of n: the low one stays, the high one goes to h. V26 is 64.
#define DIGITS(n, h) \
	ADDS4(26, n, h)      \
	SSHR(7, h, h)        \
	SHL(7, h, 16)        \
	SUBS4(16, n, n)

// func quantize16(dst, x unsafe.Pointer, nb int)
TEXT ·quantize16(SB), NOSPLIT, $0-24
	BEGIN(0x467e0000) // 127*128
	MOVD $64, R3
	VDUP R3, V26.S4
blk:
	INTEGERS(refused)
	DIGITS(0, 8)
	DIGITS(1, 9)
	DIGITS(2, 10)
	DIGITS(3, 11)
	DIGITS(4, 12)
	DIGITS(5, 13)
	DIGITS(6, 14)
	DIGITS(7, 15)
	BYTES(8, 9, 10, 11, 12, 13, 14, 15)
	FSTPQ (F16, F17), (R0)
	BYTES(0, 1, 2, 3, 4, 5, 6, 7)
	FSTPQ (F16, F17), 32(R0)
	MOVW  R5, 64(R0)
	FMOVS F18, 68(R0)
next:
	ADD  $128, R1
	ADD  $72, R0
	SUBS $1, R2, R2
	BNE  blk
	RET
refused:
	ZERO(16)
	ZERO(17)
	FSTPQ (F16, F17), (R0)
	FSTPQ (F16, F17), 32(R0)
	REFUSED(64)

// 4 bytes of a row from lanes 2i and 2i+1.
#define PIECES(v, i, at) \
	VMOV v.D[i], R3            \
	MOVW R3, at(R0)            \
	LSR  $32, R3               \
	MOVW R3, at+64(R0)

// func fillQ8(codes, scales, row unsafe.Pointer, nb int)
// One row of bf16 to 8-bit weights: see packQ8. The codes go to codes, codes+64, ..., the scales to
// scales, scales+544, ...
TEXT ·fillQ8(SB), NOSPLIT, $0-32
	MOVD  codes+0(FP), R0
	MOVD  scales+8(FP), R8
	MOVD  row+16(FP), R1
	MOVD  nb+24(FP), R2
	MOVD  $evens<>(SB), R3
	FMOVQ (R3), F31
	MOVD  $0x7fffffff, R3
	VDUP  R3, V30.S4
	VMOVI $128, V26.B16
	MOVD  $0x427e0000, R3 // 63.5
	FMOVS R3, F28
	FMOVS $2.0, F29
	MOVD  $0x0d800000, R6 // 2^-100
	MOVD  $0x7f7fffff, R7
	MOVD  $0xffff, R9
blk:
	FLDPQ (R1), (F8, F9)
	FLDPQ 32(R1), (F10, F11)
	SHLLH(8, 0)
	SHLL2H(8, 1)
	SHLLH(9, 2)
	SHLL2H(9, 3)
	SHLLH(10, 4)
	SHLL2H(10, 5)
	SHLLH(11, 6)
	SHLL2H(11, 7)
	LARGER(0, 1, 16, 17)
	LARGER(2, 3, 18, 19)
	LARGER(4, 5, 20, 21)
	LARGER(6, 7, 22, 23)
	UMAX(18, 16, 16)
	UMAX(22, 20, 20)
	UMAX(20, 16, 16)
	UMAXV(16, 16)
	FMOVS F16, R4
	CMPW  R7, R4
	BHI   broken
	CMPW  R6, R4
	BLO   small
	FDIVS F28, F16, F16
	FMOVS F16, R4
	ADDW  R9, R4, R4 // the scale in bf16, not below
	LSRW  $16, R4
	LSLW  $16, R4, R5
	FMOVS R5, F17
	FDIVS F17, F29, F17
	ROUND(0)
	ROUND(1)
	ROUND(2)
	ROUND(3)
	ROUND(4)
	ROUND(5)
	ROUND(6)
	ROUND(7)
	BYTES(0, 1, 2, 3, 4, 5, 6, 7)
	EOR16(26, 16, 16)
	EOR16(26, 17, 17)
write:
	MOVH  R4, (R8)
	PIECES(V16, 0, 0)
	PIECES(V16, 1, 128)
	PIECES(V17, 0, 256)
	PIECES(V17, 1, 384)
	ADD   $64, R1
	ADD   $544, R0
	ADD   $544, R8
	SUBS  $1, R2, R2
	BNE   blk
	RET
broken:
	MOVD  $0x7fc0, R4
	MOV(26, 16)
	MOV(26, 17)
	B     write
small:
	MOVD  ZR, R4
	MOV(26, 16)
	MOV(26, 17)
	B     write
