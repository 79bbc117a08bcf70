#include "textflag.h"
#include "avx2_tile_amd64.h"

DATA ones<>+0(SB)/8, $0x0001000100010001
DATA ones<>+8(SB)/8, $0x0001000100010001
DATA ones<>+16(SB)/8, $0x0001000100010001
DATA ones<>+24(SB)/8, $0x0001000100010001
GLOBL ones<>(SB), RODATA|NOPTR, $32

// 4 columns of a vector: products of bytes, summed in 16 bits.
#define BYTES(off, a, b) \
	VPBROADCASTD off(SI), Y14       \
	VPMADDUBSW   Y14, Y12, Y15      \
	VPMADDUBSW   Y14, Y13, Y14      \
	VPADDW       Y15, a, a          \
	VPADDW       Y14, b, b

// 2 columns of a vector: products of 16 bits.
#define WORDS(off, a, b) \
	VPBROADCASTD off(SI), Y14       \
	VPMADDWD     Y14, Y12, Y15      \
	VPMADDWD     Y14, Y13, Y14      \
	VPADDD       Y15, a, a          \
	VPADDD       Y14, b, b

// Step i of a block, the next 4 bytes of each row, with all vectors.
#define STEP(DOT, D, i) \
	VMOVDQU 64*i(BX), Y12       \
	VMOVDQU 64*i+32(BX), Y13    \
	DOT(D, i)

#define STEPS8(DOT, D, i) \
	STEP(DOT, D, (i+0))    \
	STEP(DOT, D, (i+1))    \
	STEP(DOT, D, (i+2))    \
	STEP(DOT, D, (i+3))    \
	STEP(DOT, D, (i+4))    \
	STEP(DOT, D, (i+5))    \
	STEP(DOT, D, (i+6))    \
	STEP(DOT, D, (i+7))

// The correction of each half of 32 bits begins the sum of that half. What is summed on the way is
// (w-12)*x of the columns done and -12*x of the others: 16 numbers of at most 12*127, which fit 16 bits.
#define CORRECT(off, a, b) \
	VPBROADCASTD off(SI), a    \
	VMOVDQA      a, b

#define WIDEN(a, b) \
	VPMADDWD ones<>(SB), a, a    \
	VPMADDWD ones<>(SB), b, b

#define SCALES(at) \
	VMOVUPS at(BX), Y12      \
	VMOVUPS at+32(BX), Y13

// func tileBytes6(a *tile6Args)
TEXT ·tileBytes6(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP6
blk:
	ASK(more)
	CORRECT(192, Y0, Y1)
	CORRECT(196, Y2, Y3)
	CORRECT(200, Y4, Y5)
	CORRECT(204, Y6, Y7)
	CORRECT(208, Y8, Y9)
	CORRECT(212, Y10, Y11)
	STEPS8(DOT6, BYTES, 0)
	SCALES(512)
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

// func tileBytes4(a *tile6Args)
TEXT ·tileBytes4(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP4
blk:
	ASK(more)
	CORRECT(192, Y0, Y1)
	CORRECT(196, Y2, Y3)
	CORRECT(200, Y4, Y5)
	CORRECT(204, Y6, Y7)
	STEPS8(DOT4, BYTES, 0)
	SCALES(512)
	WIDEN(Y0, Y1)
	WIDEN(Y2, Y3)
	WIDEN(Y4, Y5)
	WIDEN(Y6, Y7)
	FOLD(216, Y0, Y1, R8)
	FOLD(220, Y2, Y3, R9)
	FOLD(224, Y4, Y5, R10)
	FOLD(228, Y6, Y7, R11)
	NEXT(576, 240)
	JNZ  blk
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET

#define ZERO(a, b) \
	VPXOR a, a, a    \
	VPXOR b, b, b

// func tileWords6(a *tile6Args)
TEXT ·tileWords6(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP6
blk:
	ASK(more)
	ZERO(Y0, Y1)
	ZERO(Y2, Y3)
	ZERO(Y4, Y5)
	ZERO(Y6, Y7)
	ZERO(Y8, Y9)
	ZERO(Y10, Y11)
	STEPS8(DOT6, WORDS, 0)
	STEPS8(DOT6, WORDS, 8)
	SCALES(1024)
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

// func tileWords4(a *tile6Args)
TEXT ·tileWords4(SB), NOSPLIT, $0-8
	BEGIN
group:
	GROUP4
blk:
	ASK(more)
	ZERO(Y0, Y1)
	ZERO(Y2, Y3)
	ZERO(Y4, Y5)
	ZERO(Y6, Y7)
	STEPS8(DOT4, WORDS, 0)
	STEPS8(DOT4, WORDS, 8)
	SCALES(1024)
	FOLD(384, Y0, Y1, R8)
	FOLD(388, Y2, Y3, R9)
	FOLD(392, Y4, Y5, R10)
	FOLD(396, Y6, Y7, R11)
	NEXT(1088, 408)
	JNZ  blk
	CMPQ 32(AX), $0
	JNE  group
	VZEROUPPER
	RET
