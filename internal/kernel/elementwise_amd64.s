#include "textflag.h"
#include "avx512_amd64.h"

EXPCONSTS(expc<>)

// All lanes of z to lane 0 by op; t is a scratch register (Y and X forms of both are given).
#define REDUCE(op, z, y, x, tz, ty, tx) \
	VEXTRACTI64X4 $1, z, ty    \
	op ty, y, y                \
	VEXTRACTI128 $1, y, tx     \
	op tx, x, x                \
	VPSHUFD $0x4e, x, tx       \
	op tx, x, x                \
	VPSHUFD $0xb1, x, tx       \
	op tx, x, x

// Even columns of 8, then odd ones, in each 16 bytes: see lane.
DATA evens<>+0(SB)/8, $0x0705030106040200
DATA evens<>+8(SB)/8, $0x0f0d0b090e0c0a08
GLOBL evens<>(SB), RODATA|NOPTR, $16

// 32 values at SI as integers to Z0, Z1, their scale to X5, and -128 times their sum to AX.
// levels and 2*levels are in X28 and X29. Blocks of no effect or no meaning are left to the labels.
#define ROUND(zero) \
	VMOVUPS (SI), Z0          \
	VMOVUPS 64(SI), Z1        \
	VPANDD  Z30, Z0, Z2       \
	VPANDD  Z30, Z1, Z3       \
	VPMAXUD Z3, Z2, Z2        \
	REDUCE(VPMAXUD, Z2, Y2, X2, Z3, Y3, X3) \
	VMOVD   X2, AX            \
	CMPL    AX, $0x26800000   \
	JCS     zero              \
	CMPL    AX, $0x7f7fffff   \
	JHI     zero              \
	VDIVSS  X2, X28, X4       \
	VDIVSS  X29, X2, X5       \
	VBROADCASTSS X4, Z4       \
	VMULPS  Z4, Z0, Z0        \
	VMULPS  Z4, Z1, Z1        \
	VCVTPS2DQ Z0, Z0          \
	VCVTPS2DQ Z1, Z1          \
	VPADDD  Z0, Z1, Z2        \
	REDUCE(VPADDD, Z2, Y2, X2, Z3, Y3, X3) \
	VMOVD   X2, AX            \
	NEGL    AX                \
	SHLL    $7, AX

// The scale of a block that is not rounded: 0 if too small, else NaN.
#define REFUSED(at) \
	MOVL $0, at(DI)              \
	MOVL $0, at+4(DI)            \
	CMPL AX, $0x26800000         \
	JCS  small                   \
	MOVL $0x7fc00000, at+4(DI)   \
small:

#define BYTES(z0, z1, x0, x1, y0, at) \
	VPMOVDB z0, x0              \
	VPMOVDB z1, x1              \
	VINSERTI128 $1, x1, y0, y0  \
	VPSHUFB Y31, y0, y0         \
	VMOVDQU y0, at(DI)

#define CONSTANTS(levels) \
	MOVL $0x7fffffff, AX         \
	VPBROADCASTD AX, Z30         \
	VBROADCASTI32X4 evens<>(SB), Y31 \
	MOVL levels, AX              \
	VMOVD AX, X28                \
	VADDSS X28, X28, X29

