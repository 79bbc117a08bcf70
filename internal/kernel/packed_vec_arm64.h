// Matrix times one vector, for whole numbers. Four streams of tiles are read at once, as on other
// processors; whether that is best here was not measured on hardware. Each function takes a *vecArgs:
//
//	0 w[4]   32 y[4]   64 x   72 tiles of each stream   80 blocks of a tile
//
// and adds to y: tile i of stream j to the 16 floats at y[j]+64*i.
//
// R0 args, R1 x, R2 x's begin, R3 blocks left, R4 tiles left, R8-R11 w, R12-R15 y.
// V0-V15 are the rows' sums, V16-V19 the integer sums of 16 rows of a block,
// V20 the values of the codes, V21 a mask, V22-V25 the vector's block.
//
// The file that includes this defines PREPARE and the products of 16 bytes, 4 rows, with 4 columns:
// DOTLO with those of the lower nibbles or of 8-bit weights, DOTHI with those of the higher nibbles.

// How far ahead of its reads a stream asks for memory.
#define AHEAD 2048

// 2*e2m1 of every code.
DATA codes<>+0(SB)/8, $0x0c08060403020100
DATA codes<>+8(SB)/8, $0xf4f8fafcfdfeff00
GLOBL codes<>(SB), RODATA|NOPTR, $16

#define BEGIN(mask) \
	MOVD  a+0(FP), R0          \
	LDP   0(R0), (R8, R9)      \
	LDP   16(R0), (R10, R11)   \
	LDP   32(R0), (R12, R13)   \
	LDP   48(R0), (R14, R15)   \
	MOVD  64(R0), R2           \
	MOVD  72(R0), R4           \
	MOVD  $codes<>(SB), R5     \
	FMOVQ (R5), F20            \
	VMOVI mask, V21.B16

#define TILE \
	MOVD  R2, R1               \
	MOVD  80(R0), R3           \
	FLDPQ (R12), (F0, F1)      \
	FLDPQ 32(R12), (F2, F3)    \
	FLDPQ (R13), (F4, F5)      \
	FLDPQ 32(R13), (F6, F7)    \
	FLDPQ (R14), (F8, F9)      \
	FLDPQ 32(R14), (F10, F11)  \
	FLDPQ (R15), (F12, F13)    \
	FLDPQ 32(R15), (F14, F15)

#define STORE \
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
	ADD   $64, R15

#define NEXT(group, vector) \
	ADD $group, R8     \
	ADD $group, R9     \
	ADD $group, R10    \
	ADD $group, R11    \
	ADD $vector, R1

#define CLEAR \
	ZERO(16)    \
	ZERO(17)    \
	ZERO(18)    \
	ZERO(19)

// 4 rows of 8 columns of MXFP4: the low nibbles, then the high ones.
#define MXROWS(at, w, x, lo, hi, acc) \
	FMOVQ at(w), F27           \
	AND16(21, 27, 28)            \
	USHRB(4, 27, 27)           \
	TBL(28, 20, 28)            \
	TBL(27, 20, 27)            \
	DOTLO(x, lo, 28, acc)      \
	DOTHI(x, hi, 27, acc)

#define MXCOLUMNS(at, w, x, lo, hi) \
	PRFM (AHEAD+at)(w), PLDL1KEEP      \
	PREPARE(x, lo, hi)                 \
	MXROWS(at, w, x, lo, hi, 16)       \
	MXROWS(at+16, w, x, lo, hi, 17)    \
	MXROWS(at+32, w, x, lo, hi, 18)    \
	MXROWS(at+48, w, x, lo, hi, 19)

#define MXDOT(w, x, y) \
	MXCOLUMNS(0, w, x, 0, 1)      \
	MXCOLUMNS(64, w, x, 2, 3)     \
	MXCOLUMNS(128, w, y, 0, 1)    \
	MXCOLUMNS(192, w, y, 2, 3)

