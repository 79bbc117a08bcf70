#include "textflag.h"
#include "neon_arm64.h"

// Weights in bf16, widened and multiplied in float32: BFDOT rounds in its own way. The
// arguments are those of packed_vec_arm64.h and packed_tile_arm64.s. V21 and V28 are 0xffff0000.

#define AHEAD 2048

#define VECBEGIN \
	MOVD a+0(FP), R0           \
	LDP  0(R0), (R8, R9)       \
	LDP  16(R0), (R10, R11)    \
	LDP  32(R0), (R12, R13)    \
	LDP  48(R0), (R14, R15)    \
	MOVD 64(R0), R2            \
	MOVD 72(R0), R4            \
	MOVD $0xffff0000, R5       \
	VDUP R5, V21.S4

#define VECTILE \
	MOVD  R2, R1               \
	MOVD  80(R0), R3           \
	LSL   $2, R3               \
	FLDPQ (R12), (F0, F1)      \
	FLDPQ 32(R12), (F2, F3)    \
	FLDPQ (R13), (F4, F5)      \
	FLDPQ 32(R13), (F6, F7)    \
	FLDPQ (R14), (F8, F9)      \
	FLDPQ 32(R14), (F10, F11)  \
	FLDPQ (R15), (F12, F13)    \
	FLDPQ 32(R15), (F14, F15)

#define VECNEXT(vector) \
	ADD  $256, R8       \
	ADD  $256, R9       \
	ADD  $256, R10      \
	ADD  $256, R11      \
	ADD  $vector, R1    \
	SUBS $1, R3, R3

#define VECSTORE \
	FSTPQ (F0, F1), (R12)      \
	FSTPQ (F2, F3), 32(R12)    \
	FSTPQ (F4, F5), (R13)      \
	FSTPQ (F6, F7), 32(R13)    \
	FSTPQ (F8, F9), (R14)      \
	FSTPQ (F10, F11), 32(R14)  \
	FSTPQ (F12, F13), (R15)    \
	FSTPQ (F14, F15), 32(R15)  \
	ADD   $64, R12             \
	ADD   $64, R13             \
	ADD   $64, R14             \
	ADD   $64, R15             \
	SUBS  $1, R4, R4

// 2 columns of 4 rows. The first is the lower half of a lane.
#define ROWS32(at, w, x, i, j, sum) \
	FMOVQ at(w), F27        \
	SHL(16, 27, 26)         \
	AND16(21, 27, 27)         \
	FMLAE(x, i, 26, sum)    \
	FMLAE(x, j, 27, sum)

#define PAIR32(at, w, x, i, j, a, b, c, d) \
	PRFM (AHEAD+at)(w), PLDL1KEEP     \
	ROWS32(at, w, x, i, j, a)         \
	ROWS32(at+16, w, x, i, j, b)      \
	ROWS32(at+32, w, x, i, j, c)      \
	ROWS32(at+48, w, x, i, j, d)

#define PAIRS32(at, x, i, j) \
	PAIR32(at, R8, x, i, j, 0, 1, 2, 3)        \
	PAIR32(at, R9, x, i, j, 4, 5, 6, 7)        \
	PAIR32(at, R10, x, i, j, 8, 9, 10, 11)     \
	PAIR32(at, R11, x, i, j, 12, 13, 14, 15)

// func vecBF32(a *vecArgs)
TEXT ·vecBF32(SB), NOSPLIT, $0-8
	VECBEGIN
tile:
	VECTILE
octet:
	FLDPQ (R1), (F22, F23)
	PAIRS32(0, 22, 0, 1)
	PAIRS32(64, 22, 2, 3)
	PAIRS32(128, 23, 0, 1)
	PAIRS32(192, 23, 2, 3)
	VECNEXT(32)
	BNE octet
	VECSTORE
	BNE tile
	RET

// Vectors in bf16 as well: the second column of a pair comes first.
#define ROWS16(at, w, i, sum) \
	FMOVQ at(w), F27         \
	SHL(16, 27, 26)          \
	AND16(21, 27, 27)          \
	FMLAE(24, i, 27, sum)    \
	FMLAE(23, i, 26, sum)

#define PAIR16(at, w, i, a, b, c, d) \
	PRFM (AHEAD+at)(w), PLDL1KEEP    \
	ROWS16(at, w, i, a)              \
	ROWS16(at+16, w, i, b)           \
	ROWS16(at+32, w, i, c)           \
	ROWS16(at+48, w, i, d)

#define PAIRS16(at, i) \
	PAIR16(at, R8, i, 0, 1, 2, 3)        \
	PAIR16(at, R9, i, 4, 5, 6, 7)        \
	PAIR16(at, R10, i, 8, 9, 10, 11)     \
	PAIR16(at, R11, i, 12, 13, 14, 15)

// func vecBF16(a *vecArgs)
TEXT ·vecBF16(SB), NOSPLIT, $0-8
	VECBEGIN
tile:
	VECTILE
