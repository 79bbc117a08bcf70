#include "textflag.h"
#include "avx512_amd64.h"

// Matrix times one vector. Four streams of tiles are read at once, because one stream a
// core does not fill the memory's bandwidth. Each function takes a *vecArgs:
//
//	0 w[4]   32 y[4]   64 x   72 tiles of each stream   80 blocks of a tile
//
// and adds to y: tile i of stream j to the 16 floats at y[j]+64*i.
//
// AX args, BX x, CX blocks left, DX tiles left, SI x's begin, DI 64*i, R8-R11 w, R12-R15 y.
// Z0-Z3 are the rows' sums, Z4-Z7 the integer sums of a block.

// How far ahead of its reads a stream asks for memory.
#define AHEAD 2048

// 2*e2m1+128 of every code, four times: VPERMB looks at six bits of an index, so it takes
// a byte of two nibbles, the upper two bits of which it ignores or finds repeated.
DATA codes<>+0(SB)/8, $0x8c88868483828180
DATA codes<>+8(SB)/8, $0x74787a7c7d7e7f80
GLOBL codes<>(SB), RODATA|NOPTR, $16

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
	MOVQ    SI, BX             \
	MOVQ    80(AX), CX         \
	VMOVUPS (R12)(DI*1), Z0    \
	VMOVUPS (R13)(DI*1), Z1    \
	VMOVUPS (R14)(DI*1), Z2    \
	VMOVUPS (R15)(DI*1), Z3

#define STORE \
	VMOVUPS Z0, (R12)(DI*1)    \
	VMOVUPS Z1, (R13)(DI*1)    \
	VMOVUPS Z2, (R14)(DI*1)    \
	VMOVUPS Z3, (R15)(DI*1)    \
	ADDQ    $64, DI

#define NEXT(group, vector) \
	ADDQ $group, R8     \
	ADDQ $group, R9     \
	ADDQ $group, R10    \
	ADDQ $group, R11    \
	ADDQ $vector, BX

// The correction starts the integer sums.
#define CORRECT(off) \
	VPBROADCASTD off(BX), Z4    \
	VMOVDQA64    Z4, Z5         \
	VMOVDQA64    Z4, Z6         \
	VMOVDQA64    Z4, Z7

#define CLEARHIGH \
	VPXORD Z12, Z12, Z12    \
	VPXORD Z13, Z13, Z13    \
	VPXORD Z14, Z14, Z14    \
	VPXORD Z15, Z15, Z15

// acc += 128*high
#define JOIN(high, acc) \
	VPSLLD $7, high, high    \
	VPADDD high, acc, acc

// sum = fma(float(acc), Z10*sx, sum)
#define FOLD(sx, acc, sum) \
	VMULPS.BCST sx(BX), Z10, Z10    \
	VCVTDQ2PS   acc, acc            \
	VFMADD231PS Z10, acc, sum

// 8 columns of 16 rows of MXFP4: the low nibbles, then the high ones.
#define MX8(off, w, acc) \
	PREFETCHT0 AHEAD+off(w)    \
	VMOVDQU64  off(w), Z10     \
	VPERMB     Z31, Z10, Z11   \
	VPSRLD     $4, Z10, Z10    \
	VPERMB     Z31, Z10, Z10   \
	VPDPBUSD   Z8, Z11, acc    \
	VPDPBUSD   Z9, Z10, acc

#define MX8X4(i) \
	VPBROADCASTD 8*i(BX), Z8      \
	VPBROADCASTD 8*i+4(BX), Z9    \
	MX8(64*i, R8, Z4)             \
	MX8(64*i, R9, Z5)             \
	MX8(64*i, R10, Z6)            \
	MX8(64*i, R11, Z7)

#define MXFOLD(w, sx, acc, sum) \
	VPMOVZXBD 256(w), Z10    \
	VPSLLD    $23, Z10, Z10  \
	FOLD(sx, acc, sum)

