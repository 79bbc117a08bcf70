#include "textflag.h"

// func readOneAVX2(p unsafe.Pointer, n int)
// n is a multiple of 512.
TEXT ·readOneAVX2(SB), NOSPLIT, $0-16
	MOVQ  p+0(FP), SI
	MOVQ  n+8(FP), CX
	SHRQ  $8, CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
again:
	VPOR 0(SI), Y0, Y0
	VPOR 32(SI), Y1, Y1
	VPOR 64(SI), Y0, Y0
	VPOR 96(SI), Y1, Y1
	VPOR 128(SI), Y0, Y0
	VPOR 160(SI), Y1, Y1
	VPOR 192(SI), Y0, Y0
	VPOR 224(SI), Y1, Y1
	ADDQ $256, SI
	DECQ CX
	JNZ  again
	VZEROUPPER
	RET

// A cache line of each of four streams.
#define FOUR(off) \
	VPOR off(SI), Y0, Y0      \
	VPOR off(R8), Y1, Y1      \
	VPOR off(R9), Y2, Y2      \
	VPOR off(R10), Y3, Y3     \
	VPOR off+32(SI), Y0, Y0   \
	VPOR off+32(R8), Y1, Y1   \
	VPOR off+32(R9), Y2, Y2   \
	VPOR off+32(R10), Y3, Y3

#define AHEAD(off) \
	PREFETCHT0 512+off(SI)    \
	PREFETCHT0 512+off(R8)    \
	PREFETCHT0 512+off(R9)    \
	PREFETCHT0 512+off(R10)

#define QUARTERS \
	MOVQ  p+0(FP), SI          \
	MOVQ  n+8(FP), CX          \
	SHRQ  $2, CX               \
	LEAQ  (SI)(CX*1), R8       \
	LEAQ  (R8)(CX*1), R9       \
	LEAQ  (R9)(CX*1), R10      \
	SHRQ  $7, CX               \
	VPXOR Y0, Y0, Y0           \
	VPXOR Y1, Y1, Y1           \
	VPXOR Y2, Y2, Y2           \
	VPXOR Y3, Y3, Y3

#define STEP \
	ADDQ $128, SI     \
	ADDQ $128, R8     \
	ADDQ $128, R9     \
	ADDQ $128, R10    \
	DECQ CX

// func readFourAVX2(p unsafe.Pointer, n int)
// n is a multiple of 512.
TEXT ·readFourAVX2(SB), NOSPLIT, $0-16
	QUARTERS
again:
	FOUR(0)
	FOUR(64)
	STEP
	JNZ again
	VZEROUPPER
	RET

// func readAheadAVX2(p unsafe.Pointer, n int)
TEXT ·readAheadAVX2(SB), NOSPLIT, $0-16
	QUARTERS
again:
	AHEAD(0)
	FOUR(0)
	AHEAD(64)
	FOUR(64)
	STEP
	JNZ again
	VZEROUPPER
	RET

// Twelve chains, all on zeros: the time does not depend on the values.
#define ZEROS \
	VPXOR Y0, Y0, Y0       \
	VPXOR Y1, Y1, Y1       \
	VPXOR Y2, Y2, Y2       \
	VPXOR Y3, Y3, Y3       \
	VPXOR Y4, Y4, Y4       \
	VPXOR Y5, Y5, Y5       \
	VPXOR Y6, Y6, Y6       \
	VPXOR Y7, Y7, Y7       \
	VPXOR Y8, Y8, Y8       \
	VPXOR Y9, Y9, Y9       \
	VPXOR Y10, Y10, Y10    \
	VPXOR Y11, Y11, Y11    \
	VPXOR Y12, Y12, Y12    \
	VPXOR Y13, Y13, Y13

// 32 products of bytes, in pairs to 16 bits, in pairs to 32 bits, to a sum.
#define DOT(acc) \
	VPMADDUBSW Y12, Y13, Y14   \
	VPMADDWD   Y13, Y14, Y14   \
	VPADDD     Y14, acc, acc

// func peakInt8AVX2(rounds int)
TEXT ·peakInt8AVX2(SB), NOSPLIT, $0-8
	MOVQ rounds+0(FP), CX
	ZEROS
again:
	DOT(Y0)
	DOT(Y1)
	DOT(Y2)
	DOT(Y3)
	DOT(Y4)
	DOT(Y5)
	DOT(Y6)
	DOT(Y7)
	DOT(Y8)
	DOT(Y9)
	DOT(Y10)
	DOT(Y11)
	DECQ CX
	JNZ  again
	VZEROUPPER
	RET

// func peakF32AVX2(rounds int)
TEXT ·peakF32AVX2(SB), NOSPLIT, $0-8
	MOVQ rounds+0(FP), CX
	ZEROS
again:
	VFMADD231PS Y12, Y13, Y0
	VFMADD231PS Y12, Y13, Y1
	VFMADD231PS Y12, Y13, Y2
	VFMADD231PS Y12, Y13, Y3
	VFMADD231PS Y12, Y13, Y4
	VFMADD231PS Y12, Y13, Y5
	VFMADD231PS Y12, Y13, Y6
	VFMADD231PS Y12, Y13, Y7
	VFMADD231PS Y12, Y13, Y8
	VFMADD231PS Y12, Y13, Y9
	VFMADD231PS Y12, Y13, Y10
	VFMADD231PS Y12, Y13, Y11
	DECQ CX
	JNZ  again
	VZEROUPPER
	RET