octet:
	FMOVQ (R1), F22
	SHL(16, 22, 23)
	AND16(21, 22, 24)
	PAIRS16(0, 0)
	PAIRS16(64, 1)
	PAIRS16(128, 2)
	PAIRS16(192, 3)
	VECNEXT(16)
	BNE octet
	VECSTORE
	BNE tile
	RET

// Eight rows times six vectors. The weights are the tile itself; those of the second eight
// rows begin 32 bytes later.
#define TILEBEGIN \
	MOVD  a+0(FP), R0          \
	MOVD  0(R0), R1            \
	LDP   8(R0), (R8, R9)      \
	LDP   24(R0), (R10, R11)   \
	LDP   40(R0), (R12, R13)   \
	MOVD  104(R0), R2          \
	MOVD  112(R0), R3          \
	LSL   $2, R3               \
	MOVD  $0xffff0000, R5      \
	VDUP  R5, V28.S4           \
	FLDPQ (R2), (F0, F1)       \
	FLDPQ (R2), (F2, F3)       \
	FLDPQ (R2), (F4, F5)       \
	FLDPQ (R2), (F6, F7)       \
	FLDPQ (R2), (F8, F9)       \
	FLDPQ (R2), (F10, F11)

#define TILESTORE \
	LDP   56(R0), (R8, R9)      \
	LDP   72(R0), (R10, R11)    \
	LDP   88(R0), (R12, R13)    \
	FSTPQ (F0, F1), (R8)        \
	FSTPQ (F2, F3), (R9)        \
	FSTPQ (F4, F5), (R10)       \
	FSTPQ (F6, F7), (R11)       \
	FSTPQ (F8, F9), (R12)       \
	FSTPQ (F10, F11), (R13)

// A pair of columns: the first to V24 and V25, the second to V26 and V27.
#define WIDEN(at) \
	FLDPQ at(R1), (F26, F27)    \
	SHL(16, 26, 24)             \
	SHL(16, 27, 25)             \
	AND16(28, 26, 26)             \
	AND16(28, 27, 27)

// A column u, v of the rows.
#define COLUMN(x0, x1, x2, x3, x4, x5, i, u, v) \
	FMLAE(x0, i, u, 0)     \
	FMLAE(x0, i, v, 1)     \
	FMLAE(x1, i, u, 2)     \
	FMLAE(x1, i, v, 3)     \
	FMLAE(x2, i, u, 4)     \
	FMLAE(x2, i, v, 5)     \
	FMLAE(x3, i, u, 6)     \
	FMLAE(x3, i, v, 7)     \
	FMLAE(x4, i, u, 8)     \
	FMLAE(x4, i, v, 9)     \
	FMLAE(x5, i, u, 10)    \
	FMLAE(x5, i, v, 11)

#define COLUMNS4(x, w) \
	FMOVQ x(R8), F12                                 \
	FMOVQ x(R9), F13                                 \
	FMOVQ x(R10), F14                                \
	FMOVQ x(R11), F15                                \
	FMOVQ x(R12), F16                                \
	FMOVQ x(R13), F17                                \
	WIDEN(w)                                         \
	COLUMN(12, 13, 14, 15, 16, 17, 0, 24, 25)        \
	COLUMN(12, 13, 14, 15, 16, 17, 1, 26, 27)        \
	WIDEN(w+64)                                      \
	COLUMN(12, 13, 14, 15, 16, 17, 2, 24, 25)        \
	COLUMN(12, 13, 14, 15, 16, 17, 3, 26, 27)

#define TILENEXT(vector) \
	ADD  $256, R1       \
	ADD  $vector, R8    \
	ADD  $vector, R9    \
	ADD  $vector, R10   \
	ADD  $vector, R11   \
	ADD  $vector, R12   \
	ADD  $vector, R13   \
	SUBS $1, R3, R3

// func tileBF32(a *tileArgs)
TEXT ·tileBF32(SB), NOSPLIT, $0-8
	TILEBEGIN
octet:
	COLUMNS4(0, 0)
	COLUMNS4(16, 128)
	TILENEXT(32)
	BNE octet
	TILESTORE
	RET

// 8 values of a vector: the first of each pair to even, the second to odd.
#define LOAD16(x, f, even, odd) \
	FMOVQ (x), f          \
	SHL(16, odd, even)    \
	AND16(28, odd, odd)

#define PAIR(at, i) \
	WIDEN(at)                                        \
	COLUMN(13, 15, 17, 19, 21, 23, i, 26, 27)        \
	COLUMN(12, 14, 16, 18, 20, 22, i, 24, 25)

// func tileBF16(a *tileArgs)
TEXT ·tileBF16(SB), NOSPLIT, $0-8
	TILEBEGIN
octet:
	LOAD16(R8, F13, 12, 13)
	LOAD16(R9, F15, 14, 15)
	LOAD16(R10, F17, 16, 17)
	LOAD16(R11, F19, 18, 19)
	LOAD16(R12, F21, 20, 21)
	LOAD16(R13, F23, 22, 23)
	PAIR(0, 0)
	PAIR(64, 1)
	PAIR(128, 2)
	PAIR(192, 3)
	TILENEXT(16)
	BNE octet
	TILESTORE
	RET