// func vecMX8(a *vecArgs)
TEXT ·vecMX8(SB), NOSPLIT, $0-8
	BEGIN
	VBROADCASTI32X4 codes<>(SB), Z31
tile:
	TILE
blk:
	CORRECT(32)
	MX8X4(0)
	MX8X4(1)
	MX8X4(2)
	MX8X4(3)
	MXFOLD(R8, 36, Z4, Z0)
	MXFOLD(R9, 36, Z5, Z1)
	MXFOLD(R10, 36, Z6, Z2)
	MXFOLD(R11, 36, Z7, Z3)
	NEXT(272, 40)
	DECQ CX
	JNZ  blk
	STORE
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// The same with a high digit in Z16, Z17.
#define MX16(off, w, acc, high) \
	PREFETCHT0 AHEAD+off(w)    \
	VMOVDQU64  off(w), Z10     \
	VPERMB     Z31, Z10, Z11   \
	VPSRLD     $4, Z10, Z10    \
	VPERMB     Z31, Z10, Z10   \
	VPDPBUSD   Z8, Z11, acc    \
	VPDPBUSD   Z16, Z11, high  \
	VPDPBUSD   Z9, Z10, acc    \
	VPDPBUSD   Z17, Z10, high

#define MX16X4(i) \
	VPBROADCASTD 8*i(BX), Z16        \
	VPBROADCASTD 8*i+4(BX), Z17      \
	VPBROADCASTD 32+8*i(BX), Z8      \
	VPBROADCASTD 32+8*i+4(BX), Z9    \
	MX16(64*i, R8, Z4, Z12)          \
	MX16(64*i, R9, Z5, Z13)          \
	MX16(64*i, R10, Z6, Z14)         \
	MX16(64*i, R11, Z7, Z15)

// func vecMX16(a *vecArgs)
TEXT ·vecMX16(SB), NOSPLIT, $0-8
	BEGIN
	VBROADCASTI32X4 codes<>(SB), Z31
tile:
	TILE
blk:
	CORRECT(64)
	CLEARHIGH
	MX16X4(0)
	MX16X4(1)
	MX16X4(2)
	MX16X4(3)
	JOIN(Z12, Z4)
	JOIN(Z13, Z5)
	JOIN(Z14, Z6)
	JOIN(Z15, Z7)
	MXFOLD(R8, 68, Z4, Z0)
	MXFOLD(R9, 68, Z5, Z1)
	MXFOLD(R10, 68, Z6, Z2)
	MXFOLD(R11, 68, Z7, Z3)
	NEXT(272, 72)
	DECQ CX
	JNZ  blk
	STORE
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// 4 columns of 16 rows of 8-bit weights.
#define Q8(off, w, acc) \
	PREFETCHT0 AHEAD+off(w)    \
	VMOVDQU64  off(w), Z10     \
	VPDPBUSD   Z8, Z10, acc

#define Q8X4(i) \
	VPBROADCASTD 4*i(BX), Z8    \
	Q8(64*i, R8, Z4)            \
	Q8(64*i, R9, Z5)            \
	Q8(64*i, R10, Z6)           \
	Q8(64*i, R11, Z7)

#define Q8FOLD(w, sx, acc, sum) \
	VPMOVZXWD 512(w), Z10     \
	VPSLLD    $16, Z10, Z10   \
	FOLD(sx, acc, sum)

// func vecQ8x8(a *vecArgs)
TEXT ·vecQ8x8(SB), NOSPLIT, $0-8
	BEGIN
tile:
	TILE
blk:
	CORRECT(32)
	Q8X4(0)
	Q8X4(1)
	Q8X4(2)
	Q8X4(3)
	Q8X4(4)
	Q8X4(5)
	Q8X4(6)
	Q8X4(7)
	Q8FOLD(R8, 36, Z4, Z0)
	Q8FOLD(R9, 36, Z5, Z1)
	Q8FOLD(R10, 36, Z6, Z2)
	Q8FOLD(R11, 36, Z7, Z3)
	NEXT(544, 40)
	DECQ CX
	JNZ  blk
	STORE
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

