#include "textflag.h"
#include "neon_arm64.h"

// A tile of 16 rows for the functions in packed_tile_arm64.s: rows 0 to 7, then rows 8 to 15; of each
// block 8 times 8 rows of 4 columns as signed bytes, then 8 scales as float32. The functions whose name ends in
// Pairs write for packed_smmla_arm64.s: 4 times 4 pairs of rows of 8 columns.
//
// R1 rows 0-7, R5 rows 8-15, R2 the tile, R3 blocks left.

// 2*e2m1 of every code.
DATA codes<>+0(SB)/8, $0x0c08060403020100
DATA codes<>+8(SB)/8, $0xf4f8fafcfdfeff00
GLOBL codes<>(SB), RODATA|NOPTR, $16

#define BEGIN \
	MOVD dst+0(FP), R1     \
	MOVD w+8(FP), R2       \
	MOVD nb+16(FP), R3     \
	MOVD $288, R4          \
	MUL  R4, R3, R4        \
	ADD  R1, R4, R5

#define NEXT(group) \
	FSTPQ (F0, F1), 256(R1)    \
	FSTPQ (F2, F3), 256(R5)    \
	ADD   $288, R1             \
	ADD   $288, R5             \
	ADD   $group, R2           \
	SUBS  $1, R3, R3

#define SPLIT(n, low) \
	AND16(21, n, low)     \
	USHRB(4, n, n)      \
	TBL(low, 20, low)   \
	TBL(n, 20, n)

#define MXCOLUMNS(i) \
	FLDPQ (64*i)(R2), (F0, F1)       \
	FLDPQ (64*i+32)(R2), (F2, F3)    \
	SPLIT(0, 4)                      \
	SPLIT(1, 5)                      \
	SPLIT(2, 6)                      \
	SPLIT(3, 7)                      \
	FSTPQ (F4, F5), (64*i)(R1)       \
	FSTPQ (F0, F1), (64*i+32)(R1)    \
	FSTPQ (F6, F7), (64*i)(R5)       \
	FSTPQ (F2, F3), (64*i+32)(R5)

// func panelMX(dst, w unsafe.Pointer, nb int)
TEXT ·panelMX(SB), NOSPLIT, $0-24
	BEGIN
	MOVD  $codes<>(SB), R6
	FMOVQ (R6), F20
	VMOVI $15, V21.B16
blk:
	MXCOLUMNS(0)
	MXCOLUMNS(1)
	MXCOLUMNS(2)
	MXCOLUMNS(3)
	FMOVQ 256(R2), F4
	USHLLB(7, 4, 5)
	USHLL2B(7, 4, 6)
	SHLLH(5, 0)
	SHLL2H(5, 1)
	SHLLH(6, 2)
	SHLL2H(6, 3)
	NEXT(272)
	BNE   blk
	RET

// A register of 4 columns of 4 rows and one of the next 4 columns, to the first two and the last two rows.
#define PAIRS(lo, hi, a, b) \
	ZIP1S(hi, lo, a)    \
	ZIP2S(hi, lo, b)

#define MXPAIRS(i) \
	FLDPQ (64*i)(R2), (F0, F1)         \
	FLDPQ (64*i+32)(R2), (F2, F3)      \
	SPLIT(0, 4)                        \
	SPLIT(1, 5)                        \
	SPLIT(2, 6)                        \
	SPLIT(3, 7)                        \
	PAIRS(4, 0, 16, 17)                \
	PAIRS(5, 1, 18, 19)                \
	PAIRS(6, 2, 22, 23)                \
	PAIRS(7, 3, 24, 25)                \
	FSTPQ (F16, F17), (64*i)(R1)       \
	FSTPQ (F18, F19), (64*i+32)(R1)    \
	FSTPQ (F22, F23), (64*i)(R5)       \
	FSTPQ (F24, F25), (64*i+32)(R5)

// func panelMXPairs(dst, w unsafe.Pointer, nb int)
TEXT ·panelMXPairs(SB), NOSPLIT, $0-24
	BEGIN
	MOVD  $codes<>(SB), R6
	FMOVQ (R6), F20
	VMOVI $15, V21.B16
blk:
	MXPAIRS(0)
	MXPAIRS(1)
	MXPAIRS(2)
	MXPAIRS(3)
	FMOVQ 256(R2), F4
	USHLLB(7, 4, 5)
	USHLL2B(7, 4, 6)
	SHLLH(5, 0)
	SHLL2H(5, 1)
	SHLLH(6, 2)
	SHLL2H(6, 3)
	NEXT(272)
	BNE   blk
	RET

#define Q8COLUMNS(i) \
	FLDPQ (64*i)(R2), (F0, F1)       \
	FLDPQ (64*i+32)(R2), (F2, F3)    \
	EOR16(21, 0, 0)                    \
	EOR16(21, 1, 1)                    \
	EOR16(21, 2, 2)                    \
	EOR16(21, 3, 3)                    \
	FSTPQ (F0, F1), (32*i)(R1)       \
	FSTPQ (F2, F3), (32*i)(R5)

// func panelQ8(dst, w unsafe.Pointer, nb int)
TEXT ·panelQ8(SB), NOSPLIT, $0-24
	BEGIN
	VMOVI $128, V21.B16
blk:
	Q8COLUMNS(0)
	Q8COLUMNS(1)
	Q8COLUMNS(2)
	Q8COLUMNS(3)
	Q8COLUMNS(4)
	Q8COLUMNS(5)
	Q8COLUMNS(6)
	Q8COLUMNS(7)
	FMOVQ 512(R2), F4
	FMOVQ 528(R2), F5
	SHLLH(4, 0)
	SHLL2H(4, 1)
	SHLLH(5, 2)
	SHLL2H(5, 3)
	NEXT(544)
	BNE   blk
	RET

#define Q8PAIRS(i) \
	FLDPQ (128*i)(R2), (F0, F1)        \
	FLDPQ (128*i+32)(R2), (F2, F3)     \
	FLDPQ (128*i+64)(R2), (F4, F5)     \
	FLDPQ (128*i+96)(R2), (F6, F7)     \
	EOR16(21, 0, 0)                    \
	EOR16(21, 1, 1)                    \
	EOR16(21, 2, 2)                    \
	EOR16(21, 3, 3)                    \
	EOR16(21, 4, 4)                    \
	EOR16(21, 5, 5)                    \
	EOR16(21, 6, 6)                    \
	EOR16(21, 7, 7)                    \
	PAIRS(0, 4, 16, 17)                \
	PAIRS(1, 5, 18, 19)                \
	PAIRS(2, 6, 22, 23)                \
	PAIRS(3, 7, 24, 25)                \
	FSTPQ (F16, F17), (64*i)(R1)       \
	FSTPQ (F18, F19), (64*i+32)(R1)    \
	FSTPQ (F22, F23), (64*i)(R5)       \
	FSTPQ (F24, F25), (64*i+32)(R5)

// func panelQ8Pairs(dst, w unsafe.Pointer, nb int)
TEXT ·panelQ8Pairs(SB), NOSPLIT, $0-24
	BEGIN
	VMOVI $128, V21.B16
blk:
	Q8PAIRS(0)
	Q8PAIRS(1)
	Q8PAIRS(2)
	Q8PAIRS(3)
	FMOVQ 512(R2), F4
	FMOVQ 528(R2), F5
	SHLLH(4, 0)
	SHLL2H(4, 1)
	SHLLH(5, 2)
	SHLL2H(5, 3)
	NEXT(544)
	BNE   blk
	RET
