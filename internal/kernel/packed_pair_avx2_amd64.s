#include "textflag.h"

// Matrix times two vectors, with AVX2: weights are read once for both, so that the second costs no time while
// the memory is what is waited for. The numbers are those of packed_vec*_avx2_amd64.s. Each function takes a *pairArgs:
//
//	0 w[2]   16 y of the first vector [2]   32 y of the second [2]   48 x[2]   64 tiles of each stream
//	72 blocks of a tile
//
// and adds to y: tile i of stream j to the 16 floats at y[j]+64*i.
//
// AX args, BX and SI the vectors, CX blocks left, DX tiles left, DI 64*i, R8-R9 w, R12-R15 y. Y0-Y3 are sums
// of the first vector, rows 0 to 7 and 8 to 15 of each stream, Y4-Y7 of the second.

// How far ahead of its reads a stream asks for memory: there are two in place of four.
#define AHEAD 2048

DATA ones<>+0(SB)/8, $0x0001000100010001
DATA ones<>+8(SB)/8, $0x0001000100010001
DATA ones<>+16(SB)/8, $0x0001000100010001
DATA ones<>+24(SB)/8, $0x0001000100010001
GLOBL ones<>(SB), RODATA|NOPTR, $32

#define EACH(bits, x, y) \
	MOVL         bits, CX    \
	VMOVD        CX, x       \
	VPBROADCASTD x, y

#define BEGIN \
	MOVQ a+0(FP), AX    \
	MOVQ 0(AX), R8      \
	MOVQ 8(AX), R9      \
	MOVQ 16(AX), R12    \
	MOVQ 24(AX), R13    \
	MOVQ 32(AX), R14    \
	MOVQ 40(AX), R15    \
	MOVQ 64(AX), DX     \
	XORQ DI, DI

#define TILE \
	MOVQ 48(AX), BX     \
	MOVQ 56(AX), SI     \
	MOVQ 72(AX), CX

#define NEXT(group, vector) \
	ADDQ $group, R8     \
	ADDQ $group, R9     \
	ADDQ $vector, BX    \
	ADDQ $vector, SI    \
	DECQ CX

// y = fma(float(acc), scales*sx, y) for the 8 rows at off; the scales are in s.
#define FOLD(sx, x, acc, s, off, y) \
	VBROADCASTSS sx(x), Y12                  \
	VMULPS       Y12, s, Y12                 \
	VCVTDQ2PS    acc, acc                    \
	VFMADD213PS  off(y)(DI*1), Y12, acc      \
	VMOVUPS      acc, off(y)(DI*1)

#define Q8SCALES(w) \
	VPMOVZXWD 512(w), Y10       \
	VPMOVZXWD 528(w), Y11       \
	VPSLLD    $16, Y10, Y10     \
	VPSLLD    $16, Y11, Y11

#define Q8FOLDS(sx) \
	Q8SCALES(R8)                      \
	FOLD(sx, BX, Y0, Y10, 0, R12)     \
	FOLD(sx, BX, Y1, Y11, 32, R12)    \
	FOLD(sx, SI, Y4, Y10, 0, R14)     \
	FOLD(sx, SI, Y5, Y11, 32, R14)    \
	Q8SCALES(R9)                      \
	FOLD(sx, BX, Y2, Y10, 0, R13)     \
	FOLD(sx, BX, Y3, Y11, 32, R13)    \
	FOLD(sx, SI, Y6, Y10, 0, R15)     \
	FOLD(sx, SI, Y7, Y11, 32, R15)

// 4 columns of 8 rows of 8-bit weights with both vectors, in Y8 and Y10, their magnitudes in Y9 and Y11.
#define Q8(off, w, a, b) \
	VPXOR      off(w), Y14, Y12     \
	VPSIGNB    Y8, Y12, Y15         \
	VPSIGNB    Y10, Y12, Y12        \
	VPMADDUBSW Y15, Y9, Y15         \
	VPMADDUBSW Y12, Y11, Y12        \
	VPMADDWD   Y13, Y15, Y15        \
	VPMADDWD   Y13, Y12, Y12        \
	VPADDD     Y15, a, a            \
	VPADDD     Y12, b, b

