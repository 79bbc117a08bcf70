#include "textflag.h"
#include "neon_arm64.h"

#define PREPARE(x, lo, hi)
#define DOTLO(x, i, w, acc) SDOTE(x, i, w, acc)
#define DOTHI(x, i, w, acc) SDOTE(x, i, w, acc)

#include "packed_vec_arm64.h"

// func vecMX8Dot(a *vecArgs)
TEXT ·vecMX8Dot(SB), NOSPLIT, $0-8
	VEC8($15, 272, MX8)

// func vecQ8x8Dot(a *vecArgs)
TEXT ·vecQ8x8Dot(SB), NOSPLIT, $0-8
	VEC8($128, 544, Q8X8)

// With two digits: the high ones in V22 and V23, summed in V28-V31. Only V26 and V27 are left.
#define MXROWS16(at, w, x, y, lo, hi, acc, high) \
	FMOVQ at(w), F26           \
	AND16(21, 26, 27)            \
	USHRB(4, 26, 26)           \
	TBL(27, 20, 27)            \
	TBL(26, 20, 26)            \
	SDOTE(x, lo, 27, high)     \
	SDOTE(y, lo, 27, acc)      \
	SDOTE(x, hi, 26, high)     \
	SDOTE(y, hi, 26, acc)

#define MXCOLUMNS16(at, w, x, y, lo, hi) \
	PRFM (AHEAD+at)(w), PLDL1KEEP                \
	MXROWS16(at, w, x, y, lo, hi, 16, 28)        \
	MXROWS16(at+16, w, x, y, lo, hi, 17, 29)     \
	MXROWS16(at+32, w, x, y, lo, hi, 18, 30)     \
	MXROWS16(at+48, w, x, y, lo, hi, 19, 31)

#define CLEARHIGH \
	ZERO(28)    \
	ZERO(29)    \
	ZERO(30)    \
	ZERO(31)

// acc += 128*high
#define JOIN(high, acc) \
	SHL(7, high, high)       \
	ADDS4(high, acc, acc)

#define JOIN4 \
	JOIN(28, 16)    \
	JOIN(29, 17)    \
	JOIN(30, 18)    \
	JOIN(31, 19)

#define MX16(w, a, b, c, d) \
	CLEAR                                \
	CLEARHIGH                            \
	MXCOLUMNS16(0, w, 22, 24, 0, 1)      \
	MXCOLUMNS16(64, w, 22, 24, 2, 3)     \
	MXCOLUMNS16(128, w, 23, 25, 0, 1)    \
	MXCOLUMNS16(192, w, 23, 25, 2, 3)    \
	JOIN4                                \
	MXFOLD(w, 64, a, b, c, d)

// func vecMX16Dot(a *vecArgs)
TEXT ·vecMX16Dot(SB), NOSPLIT, $0-8
	VEC16($15, 272, MX16)

#define Q8ROWS16(at, w, x, y, i, acc, high) \
	FMOVQ at(w), F27       \
	EOR16(21, 27, 27)        \
	SDOTE(x, i, 27, high)  \
	SDOTE(y, i, 27, acc)

#define Q8COLUMNS16(at, w, x, y, i) \
	PRFM (AHEAD+at)(w), PLDL1KEEP           \
	Q8ROWS16(at, w, x, y, i, 16, 28)        \
	Q8ROWS16(at+16, w, x, y, i, 17, 29)     \
	Q8ROWS16(at+32, w, x, y, i, 18, 30)     \
	Q8ROWS16(at+48, w, x, y, i, 19, 31)

#define Q8X16(w, a, b, c, d) \
	CLEAR                             \
	CLEARHIGH                         \
	Q8COLUMNS16(0, w, 22, 24, 0)      \
	Q8COLUMNS16(64, w, 22, 24, 1)     \
	Q8COLUMNS16(128, w, 22, 24, 2)    \
	Q8COLUMNS16(192, w, 22, 24, 3)    \
	Q8COLUMNS16(256, w, 23, 25, 0)    \
	Q8COLUMNS16(320, w, 23, 25, 1)    \
	Q8COLUMNS16(384, w, 23, 25, 2)    \
	Q8COLUMNS16(448, w, 23, 25, 3)    \
	JOIN4                             \
	Q8FOLD(w, 64, a, b, c, d)

// func vecQ8x16Dot(a *vecArgs)
TEXT ·vecQ8x16Dot(SB), NOSPLIT, $0-8
	VEC16($128, 544, Q8X16)
