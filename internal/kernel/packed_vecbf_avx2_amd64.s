#include "textflag.h"
#include "avx2_vec_amd64.h"

// Here the sums stay in registers, Y0 to Y7.

#define LOADY \
	VMOVUPS (R12)(DI*1), Y0      \
	VMOVUPS 32(R12)(DI*1), Y1    \
	VMOVUPS (R13)(DI*1), Y2      \
	VMOVUPS 32(R13)(DI*1), Y3    \
	VMOVUPS (R14)(DI*1), Y4      \
	VMOVUPS 32(R14)(DI*1), Y5    \
	VMOVUPS (R15)(DI*1), Y6      \
	VMOVUPS 32(R15)(DI*1), Y7

#define STOREY \
	VMOVUPS Y0, (R12)(DI*1)      \
	VMOVUPS Y1, 32(R12)(DI*1)    \
	VMOVUPS Y2, (R13)(DI*1)      \
	VMOVUPS Y3, 32(R13)(DI*1)    \
	VMOVUPS Y4, (R14)(DI*1)      \
	VMOVUPS Y5, 32(R14)(DI*1)    \
	VMOVUPS Y6, (R15)(DI*1)      \
	VMOVUPS Y7, 32(R15)(DI*1)    \
	ADDQ    $64, DI

// 2 columns of 8 rows of bf16, the first in the lower halves of the lanes, in Y10 and Y11.
#define PAIR(off, w) \
	VMOVDQU off(w), Y11        \
	VPSLLD  $16, Y11, Y10      \
	VPAND   Y14, Y11, Y11

// The products with float32: the first column, then the second.
#define BF32(off, w, sum) \
	PAIR(off, w)                \
	VFMADD231PS Y8, Y10, sum    \
	VFMADD231PS Y9, Y11, sum

// The products with bf16, as the instruction for pairs forms them: the second column, then the first.
#define BFDOT(off, w, sum) \
	PAIR(off, w)                \
	VFMADD231PS Y9, Y11, sum    \
	VFMADD231PS Y8, Y10, sum

#define EIGHT(D, i) \
	PREFETCHT0 AHEAD+64*i(R8)     \
	D(64*i, R8, Y0)               \
	D(64*i+32, R8, Y1)            \
	PREFETCHT0 AHEAD+64*i(R9)     \
	D(64*i, R9, Y2)               \
	D(64*i+32, R9, Y3)            \
	PREFETCHT0 AHEAD+64*i(R10)    \
	D(64*i, R10, Y4)              \
	D(64*i+32, R10, Y5)           \
	PREFETCHT0 AHEAD+64*i(R11)    \
	D(64*i, R11, Y6)              \
	D(64*i+32, R11, Y7)

#define BF32X4(i) \
	VBROADCASTSS 8*i(BX), Y8      \
	VBROADCASTSS 8*i+4(BX), Y9    \
	EIGHT(BF32, i)

#define BFDOTX4(i) \
	VPBROADCASTD 4*i(BX), Y9     \
	VPSLLD       $16, Y9, Y8     \
	VPAND        Y14, Y9, Y9     \
	EIGHT(BFDOT, i)

// func vecBF32AVX2(a *vecArgs)
TEXT ·vecBF32AVX2(SB), NOSPLIT, $0-8
	BEGIN
	EACH($0xffff0000, X14, Y14)
tile:
	TILE
	LOADY
	SHLQ $2, CX
quarter:
	BF32X4(0)
	BF32X4(1)
	BF32X4(2)
	BF32X4(3)
	NEXT(256, 32)
	DECQ CX
	JNZ  quarter
	STOREY
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// func vecBFDotAVX2(a *vecArgs)
TEXT ·vecBFDotAVX2(SB), NOSPLIT, $0-8
	BEGIN
	EACH($0xffff0000, X14, Y14)
tile:
	TILE
	LOADY
	SHLQ $2, CX
quarter:
	BFDOTX4(0)
	BFDOTX4(1)
	BFDOTX4(2)
	BFDOTX4(3)
	NEXT(256, 16)
	DECQ CX
	JNZ  quarter
	STOREY
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET
