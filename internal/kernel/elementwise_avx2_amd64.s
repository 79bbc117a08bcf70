#include "textflag.h"
#include "avx2_amd64.h"

EXPLANES(expl<>)

// func sumSquaresAVX2(x unsafe.Pointer, n int) float64
// n is a multiple of 16.
TEXT ·sumSquaresAVX2(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
again:
	VCVTPS2PD (SI), Y4
	VCVTPS2PD 16(SI), Y5
	VCVTPS2PD 32(SI), Y6
	VCVTPS2PD 48(SI), Y7
	VFMADD231PD Y4, Y4, Y0
	VFMADD231PD Y5, Y5, Y1
	VFMADD231PD Y6, Y6, Y2
	VFMADD231PD Y7, Y7, Y3
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  again
	VADDPD Y1, Y0, Y0
	VADDPD Y3, Y2, Y2
	VADDPD Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD X1, X0, X0
	VUNPCKHPD X0, X0, X1
	VADDSD X1, X0, X0
	VMOVSD X0, ret+16(FP)
	VZEROUPPER
	RET

// func scaleByAVX2(dst, x, w unsafe.Pointer, n int, r float32)
// dst = w*(x*r); n is a multiple of 16.
TEXT ·scaleByAVX2(SB), NOSPLIT, $0-36
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ w+16(FP), DX
	MOVQ n+24(FP), CX
	VBROADCASTSS r+32(FP), Y2
again:
	VMULPS (SI), Y2, Y0
	VMULPS 32(SI), Y2, Y1
	VMULPS (DX), Y0, Y0
	VMULPS 32(DX), Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  again
	VZEROUPPER
	RET

// func addScaledByAVX2(dst, x unsafe.Pointer, n int, s float32)
// dst += s*x, both rounded; n is a multiple of 16.
TEXT ·addScaledByAVX2(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS s+24(FP), Y2
again:
	VMULPS (SI), Y2, Y0
	VMULPS 32(SI), Y2, Y1
	VADDPS (DI), Y0, Y0
	VADDPS 32(DI), Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  again
	VZEROUPPER
	RET

// Of SwiGLU: exp goes up to the infinite value of 89, and from -20 down does not matter beside 1.
// So that its exponent stays in range, exp comes times 2^-64, and 2^64 follows with the addition of 1.
LANES(swi<>, 0, 0x42b2000042b20000)  // 89
LANES(swi<>, 32, 0xc1a00000c1a00000) // -20
LANES(swi<>, 64, 0x4b3fffc04b3fffc0) // 1.5*2^23-64
LANES(swi<>, 96, 0x5f8000005f800000) // 2^64
GLOBL swi<>(SB), RODATA|NOPTR, $128

// func swiGLU16AVX2(dst, gu unsafe.Pointer, n int, limit, alpha float32)
// n is a multiple of 16; see Ops.SwiGLU.
TEXT ·swiGLU16AVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ gu+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS limit+24(FP), Y15
	VBROADCASTSS alpha+28(FP), Y14
	VXORPS Y13, Y13, Y13
	VSUBPS Y15, Y13, Y12         // -limit
	VSUBPS Y14, Y13, Y14         // -alpha
	VMOVUPS swi<>+96(SB), Y11
	VMOVUPS swi<>+32(SB), Y9
	VMOVUPS swi<>+0(SB), Y8
again:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y3
	VMOVUPS 64(SI), Y1
	VMOVUPS 96(SI), Y5
	VSHUFPS $0xdd, Y3, Y0, Y2    // up, the inner quarters swapped
	VSHUFPS $0x88, Y3, Y0, Y0    // gate, alike
	VSHUFPS $0xdd, Y5, Y1, Y3
	VSHUFPS $0x88, Y5, Y1, Y1
	VMINPS Y0, Y15, Y0
	VMINPS Y1, Y15, Y1
	VMULPS Y0, Y14, Y4
	VMULPS Y1, Y14, Y5
	VMINPS Y4, Y8, Y4
	VMINPS Y5, Y8, Y5
	VMAXPS Y4, Y9, Y4
	VMAXPS Y5, Y9, Y5
	EXP2PAIR(expl<>, swi<>+64(SB), Y4, Y6, Y7, Y5, Y10, Y13)
	VMINPS Y2, Y15, Y2
	VMINPS Y3, Y15, Y3
	VMAXPS Y2, Y12, Y2
	VMAXPS Y3, Y12, Y3
	VFMADD213PS expl<>+320(SB), Y11, Y4
	VFMADD213PS expl<>+320(SB), Y11, Y5
	VDIVPS Y4, Y0, Y0
	VDIVPS Y5, Y1, Y1
	VADDPS expl<>+320(SB), Y2, Y2
	VADDPS expl<>+320(SB), Y3, Y3
	VMULPS Y2, Y0, Y0
	VMULPS Y3, Y1, Y1
	VPERMPD $0xd8, Y0, Y0
	VPERMPD $0xd8, Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ $128, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  again
	VZEROUPPER
	RET

// func maxOfAVX2(x unsafe.Pointer, n int) float32
// NaN is passed over; n is a multiple of 32.
TEXT ·maxOfAVX2(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL $0xff800000, AX
	VMOVD AX, X0
	VBROADCASTSS X0, Y0
	VMOVAPS Y0, Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y0, Y3
again:
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VMOVUPS 64(SI), Y6
	VMOVUPS 96(SI), Y7
	VMAXPS Y0, Y4, Y0
	VMAXPS Y1, Y5, Y1
	VMAXPS Y2, Y6, Y2
	VMAXPS Y3, Y7, Y3
	ADDQ $128, SI
	SUBQ $32, CX
	JNZ  again
	VMAXPS Y1, Y0, Y0
	VMAXPS Y3, Y2, Y2
	VMAXPS Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0x4e, X0, X1
	VMAXPS X1, X0, X0
	VPERMILPS $0xb1, X0, X1
	VMAXPS X1, X0, X0
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func indexOfAVX2(x unsafe.Pointer, n int, v float32) int
// The first index of v, or n; n is a multiple of 8.
TEXT ·indexOfAVX2(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS v+16(FP), Y0
	XORQ AX, AX
again:
	VCMPPS $0, (SI)(AX*4), Y0, Y1
	VMOVMSKPS Y1, DX
	TESTL DX, DX
	JNE  found
	ADDQ $8, AX
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

// func rope8(x, cos, sin unsafe.Pointer, half, heads int)
// half is a multiple of 8; see Ops.Rope.
TEXT ·rope8(SB), NOSPLIT, $0-40
	MOVQ x+0(FP), SI
	MOVQ cos+8(FP), R8
	MOVQ sin+16(FP), R9
	MOVQ half+24(FP), R10
	MOVQ heads+32(FP), CX
	LEAQ (SI)(R10*4), DI
head:
	XORQ AX, AX
again:
	VMOVUPS (SI)(AX*4), Y0
	VMOVUPS (DI)(AX*4), Y1
	VMOVUPS (R8)(AX*4), Y2
	VMOVUPS (R9)(AX*4), Y3
	VMULPS Y0, Y2, Y4
	VMULPS Y1, Y3, Y5
	VSUBPS Y5, Y4, Y4
	VMULPS Y1, Y2, Y1
	VMULPS Y0, Y3, Y0
	VADDPS Y0, Y1, Y1
	VMOVUPS Y4, (SI)(AX*4)
	VMOVUPS Y1, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, R10
	JCS  again
	LEAQ (SI)(R10*8), SI
	LEAQ (DI)(R10*8), DI
	DECQ CX
	JNZ  head
	VZEROUPPER
	RET
