#include "textflag.h"
#include "neon_arm64.h"

// R1-R4 are four rows.
#define BEGIN(rows, stride) \
	MOVD rows, R1          \
	MOVD stride, R5        \
	ADD  R5, R1, R2        \
	ADD  R5, R2, R3        \
	ADD  R5, R3, R4

// 16 bytes of the rows to V0-V3; pieces of 4 bytes, of all rows, to R0, R0+64, ...
#define TRANSPOSE \
	FMOVQ.P 16(R1), F0    \
	FMOVQ.P 16(R2), F1    \
	FMOVQ.P 16(R3), F2    \
	FMOVQ.P 16(R4), F3    \
	ZIP1S(1, 0, 4)        \
	ZIP2S(1, 0, 5)        \
	ZIP1S(3, 2, 6)        \
	ZIP2S(3, 2, 7)        \
	ZIP1D(6, 4, 16)       \
	ZIP2D(6, 4, 17)       \
	ZIP1D(7, 5, 18)       \
	ZIP2D(7, 5, 19)       \
	FMOVQ F16, (R0)       \
	FMOVQ F17, 64(R0)     \
	FMOVQ F18, 128(R0)    \
	FMOVQ F19, 192(R0)

// func fillMX(dst, scales, codes unsafe.Pointer, nb int)
// The codes of 4 rows of nb blocks to a tile whose scales are there. Blocks of zeros get the scale 1.
TEXT ·fillMX(SB), NOSPLIT, $0-32
	MOVD  dst+0(FP), R0
	MOVD  scales+8(FP), R8
	MOVD  nb+24(FP), R9
	LSL   $4, R9, R6
	BEGIN(codes+16(FP), R6)
	MOVD  $0x77777777, R7
	VDUP  R7, V30.S4
	VMOVI $127, V31.B16
blk:
	TRANSPOSE
	ORR16(17, 16, 16)
	ORR16(19, 18, 18)
	ORR16(18, 16, 16)
	CMTST(30, 16, 16)
	UZP1H(16, 16, 16)
	UZP1B(16, 16, 16)
	FMOVS (R8), F17
	BIF(16, 31, 17)
	FMOVS F17, (R8)
	ADD   $272, R0
	ADD   $272, R8
	SUBS  $1, R9, R9
	BNE   blk
	RET

// func fillBF16(dst, values unsafe.Pointer, octets int)
// 4 rows of bf16, 8 columns at a time.
TEXT ·fillBF16(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD octets+16(FP), R9
	LSL  $4, R9, R6
	BEGIN(values+8(FP), R6)
octet:
	TRANSPOSE
	ADD  $256, R0
	SUBS $1, R9, R9
	BNE  octet
	RET