// func quantize8(dst, x unsafe.Pointer, nb int)
TEXT ·quantize8(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ nb+16(FP), CX
	CONSTANTS($0x42fe0000) // 127
blk:
	ROUND(refused)
	BYTES(Z0, Z1, X0, X1, Y0, 0)
	MOVL  AX, 32(DI)
	VMOVSS X5, 36(DI)
next:
	ADDQ $128, SI
	ADDQ $40, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET
refused:
	VPXOR   X0, X0, X0
	VMOVDQU Y0, (DI)
	REFUSED(32)
	JMP next

// func quantize16(dst, x unsafe.Pointer, nb int)
TEXT ·quantize16(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ nb+16(FP), CX
	CONSTANTS($0x467e0000) // 127*128
	MOVL $64, AX
	VPBROADCASTD AX, Z27
blk:
	ROUND(refused)
	VPADDD Z27, Z0, Z6
	VPADDD Z27, Z1, Z7
	VPSRAD $7, Z6, Z6
	VPSRAD $7, Z7, Z7
	VPSLLD $7, Z6, Z8
	VPSLLD $7, Z7, Z9
	VPSUBD Z8, Z0, Z0
	VPSUBD Z9, Z1, Z1
	BYTES(Z6, Z7, X6, X7, Y6, 0)
	BYTES(Z0, Z1, X0, X1, Y0, 32)
	MOVL  AX, 64(DI)
	VMOVSS X5, 68(DI)
next:
	ADDQ $128, SI
	ADDQ $72, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET
refused:
	VPXOR   X0, X0, X0
	VMOVDQU Y0, (DI)
	VMOVDQU Y0, 32(DI)
	REFUSED(64)
	JMP next

// func sumSquares(x unsafe.Pointer, n int) float64
// n is a multiple of 16.
TEXT ·sumSquares(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
again:
	VCVTPS2PD (SI), Z2
	VCVTPS2PD 32(SI), Z3
	VFMADD231PD Z2, Z2, Z0
	VFMADD231PD Z3, Z3, Z1
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  again
	VADDPD Z1, Z0, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	VADDPD Y1, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD X1, X0, X0
	VUNPCKHPD X0, X0, X1
	VADDSD X1, X0, X0
	VMOVSD X0, ret+16(FP)
	VZEROUPPER
	RET

// func scaleBy(dst, x, w unsafe.Pointer, n int, r float32)
// dst = w*(x*r); n is a multiple of 16.
TEXT ·scaleBy(SB), NOSPLIT, $0-36
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ w+16(FP), DX
	MOVQ n+24(FP), CX
	VBROADCASTSS r+32(FP), Z1
again:
	VMULPS (SI), Z1, Z0
	VMULPS (DX), Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  again
	VZEROUPPER
	RET

// func addScaledBy(dst, x unsafe.Pointer, n int, s float32)
// dst += s*x, both rounded; n is a multiple of 16.
TEXT ·addScaledBy(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Z1
again:
	VMULPS (SI), Z1, Z0
	VADDPS (DI), Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  again
	VZEROUPPER
	RET

DATA iota<>+0(SB)/8, $0x0000000200000000
DATA iota<>+8(SB)/8, $0x0000000600000004
DATA iota<>+16(SB)/8, $0x0000000a00000008
DATA iota<>+24(SB)/8, $0x0000000e0000000c
DATA iota<>+32(SB)/8, $0x0000001200000010
DATA iota<>+40(SB)/8, $0x0000001600000014
DATA iota<>+48(SB)/8, $0x0000001a00000018
DATA iota<>+56(SB)/8, $0x0000001e0000001c
GLOBL iota<>(SB), RODATA|NOPTR, $64

// func swiGLU16(dst, gu unsafe.Pointer, n int, limit, alpha float32)
// n is a multiple of 16; see Ops.SwiGLU.
TEXT ·swiGLU16(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ gu+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS limit+24(FP), Z31
	VBROADCASTSS alpha+28(FP), Z30
	VPXORD Z29, Z29, Z29
	VSUBPS Z31, Z29, Z28         // -limit
	VSUBPS Z30, Z29, Z30         // -alpha
	VBROADCASTSS expc<>+36(SB), Z29 // 1
	VMOVDQU64 iota<>(SB), Z26    // the even elements of a pair of registers
	MOVL $1, AX
	VPBROADCASTD AX, Z25
	VPADDD Z26, Z25, Z25         // the odd ones
again:
	VMOVUPS (SI), Z0
	VMOVUPS 64(SI), Z1
	VMOVAPS Z0, Z2
	VPERMT2PS Z1, Z26, Z0        // gate
	VPERMT2PS Z1, Z25, Z2        // up
	VMINPS Z0, Z31, Z0
	VMINPS Z2, Z31, Z2
	VMAXPS Z2, Z28, Z2
	VMULPS Z0, Z30, Z3
	VMINPS.BCST expmax<>(SB), Z3, Z3
	EXP(expc<>, Z3, Z4, Z5)
	VADDPS Z29, Z3, Z3
	VDIVPS Z3, Z0, Z0
	VADDPS Z29, Z2, Z2
	VMULPS Z2, Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $128, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  again
	VZEROUPPER
	RET

// Above it exp is infinite, as its argument's polynomial would be not.
DATA expmax<>+0(SB)/4, $0x42b20000
GLOBL expmax<>(SB), RODATA|NOPTR, $4

// func maxOf(x unsafe.Pointer, n int) float32
// NaN is passed over; n is a multiple of 16.
TEXT ·maxOf(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL $0xff800000, AX
	VPBROADCASTD AX, Z0
again:
	VMOVUPS (SI), Z1
	VMAXPS Z0, Z1, Z0
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  again
	REDUCE(VMAXPS, Z0, Y0, X0, Z1, Y1, X1)
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func indexOf(x unsafe.Pointer, n int, v float32) int
// The first index of v, or n; n is a multiple of 16.
TEXT ·indexOf(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS v+16(FP), Z0
	XORQ AX, AX
again:
	VCMPPS $0, (SI)(AX*4), Z0, K1
	KMOVW K1, DX
	TESTL DX, DX
	JNE   found
	ADDQ $16, AX
	CMPQ AX, CX
	JCS  again
	MOVQ CX, ret+24(FP)
	VZEROUPPER
	RET
found:
	BSFL DX, DX
	ADDQ DX, AX
	MOVQ AX, ret+24(FP)
	VZEROUPPER
	RET

// func rope16(x, cos, sin unsafe.Pointer, half, heads int)
// half is a multiple of 16; see Ops.Rope.
TEXT ·rope16(SB), NOSPLIT, $0-40
	MOVQ x+0(FP), SI
	MOVQ cos+8(FP), R8
	MOVQ sin+16(FP), R9
	MOVQ half+24(FP), R10
	MOVQ heads+32(FP), CX
	LEAQ (SI)(R10*4), DI
head:
	XORQ AX, AX
again:
	VMOVUPS (SI)(AX*4), Z0
	VMOVUPS (DI)(AX*4), Z1
	VMOVUPS (R8)(AX*4), Z2
	VMOVUPS (R9)(AX*4), Z3
	VMULPS Z0, Z2, Z4
	VMULPS Z1, Z3, Z5
	VSUBPS Z5, Z4, Z4
	VMULPS Z1, Z2, Z1
	VMULPS Z0, Z3, Z0
	VADDPS Z0, Z1, Z1
	VMOVUPS Z4, (SI)(AX*4)
	VMOVUPS Z1, (DI)(AX*4)
	ADDQ $16, AX
	CMPQ AX, R10
	JCS  again
	LEAQ (SI)(R10*8), SI
	LEAQ (DI)(R10*8), DI
	DECQ CX
	JNZ  head
	VZEROUPPER
	RET