// sum = fma(float(acc), scale*sx, sum); sx is lane 1 of V26.
#define FOLD(scale, acc, sum) \
	FMULE(26, 1, scale, scale)    \
	SCVTF(acc, acc)               \
	FMLA(scale, acc, sum)

#define FOLD4(tail, a, b, c, d) \
	FMOVD tail(R1), F26    \
	FOLD(29, 16, a)        \
	FOLD(30, 17, b)        \
	FOLD(31, 18, c)        \
	FOLD(28, 19, d)

#define MXFOLD(w, tail, a, b, c, d) \
	FMOVQ 256(w), F31        \
	USHLLB(7, 31, 27)        \
	USHLL2B(7, 31, 28)       \
	SHLLH(27, 29)       \
	SHLL2H(27, 30)      \
	SHLLH(28, 31)       \
	SHLL2H(28, 28)      \
	FOLD4(tail, a, b, c, d)

#define MX8(w, a, b, c, d) \
	CLEAR                        \
	MXDOT(w, 22, 23)             \
	MXFOLD(w, 32, a, b, c, d)

// 4 rows of 4 columns of 8-bit weights.
#define Q8ROWS(at, w, x, i, acc) \
	FMOVQ at(w), F27       \
	EOR16(21, 27, 27)        \
	DOTLO(x, i, 27, acc)

#define Q8COLUMNS(at, w, x, i) \
	PRFM (AHEAD+at)(w), PLDL1KEEP    \
	PREPARE(x, i, i)                 \
	Q8ROWS(at, w, x, i, 16)          \
	Q8ROWS(at+16, w, x, i, 17)       \
	Q8ROWS(at+32, w, x, i, 18)       \
	Q8ROWS(at+48, w, x, i, 19)

#define Q8DOT(w, x, y) \
	Q8COLUMNS(0, w, x, 0)      \
	Q8COLUMNS(64, w, x, 1)     \
	Q8COLUMNS(128, w, x, 2)    \
	Q8COLUMNS(192, w, x, 3)    \
	Q8COLUMNS(256, w, y, 0)    \
	Q8COLUMNS(320, w, y, 1)    \
	Q8COLUMNS(384, w, y, 2)    \
	Q8COLUMNS(448, w, y, 3)

#define Q8FOLD(w, tail, a, b, c, d) \
	FMOVQ 512(w), F27          \
	FMOVQ 528(w), F28          \
	SHLLH(27, 29)         \
	SHLL2H(27, 30)        \
	SHLLH(28, 31)         \
	SHLL2H(28, 28)        \
	FOLD4(tail, a, b, c, d)

#define Q8X8(w, a, b, c, d) \
	CLEAR                        \
	Q8DOT(w, 22, 23)             \
	Q8FOLD(w, 32, a, b, c, d)

// The four streams with one of the above, in loops over blocks and tiles.
#define STREAMS(ONE) \
	ONE(R8, 0, 1, 2, 3)         \
	ONE(R9, 4, 5, 6, 7)         \
	ONE(R10, 8, 9, 10, 11)      \
	ONE(R11, 12, 13, 14, 15)

#define VEC8(mask, group, ONE) \
	BEGIN(mask)               \
tile:                             \
	TILE                      \
blk:                              \
	FLDPQ (R1), (F22, F23)    \
	STREAMS(ONE)              \
	NEXT(group, 40)           \
	SUBS  $1, R3, R3          \
	BNE   blk                 \
	STORE                     \
	SUBS  $1, R4, R4          \
	BNE   tile                \
	RET

#define VEC16(mask, group, ONE) \
	BEGIN(mask)               \
tile:                             \
	TILE                      \
blk:                              \
	FLDPQ (R1), (F22, F23)    \
	FLDPQ 32(R1), (F24, F25)  \
	STREAMS(ONE)              \
	NEXT(group, 72)           \
	SUBS  $1, R3, R3          \
	BNE   blk                 \
	STORE                     \
	SUBS  $1, R4, R4          \
	BNE   tile                \
	RET