#define Q8X4(i) \
	VPBROADCASTD 4*i(BX), Y8           \
	VPBROADCASTD 4*i(SI), Y10          \
	VPABSB       Y8, Y9                \
	VPABSB       Y10, Y11              \
	PREFETCHT0   AHEAD+64*i(R8)        \
	Q8(64*i, R8, Y0, Y4)               \
	Q8(64*i+32, R8, Y1, Y5)            \
	PREFETCHT0   AHEAD+64*i(R9)        \
	Q8(64*i, R9, Y2, Y6)               \
	Q8(64*i+32, R9, Y3, Y7)

#define CLEAR \
	VPXOR Y0, Y0, Y0    \
	VPXOR Y1, Y1, Y1    \
	VPXOR Y2, Y2, Y2    \
	VPXOR Y3, Y3, Y3    \
	VPXOR Y4, Y4, Y4    \
	VPXOR Y5, Y5, Y5    \
	VPXOR Y6, Y6, Y6    \
	VPXOR Y7, Y7, Y7

// func pairQ8x8(a *pairArgs)
TEXT ·pairQ8x8(SB), NOSPLIT, $0-8
	BEGIN
	EACH($0x80808080, X14, Y14)
	VMOVDQU ones<>(SB), Y13
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
	Q8FOLDS(36)
	NEXT(544, 40)
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// 4 columns of 8 rows as unsigned numbers of 16 bits: bytes 0 and 2, then 1 and 3, as the vectors are in Y8 and
// Y9, and in Y10 and Y11.
#define Q16(off, w, a, b) \
	VMOVDQU  off(w), Y12        \
	VPSRLW   $8, Y12, Y13       \
	VPAND    Y14, Y12, Y12      \
	VPMADDWD Y8, Y12, Y15       \
	VPMADDWD Y10, Y12, Y12      \
	VPADDD   Y15, a, a          \
	VPADDD   Y12, b, b          \
	VPMADDWD Y9, Y13, Y15       \
	VPMADDWD Y11, Y13, Y13      \
	VPADDD   Y15, a, a          \
	VPADDD   Y13, b, b

// 4 columns of a vector: 128 times its high digits and its low ones, as 16 bits.
#define DIGITS(i, x, even, odd) \
	VPBROADCASTD 4*i(x), odd           \
	VPBROADCASTD 32+4*i(x), Y13        \
	VPSLLW       $8, odd, even         \
	VPSLLW       $8, Y13, Y12          \
	VPSRAW       $8, odd, odd          \
	VPSRAW       $1, even, even        \
	VPSLLW       $7, odd, odd          \
	VPSRAW       $8, Y12, Y12          \
	VPSRAW       $8, Y13, Y13          \
	VPADDW       Y12, even, even       \
	VPADDW       Y13, odd, odd

#define Q16X4(i) \
	DIGITS(i, BX, Y8, Y9)              \
	DIGITS(i, SI, Y10, Y11)            \
	PREFETCHT0 AHEAD+64*i(R8)          \
	Q16(64*i, R8, Y0, Y4)              \
	Q16(64*i+32, R8, Y1, Y5)           \
	PREFETCHT0 AHEAD+64*i(R9)          \
	Q16(64*i, R9, Y2, Y6)              \
	Q16(64*i+32, R9, Y3, Y7)

// func pairQ8x16(a *pairArgs)
TEXT ·pairQ8x16(SB), NOSPLIT, $0-8
	BEGIN
	EACH($0x00ff00ff, X14, Y14)
tile:
	TILE
blk:
	VPBROADCASTD 64(BX), Y0
	VPBROADCASTD 64(SI), Y4
	VMOVDQA      Y0, Y1
	VMOVDQA      Y0, Y2
	VMOVDQA      Y0, Y3
	VMOVDQA      Y4, Y5
	VMOVDQA      Y4, Y6
	VMOVDQA      Y4, Y7
	Q16X4(0)
	Q16X4(1)
	Q16X4(2)
	Q16X4(3)
	Q16X4(4)
	Q16X4(5)
	Q16X4(6)
	Q16X4(7)
	Q8FOLDS(68)
	NEXT(544, 72)
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// MXFP4: 2*e2m1+12 of every code, as in packed_vec_avx2_amd64.s.
DATA codes<>+0(SB)/8, $0x181412100f0e0d0c
DATA codes<>+8(SB)/8, $0x00040608090a0b0c
GLOBL codes<>(SB), RODATA|NOPTR, $16

