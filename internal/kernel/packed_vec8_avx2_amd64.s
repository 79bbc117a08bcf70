#include "textflag.h"
#include "avx2_vec_amd64.h"

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
	FOLD(sx, a, Y10, 0, y, Y12) \
	FOLD(sx, b, Y11, 32, y, Y12)

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

// 4 columns of 8 rows as unsigned numbers of 16 bits: bytes 0 and 2, then 1 and 3. Y8 and Y9 are the
// vector in that order.
#define Q16(off, w, acc) \
	VMOVDQU  off(w), Y10        \
	VPSRLW   $8, Y10, Y11       \
	VPAND    Y14, Y10, Y10      \
	VPMADDWD Y8, Y10, Y10       \
	VPMADDWD Y9, Y11, Y11       \
	VPADDD   Y10, acc, acc      \
	VPADDD   Y11, acc, acc

// The vector is 128 times its high digits and its low ones.
#define Q16X4(i) \
	VPBROADCASTD 4*i(BX), Y9           \
	VPBROADCASTD 32+4*i(BX), Y11       \
	VPSLLW       $8, Y9, Y8            \
	VPSLLW       $8, Y11, Y10          \
	VPSRAW       $8, Y9, Y9            \
	VPSRAW       $1, Y8, Y8            \
	VPSLLW       $7, Y9, Y9            \
	VPSRAW       $8, Y10, Y10          \
	VPSRAW       $8, Y11, Y11          \
	VPADDW       Y10, Y8, Y8           \
	VPADDW       Y11, Y9, Y9           \
	PREFETCHT0   AHEAD+64*i(R8)        \
	Q16(64*i, R8, Y0)                  \
	Q16(64*i+32, R8, Y1)               \
	PREFETCHT0   AHEAD+64*i(R9)        \
	Q16(64*i, R9, Y2)                  \
	Q16(64*i+32, R9, Y3)               \
	PREFETCHT0   AHEAD+64*i(R10)       \
	Q16(64*i, R10, Y4)                 \
	Q16(64*i+32, R10, Y5)              \
	PREFETCHT0   AHEAD+64*i(R11)       \
	Q16(64*i, R11, Y6)                 \
	Q16(64*i+32, R11, Y7)

// func vecQ8x16AVX2(a *vecArgs)
TEXT ·vecQ8x16AVX2(SB), NOSPLIT, $0-8
	BEGIN
	EACH($0x00ff00ff, X14, Y14)
tile:
	TILE
blk:
	VPBROADCASTD 64(BX), Y0
	VMOVDQA      Y0, Y1
	VMOVDQA      Y0, Y2
	VMOVDQA      Y0, Y3
	VMOVDQA      Y0, Y4
	VMOVDQA      Y0, Y5
	VMOVDQA      Y0, Y6
	VMOVDQA      Y0, Y7
	Q16X4(0)
	Q16X4(1)
	Q16X4(2)
	Q16X4(3)
	Q16X4(4)
	Q16X4(5)
	Q16X4(6)
	Q16X4(7)
	Q8FOLD(68, R8, Y0, Y1, R12)
	Q8FOLD(68, R9, Y2, Y3, R13)
	Q8FOLD(68, R10, Y4, Y5, R14)
	Q8FOLD(68, R11, Y6, Y7, R15)
	NEXT(544, 72)
	DECQ CX
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET
