#include "textflag.h"

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

// 2*e2m1+12 of every code: 0 to 24, so that eight products of bytes fit 16 bits.
DATA codes<>+0(SB)/8, $0x181412100f0e0d0c
DATA codes<>+8(SB)/8, $0x00040608090a0b0c
GLOBL codes<>(SB), RODATA|NOPTR, $16

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
#define FOLD(sx, acc, s, off, y) \
	VBROADCASTSS sx(BX), Y15              \
	VMULPS       Y15, s, s                \
	VCVTDQ2PS    acc, acc                 \
	VFMADD213PS  off(y)(DI*1), s, acc     \
	VMOVUPS      acc, off(y)(DI*1)

// The correction of MXFP4: -12 times the sum of the values from -128 times it.
#define CORRECT(off, y, t) \
	VPBROADCASTD off(BX), t    \
	VPADDD       t, t, y       \
	VPADDD       t, y, y       \
	VPSRAD       $5, y, y

// 8 columns of 8 rows of MXFP4 to two registers of bytes, the low nibbles and the high ones.
#define NIBBLES(off, w, lo, hi) \
	VMOVDQU off(w), lo         \
	VPSRLW  $4, lo, hi         \
	VPAND   Y14, lo, lo        \
	VPAND   Y14, hi, hi        \
	VPSHUFB lo, Y13, lo        \
	VPSHUFB hi, Y13, hi

// The first 8 columns of two times 8 rows, summed to 16 bits in a and b.
#define MXFIRST(i, w, a, b) \
	VPBROADCASTD 8*i(BX), Y8          \
	VPBROADCASTD 8*i+4(BX), Y9        \
	NIBBLES(64*i, w, Y4, Y5)          \
	NIBBLES(64*i+32, w, Y6, Y7)       \
	VPMADDUBSW   Y8, Y4, a            \
	VPMADDUBSW   Y9, Y5, Y5           \
	VPMADDUBSW   Y8, Y6, b            \
	VPMADDUBSW   Y9, Y7, Y7           \
	VPADDW       Y5, a, a             \
	VPADDW       Y7, b, b

// 8 columns more.
#define MXMORE(i, w, a, b) \
	MXFIRST(i, w, Y10, Y11)    \
	VPADDW Y10, a, a           \
	VPADDW Y11, b, b

#define MXSCALES(w) \
	VPMOVZXBD 256(w), Y4    \
	VPMOVZXBD 264(w), Y5    \
	VPSLLD    $23, Y4, Y4   \
	VPSLLD    $23, Y5, Y5

#define MXAHEAD(w) \
	PREFETCHT0 AHEAD(w)        \
	PREFETCHT0 AHEAD+64(w)     \
	PREFETCHT0 AHEAD+128(w)    \
	PREFETCHT0 AHEAD+192(w)

// A block of 16 rows. Of the four pair sums that are added in 16 bits none is above 6096.
#define MX8(w, y) \
	MXAHEAD(w)                               \
	MXFIRST(0, w, Y0, Y1)                    \
	MXMORE(1, w, Y0, Y1)                     \
	MXFIRST(2, w, Y2, Y3)                    \
	MXMORE(3, w, Y2, Y3)                     \
	VPMADDWD digits<>(SB), Y0, Y0            \
	VPMADDWD digits<>(SB), Y1, Y1            \
	VPMADDWD digits<>(SB), Y2, Y2            \
	VPMADDWD digits<>(SB), Y3, Y3            \
	VPADDD   Y12, Y0, Y0                     \
	VPADDD   Y12, Y1, Y1                     \
	VPADDD   Y2, Y0, Y0                      \
	VPADDD   Y3, Y1, Y1                      \
	MXSCALES(w)                              \
	FOLD(36, Y0, Y4, 0, y)                   \
	FOLD(36, Y1, Y5, 32, y)

// func vecMX8AVX2(a *vecArgs)
TEXT ·vecMX8AVX2(SB), NOSPLIT, $0-8
	BEGIN
	VBROADCASTI128 codes<>(SB), Y13
	EACH($0x0f0f0f0f, X14, Y14)
tile:
	TILE
blk:
	CORRECT(32, Y12, Y11)
	MX8(R8, R12)
	MX8(R9, R13)
	MX8(R10, R14)
	MX8(R11, R15)
	NEXT(272, 40)
	DECQ CX
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// 4 columns of 8 rows of 8-bit weights, w·x as (w*sign x)·|x|: w and Y8 are signed, and two products
// fit 16 bits.
#define Q8(off, w, acc) \
	VPXOR      off(w), Y14, Y10     \
	VPSIGNB    Y8, Y10, Y10         \
	VPMADDUBSW Y10, Y9, Y10         \
	VPMADDWD   Y13, Y10, Y10        \
	VPADDD     Y10, acc, acc

#define Q8X4(i) \
	VPBROADCASTD 4*i(BX), Y8           \
	VPABSB       Y8, Y9                \
	PREFETCHT0   AHEAD+64*i(R8)        \
	Q8(64*i, R8, Y0)                   \
	Q8(64*i+32, R8, Y1)                \
	PREFETCHT0   AHEAD+64*i(R9)        \
	Q8(64*i, R9, Y2)                   \
	Q8(64*i+32, R9, Y3)                \
	PREFETCHT0   AHEAD+64*i(R10)       \
	Q8(64*i, R10, Y4)                  \
	Q8(64*i+32, R10, Y5)               \
	PREFETCHT0   AHEAD+64*i(R11)       \
	Q8(64*i, R11, Y6)                  \
	Q8(64*i+32, R11, Y7)

#define Q8FOLD(sx, w, a, b, y) \
	VPMOVZXWD 512(w), Y10       \
	VPMOVZXWD 528(w), Y11       \
	VPSLLD    $16, Y10, Y10     \
	VPSLLD    $16, Y11, Y11     \
	FOLD(sx, a, Y10, 0, y)      \
	FOLD(sx, b, Y11, 32, y)

#define CLEAR \
	VPXOR Y0, Y0, Y0    \
	VPXOR Y1, Y1, Y1    \
	VPXOR Y2, Y2, Y2    \
	VPXOR Y3, Y3, Y3    \
	VPXOR Y4, Y4, Y4    \
	VPXOR Y5, Y5, Y5    \
	VPXOR Y6, Y6, Y6    \
	VPXOR Y7, Y7, Y7

// func vecQ8x8AVX2(a *vecArgs)
TEXT ·vecQ8x8AVX2(SB), NOSPLIT, $0-8
	BEGIN
	EACH($0x80808080, X14, Y14)
	VMOVDQU digits<>(SB), Y13
tile:
	TILE
blk:
	CLEAR
	Q8X4(0)
	Q8X4(1)
	Q8X4(2)
	Q8X4(3)
	Q8X4(4)
	Q8X4(5)
	Q8X4(6)
	Q8X4(7)
	Q8FOLD(36, R8, Y0, Y1, R12)
	Q8FOLD(36, R9, Y2, Y3, R13)
	Q8FOLD(36, R10, Y4, Y5, R14)
	Q8FOLD(36, R11, Y6, Y7, R15)
	NEXT(544, 40)
	DECQ CX
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET
