// Matrix times one vector, with AVX2: what packed_vec_amd64.s does, a tile of 16 rows in two
// registers. Each function takes a *vecArgs:
//
//	0 w[4]   32 y[4]   64 x   72 tiles of each stream   80 blocks of a tile
//
// and adds to y: tile i of stream j to the 16 floats at y[j]+64*i. The floats stay in memory
// between blocks, because the registers are needed for integers.
//
// AX args, BX x, CX blocks left, DX tiles left, SI x's begin, DI 64*i, R8-R11 w, R12-R15 y.

// How far ahead of its reads a stream asks for memory.
#define AHEAD 1024

// 16 times 1 and, after 32 bytes, 16 times 128, as 16 bits.
DATA digits<>+0(SB)/8, $0x0001000100010001
DATA digits<>+8(SB)/8, $0x0001000100010001
DATA digits<>+16(SB)/8, $0x0001000100010001
DATA digits<>+24(SB)/8, $0x0001000100010001
DATA digits<>+32(SB)/8, $0x0080008000800080
DATA digits<>+40(SB)/8, $0x0080008000800080
DATA digits<>+48(SB)/8, $0x0080008000800080
DATA digits<>+56(SB)/8, $0x0080008000800080
GLOBL digits<>(SB), RODATA|NOPTR, $64

#define EACH(bits, x, y) \
	MOVL         bits, CX    \
	VMOVD        CX, x       \
	VPBROADCASTD x, y

#define BEGIN \
	MOVQ a+0(FP), AX    \
	MOVQ 0(AX), R8      \
	MOVQ 8(AX), R9      \
	MOVQ 16(AX), R10    \
	MOVQ 24(AX), R11    \
	MOVQ 32(AX), R12    \
	MOVQ 40(AX), R13    \
	MOVQ 48(AX), R14    \
	MOVQ 56(AX), R15    \
	MOVQ 64(AX), SI     \
	MOVQ 72(AX), DX     \
	XORQ DI, DI

#define TILE \
	MOVQ SI, BX        \
	MOVQ 80(AX), CX

#define NEXT(group, vector) \
	ADDQ $group, R8     \
	ADDQ $group, R9     \
	ADDQ $group, R10    \
	ADDQ $group, R11    \
	ADDQ $vector, BX

// y = fma(float(acc), scales*sx, y) for the 8 rows at off; the scales' bits are in s.
#define FOLD(sx, acc, s, off, y, t) \
	VBROADCASTSS sx(BX), t                \
	VMULPS       t, s, s                  \
	VCVTDQ2PS    acc, acc                 \
	VFMADD213PS  off(y)(DI*1), s, acc     \
	VMOVUPS      acc, off(y)(DI*1)
