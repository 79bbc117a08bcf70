// A tile of 16 rows times groups of six vectors, or of their first four, with AVX2. Each function takes a *tile6Args:
//
//	0 panel   8 acts   16 y   24 bytes from y to y   32 groups   40 blocks   48 vectors of the last
//	group   56 spare   64 next   72 asks
//
// and adds to y, in place of whose missing vectors it writes to 64 bytes at spare. While it
// computes it asks for the memory from next on: asks cache lines for each block.
//
// AX args, BX panel, CX blocks left, SI vectors, R8-R13 y, DI what to ask for next, R14 asks,
// R15 asks left. Y0-Y11 are sums, the rows 0 to 7 and 8 to 15 of each vector.

#define BEGIN \
	MOVQ a+0(FP), AX     \
	MOVQ 8(AX), SI       \
	MOVQ 64(AX), DI      \
	MOVQ 72(AX), R14

// With the label of the loop.
#define ASK(more) \
	MOVQ R14, R15      \
more:                      \
	PREFETCHT1 (DI)    \
	ADDQ $64, DI       \
	DECQ R15           \
	JNZ  more

// The next group's y, and where the group is the last and short, the spare one.
#define GROUP6 \
	MOVQ    16(AX), R8           \
	MOVQ    24(AX), R15          \
	LEAQ    (R8)(R15*1), R9      \
	LEAQ    (R9)(R15*1), R10     \
	LEAQ    (R10)(R15*1), R11    \
	LEAQ    (R11)(R15*1), R12    \
	LEAQ    (R12)(R15*1), R13    \
	ADDQ    R13, R15             \
	MOVQ    R15, 16(AX)          \
	DECQ    32(AX)               \
	JNZ     whole                \
	MOVQ    48(AX), CX           \
	MOVQ    56(AX), BX           \
	CMPQ    CX, $5               \
	CMOVQLT BX, R12              \
	CMPQ    CX, $6               \
	CMOVQLT BX, R13              \
	SHORT

#define GROUP4 \
	MOVQ    16(AX), R8           \
	MOVQ    24(AX), R15          \
	LEAQ    (R8)(R15*1), R9      \
	LEAQ    (R9)(R15*1), R10     \
	LEAQ    (R10)(R15*1), R11    \
	ADDQ    R11, R15             \
	MOVQ    R15, 16(AX)          \
	DECQ    32(AX)               \
	JNZ     whole                \
	MOVQ    48(AX), CX           \
	MOVQ    56(AX), BX           \
	SHORT

#define SHORT \
	CMPQ    CX, $2               \
	CMOVQLT BX, R9               \
	CMPQ    CX, $3               \
	CMOVQLT BX, R10              \
	CMPQ    CX, $4               \
	CMOVQLT BX, R11              \
whole:                               \
	MOVQ    0(AX), BX            \
	MOVQ    40(AX), CX

#define NEXT(w, x) \
	ADDQ $w, BX    \
	ADDQ $x, SI    \
	DECQ CX

// y = fma(float(a, b), scales*sx, y), the scales in Y12 and Y13.
#define FOLD(sx, a, b, y) \
	VBROADCASTSS sx(SI), Y14        \
	VCVTDQ2PS    a, a               \
	VCVTDQ2PS    b, b               \
	VMULPS       Y12, Y14, Y15      \
	VMULPS       Y13, Y14, Y14      \
	VFMADD213PS  (y), Y15, a        \
	VFMADD213PS  32(y), Y14, b      \
	VMOVUPS      a, (y)             \
	VMOVUPS      b, 32(y)

// The products D of what is in Y12 and Y13 with 4 bytes of each vector.
#define DOT4(D, i) \
	D(24*i, Y0, Y1)             \
	D(24*i+4, Y2, Y3)           \
	D(24*i+8, Y4, Y5)           \
	D(24*i+12, Y6, Y7)

#define DOT6(D, i) \
	DOT4(D, i)                  \
	D(24*i+16, Y8, Y9)          \
	D(24*i+20, Y10, Y11)