#define Q16(off, w, acc, high) \
	PREFETCHT0 AHEAD+off(w)    \
	VMOVDQU64  off(w), Z10     \
	VPDPBUSD   Z8, Z10, acc    \
	VPDPBUSD   Z16, Z10, high

#define Q16X4(i) \
	VPBROADCASTD 4*i(BX), Z16      \
	VPBROADCASTD 32+4*i(BX), Z8    \
	Q16(64*i, R8, Z4, Z12)         \
	Q16(64*i, R9, Z5, Z13)         \
	Q16(64*i, R10, Z6, Z14)        \
	Q16(64*i, R11, Z7, Z15)

// func vecQ8x16(a *vecArgs)
TEXT ·vecQ8x16(SB), NOSPLIT, $0-8
	BEGIN
tile:
	TILE
blk:
	CORRECT(64)
	CLEARHIGH
	Q16X4(0)
	Q16X4(1)
	Q16X4(2)
	Q16X4(3)
	Q16X4(4)
	Q16X4(5)
	Q16X4(6)
	Q16X4(7)
	JOIN(Z12, Z4)
	JOIN(Z13, Z5)
	JOIN(Z14, Z6)
	JOIN(Z15, Z7)
	Q8FOLD(R8, 68, Z4, Z0)
	Q8FOLD(R9, 68, Z5, Z1)
	Q8FOLD(R10, 68, Z6, Z2)
	Q8FOLD(R11, 68, Z7, Z3)
	NEXT(544, 72)
	DECQ CX
	JNZ  blk
	STORE
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// 2 columns of 16 rows of bf16, exact products with float32: the first column of a pair
// is the lower half of a lane.
#define BF32(off, w, sum) \
	VMOVDQU64   off(w), Z10      \
	VPSLLD      $16, Z10, Z11    \
	VPANDD      Z31, Z10, Z10    \
	VFMADD231PS Z8, Z11, sum     \
	VFMADD231PS Z9, Z10, sum

#define BF32X4(i) \
	VBROADCASTSS 8*i(BX), Z8      \
	VBROADCASTSS 8*i+4(BX), Z9    \
	BF32(64*i, R8, Z0)            \
	BF32(64*i, R9, Z1)            \
	BF32(64*i, R10, Z2)           \
	BF32(64*i, R11, Z3)

// func vecBF32(a *vecArgs)
TEXT ·vecBF32(SB), NOSPLIT, $0-8
	BEGIN
	MOVL         $0xffff0000, CX
	VPBROADCASTD CX, Z31
tile:
	TILE
	SHLQ $2, CX
quarter:
	BF32X4(0)
	BF32X4(1)
	BF32X4(2)
	BF32X4(3)
	NEXT(256, 32)
	DECQ CX
	JNZ  quarter
	STORE
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

#define BFDOT(off, w, sum) \
	VMOVDQU64 off(w), Z10    \
	VDPBF16PS(8, 10, sum)

#define BFDOTX4(i) \
	VPBROADCASTD 4*i(BX), Z8    \
	BFDOT(64*i, R8, 0)          \
	BFDOT(64*i, R9, 1)          \
	BFDOT(64*i, R10, 2)         \
	BFDOT(64*i, R11, 3)

// func vecBFDot(a *vecArgs)
TEXT ·vecBFDot(SB), NOSPLIT, $0-8
	BEGIN
tile:
	TILE
	SHLQ $2, CX
quarter:
	BFDOTX4(0)
	BFDOTX4(1)
	BFDOTX4(2)
	BFDOTX4(3)
	NEXT(256, 16)
	DECQ CX
	JNZ  quarter
	STORE
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET
