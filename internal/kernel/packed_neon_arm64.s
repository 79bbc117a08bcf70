#include "textflag.h"
#include "neon_arm64.h"

// Without SDOT. No pair of products leaves 16 bits: weights and digits are at most 127.
// V31 and V26 hold the columns of the lower and the higher nibbles for every row.
#define PREPARE(x, lo, hi) \
	DUPS(lo, x, 31)    \
	DUPS(hi, x, 26)

#define DOT(x, w, acc) \
	SMULL(x, w, 29)      \
	SMULL2(x, w, 30)     \
	ADDPH(30, 29, 29)    \
	SADALP(29, acc)

#define DOTLO(x, i, w, acc) DOT(31, w, acc)
#define DOTHI(x, i, w, acc) DOT(26, w, acc)

#include "packed_vec_arm64.h"

// func vecMX8NEON(a *vecArgs)
TEXT ·vecMX8NEON(SB), NOSPLIT, $0-8
	VEC8($15, 272, MX8)

// func vecQ8x8NEON(a *vecArgs)
TEXT ·vecQ8x8NEON(SB), NOSPLIT, $0-8
	VEC8($128, 544, Q8X8)

// Two digits: the sum of the high ones becomes 128 times as much before the low ones are added.
#define TIMES128 \
	SHL(7, 16, 16)    \
	SHL(7, 17, 17)    \
	SHL(7, 18, 18)    \
	SHL(7, 19, 19)

#define MX16(w, a, b, c, d) \
	CLEAR                        \
	MXDOT(w, 22, 23)             \
	TIMES128                     \
	MXDOT(w, 24, 25)             \
	MXFOLD(w, 64, a, b, c, d)

#define Q8X16(w, a, b, c, d) \
	CLEAR                        \
	Q8DOT(w, 22, 23)             \
	TIMES128                     \
	Q8DOT(w, 24, 25)             \
	Q8FOLD(w, 64, a, b, c, d)

// func vecMX16NEON(a *vecArgs)
TEXT ·vecMX16NEON(SB), NOSPLIT, $0-8
	VEC16($15, 272, MX16)

// func vecQ8x16NEON(a *vecArgs)
TEXT ·vecQ8x16NEON(SB), NOSPLIT, $0-8
	VEC16($128, 544, Q8X16)