// The correction of a vector: -12 times the sum of its values, from -128 times it.
#define CORRECT(x, y, t) \
	VPBROADCASTD 32(x), t      \
	VPADDD       t, t, y       \
	VPADDD       t, y, y       \
	VPSRAD       $5, y, y

// 8 columns of 8 rows, summed to 16 bits: of the first vector in a, of the second in b.
#define MXFIRST(i, off, w, a, b) \
	VMOVDQU      off(w), Y8           \
	VPSRLW       $4, Y8, Y9           \
	VPAND        Y14, Y8, Y8          \
	VPAND        Y14, Y9, Y9          \
	VPSHUFB      Y8, Y13, Y8          \
	VPSHUFB      Y9, Y13, Y9          \
	VPBROADCASTD 8*i(BX), Y10         \
	VPBROADCASTD 8*i+4(BX), Y11       \
	VPMADDUBSW   Y10, Y8, a           \
	VPMADDUBSW   Y11, Y9, Y11         \
	VPBROADCASTD 8*i(SI), Y10         \
	VPBROADCASTD 8*i+4(SI), Y12       \
	VPMADDUBSW   Y10, Y8, b           \
	VPMADDUBSW   Y12, Y9, Y12         \
	VPADDW       Y11, a, a            \
	VPADDW       Y12, b, b

// 8 columns more.
#define MXMORE(i, off, w, a, b) \
	MXFIRST(i, off, w, Y7, Y15)    \
	VPADDW Y7, a, a                \
	VPADDW Y15, b, b

// 8 rows of a block: the four pair sums that are added in 16 bits are below 6096.
#define MXROWS(half, w, ya, yb) \
	MXFIRST(0, 32*half, w, Y0, Y2)            \
	MXMORE(1, (64+32*half), w, Y0, Y2)        \
	MXFIRST(2, (128+32*half), w, Y1, Y3)      \
	MXMORE(3, (192+32*half), w, Y1, Y3)       \
	VPMADDWD  ones<>(SB), Y0, Y0              \
	VPMADDWD  ones<>(SB), Y1, Y1              \
	VPMADDWD  ones<>(SB), Y2, Y2              \
	VPMADDWD  ones<>(SB), Y3, Y3              \
	VPADDD    Y5, Y0, Y0                      \
	VPADDD    Y6, Y2, Y2                      \
	VPADDD    Y1, Y0, Y0                      \
	VPADDD    Y3, Y2, Y2                      \
	VPMOVZXBD (256+8*half)(w), Y10            \
	VPSLLD    $23, Y10, Y10                   \
	FOLD(36, BX, Y0, Y10, 32*half, ya)        \
	FOLD(36, SI, Y2, Y10, 32*half, yb)

#define MXAHEAD(w) \
	PREFETCHT0 AHEAD(w)        \
	PREFETCHT0 AHEAD+64(w)     \
	PREFETCHT0 AHEAD+128(w)    \
	PREFETCHT0 AHEAD+192(w)

// func pairMX8(a *pairArgs)
TEXT ·pairMX8(SB), NOSPLIT, $0-8
	BEGIN
	VBROADCASTI128 codes<>(SB), Y13
	EACH($0x0f0f0f0f, X14, Y14)
tile:
	TILE
blk:
	CORRECT(BX, Y5, Y4)
	CORRECT(SI, Y6, Y4)
	MXAHEAD(R8)
	MXROWS(0, R8, R12, R14)
	MXROWS(1, R8, R12, R14)
	MXAHEAD(R9)
	MXROWS(0, R9, R13, R15)
	MXROWS(1, R9, R13, R15)
	NEXT(272, 40)
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET
