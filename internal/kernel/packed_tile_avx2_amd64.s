#include "textflag.h"
#include "avx2_tile_amd64.h"

DATA ones<>+0(SB)/8, $0x0001000100010001
DATA ones<>+8(SB)/8, $0x0001000100010001
DATA ones<>+16(SB)/8, $0x0001000100010001
DATA ones<>+24(SB)/8, $0x0001000100010001
GLOBL ones<>(SB), RODATA|NOPTR, $32

// 4 columns of a vector: products of bytes, summed in 16 bits.
#define DOTB(off, a, b) \
	VPBROADCASTD off(SI), Y14       \
	VPMADDUBSW   Y14, Y12, Y15      \
	VPMADDUBSW   Y14, Y13, Y14      \
	VPADDW       Y15, a, a          \
	VPADDW       Y14, b, b

// 2 columns of a vector: products of 16 bits.
#define DOTW(off, a, b) \
	VPBROADCASTD off(SI), Y14       \
	VPMADDWD     Y14, Y12, Y15      \
	VPMADDWD     Y14, Y13, Y14      \
	VPADDD       Y15, a, a          \
	VPADDD       Y14, b, b

// A column.
#define DOTF(off, a, b) \
	VBROADCASTSS off(SI), Y14       \
	VFMADD231PS  Y14, Y12, a        \
	VFMADD231PS  Y14, Y13, b

// Step i of a block, the next 4 bytes of each row, with all six vectors.
#define STEP(D, i) \
	VMOVDQU 64*i(BX), Y12       \
	VMOVDQU 64*i+32(BX), Y13    \
	D(24*i, Y0, Y1)             \
	D(24*i+4, Y2, Y3)           \
	D(24*i+8, Y4, Y5)           \
	D(24*i+12, Y6, Y7)          \
	D(24*i+16, Y8, Y9)          \
	D(24*i+20, Y10, Y11)

#define STEPS8(D, i) \
	STEP(D, (i+0))    \
	STEP(D, (i+1))    \
	STEP(D, (i+2))    \
	STEP(D, (i+3))    \
	STEP(D, (i+4))    \
	STEP(D, (i+5))    \
	STEP(D, (i+6))    \
	STEP(D, (i+7))

// The correction of each half of 32 bits begins the sum of that half: so the whole sum, of numbers up
// to 12 times 127, fits 16 bits, and it does not matter that what is on the way to it may not.
#define CORRECT(off, a, b) \
	VPBROADCASTD off(SI), a    \
	VMOVDQA      a, b

#define WIDEN(a, b) \
	VPMADDWD ones<>(SB), a, a    \
	VPMADDWD ones<>(SB), b, b

// func tileBytes(a *tile6Args)
TEXT ·tileBytes(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP
blk:
	ASK(more)
	CORRECT(192, Y0, Y1)
	CORRECT(196, Y2, Y3)
	CORRECT(200, Y4, Y5)
	CORRECT(204, Y6, Y7)
	CORRECT(208, Y8, Y9)
	CORRECT(212, Y10, Y11)
	STEPS8(DOTB, 0)
	VMOVUPS 512(BX), Y12
	VMOVUPS 544(BX), Y13
	WIDEN(Y0, Y1)
	WIDEN(Y2, Y3)
	WIDEN(Y4, Y5)
	WIDEN(Y6, Y7)
	WIDEN(Y8, Y9)
	WIDEN(Y10, Y11)
	FOLD(216, Y0, Y1, R8)
	FOLD(220, Y2, Y3, R9)
	FOLD(224, Y4, Y5, R10)
	FOLD(228, Y6, Y7, R11)
	FOLD(232, Y8, Y9, R12)
	FOLD(236, Y10, Y11, R13)
	NEXT(576, 240)
	JNZ  blk
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET

#define ZERO(a, b) \
	VPXOR a, a, a    \
	VPXOR b, b, b

// func tileWords(a *tile6Args)
TEXT ·tileWords(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP
blk:
	ASK(more)
	ZERO(Y0, Y1)
	ZERO(Y2, Y3)
	ZERO(Y4, Y5)
	ZERO(Y6, Y7)
	ZERO(Y8, Y9)
	ZERO(Y10, Y11)
	STEPS8(DOTW, 0)
	STEPS8(DOTW, 8)
	VMOVUPS 1024(BX), Y12
	VMOVUPS 1056(BX), Y13
	FOLD(384, Y0, Y1, R8)
	FOLD(388, Y2, Y3, R9)
	FOLD(392, Y4, Y5, R10)
	FOLD(396, Y6, Y7, R11)
	FOLD(400, Y8, Y9, R12)
	FOLD(404, Y10, Y11, R13)
	NEXT(1088, 408)
	JNZ  blk
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET

#define LOAD(y, a, b) \
	VMOVUPS (y), a      \
	VMOVUPS 32(y), b

#define STORE(y, a, b) \
	VMOVUPS a, (y)      \
	VMOVUPS b, 32(y)

// func tileFloats(a *tile6Args)
TEXT ·tileFloats(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP
	LOAD(R8, Y0, Y1)
	LOAD(R9, Y2, Y3)
	LOAD(R10, Y4, Y5)
	LOAD(R11, Y6, Y7)
	LOAD(R12, Y8, Y9)
	LOAD(R13, Y10, Y11)
blk:
	ASK(more)
	STEPS8(DOTF, 0)
	STEPS8(DOTF, 8)
	STEPS8(DOTF, 16)
	STEPS8(DOTF, 24)
	NEXT(2048, 768)
	JNZ  blk
	STORE(R8, Y0, Y1)
	STORE(R9, Y2, Y3)
	STORE(R10, Y4, Y5)
	STORE(R11, Y6, Y7)
	STORE(R12, Y8, Y9)
	STORE(R13, Y10, Y11)
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET
