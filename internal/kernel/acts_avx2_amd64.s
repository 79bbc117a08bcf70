#include "textflag.h"
#include "avx2_acts_amd64.h"

// levels and 2*levels to X12 and X13.
#define CONSTANTS(levels) \
	MOVQ         dst+0(FP), DI        \
	MOVQ         x+8(FP), SI          \
	MOVQ         nb+16(FP), CX        \
	MOVL         $0x7fffffff, AX      \
	VMOVD        AX, X15              \
	VPBROADCASTD X15, Y15             \
	VMOVDQU      pairs<>(SB), Y14     \
	MOVL         levels, AX           \
	VMOVD        AX, X12              \
	VADDSS       X12, X12, X13

// 32 values at SI as integers of 16 bits to Y0 and Y2, their scale to X5, and -128 times their sum
// to AX. Blocks of no effect or no meaning are left to the label.
#define ROUND(zero) \
	VMOVUPS (SI), Y0           \
	VMOVUPS 32(SI), Y1         \
	VMOVUPS 64(SI), Y2         \
	VMOVUPS 96(SI), Y3         \
	LARGEST                    \
	CMPL    AX, $0x26800000    \
	JCS     zero               \
	CMPL    AX, $0x7f7fffff    \
	JHI     zero               \
	VDIVSS  X4, X12, X6        \
	VDIVSS  X13, X4, X5        \
	VBROADCASTSS X6, Y6        \
	SCALE(Y6)                  \
	VPADDD  Y1, Y0, Y6         \
	VPADDD  Y3, Y2, Y7         \
	VPADDD  Y7, Y6, Y6         \
	REDUCE(VPADDD, Y6, X6, X7) \
	VMOVD   X6, AX             \
	NEGL    AX                 \
	SHLL    $7, AX             \
	WORDS

// The scale of a block that is not rounded: 0 if too small, else NaN.
#define REFUSED(at) \
	MOVL $0, at(DI)              \
	MOVL $0, at+4(DI)            \
	CMPL AX, $0x26800000         \
	JCS  small                   \
	MOVL $0x7fc00000, at+4(DI)   \
small:

// func quantize8AVX2(dst, x unsafe.Pointer, nb int)
TEXT ·quantize8AVX2(SB), NOSPLIT, $0-24
	CONSTANTS($0x42fe0000) // 127
blk:
	ROUND(refused)
	BYTES(Y0, Y2, X0, X1, X3)
	VMOVDQU X0, (DI)
	VMOVDQU X1, 16(DI)
	MOVL    AX, 32(DI)
	VMOVSS  X5, 36(DI)
next:
	ADDQ $128, SI
	ADDQ $40, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET
refused:
	VPXOR   Y0, Y0, Y0
	VMOVDQU Y0, (DI)
	REFUSED(32)
	JMP next

// func quantize16AVX2(dst, x unsafe.Pointer, nb int)
TEXT ·quantize16AVX2(SB), NOSPLIT, $0-24
	CONSTANTS($0x467e0000) // 127*128
	MOVL         $0x00400040, AX
	VMOVD        AX, X11
	VPBROADCASTD X11, Y11
blk:
	ROUND(refused)
	VPADDW  Y11, Y0, Y8
	VPADDW  Y11, Y2, Y9
	VPSRAW  $7, Y8, Y8
	VPSRAW  $7, Y9, Y9
	VPSLLW  $7, Y8, Y6
	VPSLLW  $7, Y9, Y7
	VPSUBW  Y6, Y0, Y0
	VPSUBW  Y7, Y2, Y2
	BYTES(Y8, Y9, X8, X9, X10)
	BYTES(Y0, Y2, X0, X1, X3)
	VMOVDQU X8, (DI)
	VMOVDQU X9, 16(DI)
	VMOVDQU X0, 32(DI)
	VMOVDQU X1, 48(DI)
	MOVL    AX, 64(DI)
	VMOVSS  X5, 68(DI)
next:
	ADDQ $128, SI
	ADDQ $72, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET
refused:
	VPXOR   Y0, Y0, Y0
	VMOVDQU Y0, (DI)
	VMOVDQU Y0, 32(DI)
	REFUSED(64)
	JMP next

// Eight floats to bf16, in the lower halves of the lanes: the nearest, ties to even. Of a NaN the
// upper half stays, made quiet.
#define NEAREST(from, y) \
	VMOVUPS   from(SI), Y4     \
	VPSRLD    $16, Y4, Y5      \
	VPAND     Y15, Y5, Y6      \
	VPADDD    Y14, Y6, Y6      \
	VPADDD    Y4, Y6, Y6       \
	VPSRLD    $16, Y6, Y6      \
	VPOR      Y13, Y5, Y5      \
	VCMPPS    $3, Y4, Y4, Y4   \
	VBLENDVPS Y4, Y5, Y6, y

#define EACH(bits, x, y) \
	MOVL         bits, AX    \
	VMOVD        AX, x       \
	VPBROADCASTD x, y

// func quantizeBF16AVX2(dst, x unsafe.Pointer, nb int)
TEXT ·quantizeBF16AVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ nb+16(FP), CX
	EACH($1, X15, Y15)
	EACH($0x7fff, X14, Y14)
	EACH($0x40, X13, Y13)
blk:
	NEAREST(0, Y0)
	NEAREST(32, Y1)
	NEAREST(64, Y2)
	NEAREST(96, Y3)
	VPACKUSDW Y1, Y0, Y0
	VPACKUSDW Y3, Y2, Y2
	VPERMQ    $0xd8, Y0, Y0
	VPERMQ    $0xd8, Y2, Y2
	VMOVDQU   Y0, (DI)
	VMOVDQU   Y2, 32(DI)
	ADDQ      $128, SI
	ADDQ      $64, DI
	DECQ      CX
	JNZ       blk
	VZEROUPPER
	RET
