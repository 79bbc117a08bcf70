#include "textflag.h"
#include "avx512_amd64.h"

EXPCONSTS(expc<>)

DATA lowest<>+0(SB)/4, $0xff800000
GLOBL lowest<>(SB), RODATA|NOPTR, $4

#define REDUCE(op, z, y, x, ty, tx) \
	VEXTRACTF64X4 $1, z, ty    \
	op ty, y, y                \
	VEXTRACTF128 $1, y, tx     \
	op tx, x, x                \
	VPERMILPS $0x4e, x, tx     \
	op tx, x, x                \
	VPERMILPS $0xb1, x, tx     \
	op tx, x, x

// q·k of one dimension: 4 query heads times 64 keys.
#define HEAD(at, a, b, c, d) \
	VBROADCASTSS at, Z20          \
	VFMADD231PS Z16, Z20, a       \
	VFMADD231PS Z17, Z20, b       \
	VFMADD231PS Z18, Z20, c       \
	VFMADD231PS Z19, Z20, d

// Scores a-d of head h to weights at R9, with its running maximum and sum at R10. The old
// sum and Z(22), the factor that what was accumulated shrinks by, are left for the values.
#define WEIGHTS(h, a, ya, xa, b, c, d) \
	VMULPS Z21, a, a                      \
	VMULPS Z21, b, b                      \
	VMULPS Z21, c, c                      \
	VMULPS Z21, d, d                      \
	VBLENDMPS a, Z23, K1, a               \
	VBLENDMPS b, Z23, K2, b               \
	VBLENDMPS c, Z23, K3, c               \
	VBLENDMPS d, Z23, K4, d               \
	VMAXPS a, b, Z24                      \
	VMAXPS c, d, Z25                      \
	VMAXPS Z24, Z25, Z24                  \
	VEXTRACTF64X4 $1, Z24, Y25            \
	VMAXPS Y24, Y25, Y24                  \
	VEXTRACTF32X4 $1, Y24, X25            \
	VMAXPS X24, X25, X24                  \
	VPERMILPS $0x4e, X24, X25             \
	VMAXPS X24, X25, X24                  \
	VPERMILPS $0xb1, X24, X25             \
	VMAXPS X24, X25, X24                  \
	VMOVSS (4*h)(R10), X22                \
	VMAXSS X24, X22, X24                  \
	VMOVSS X24, (4*h)(R10)                \
	VBROADCASTSS X24, Z24                 \
	VBROADCASTSS X22, Z22                 \
	VSUBPS Z24, Z22, Z22                  \
	VSUBPS Z24, a, a                      \
	VSUBPS Z24, b, b                      \
	VSUBPS Z24, c, c                      \
	VSUBPS Z24, d, d                      \
	EXP(expc<>, Z22, Z26, Z27)            \
	EXP(expc<>, a, Z28, Z29)              \
	EXP(expc<>, b, Z30, Z31)              \
	EXP(expc<>, c, Z26, Z27)              \
	EXP(expc<>, d, Z28, Z29)              \
	VMOVUPS a, (256*h)(R9)                \
	VMOVUPS b, (256*h+64)(R9)             \
	VMOVUPS c, (256*h+128)(R9)            \
	VMOVUPS d, (256*h+192)(R9)            \
	VADDPS a, b, b                        \
	VADDPS c, d, d                        \
	VADDPS b, d, a                        \
	VEXTRACTF64X4 $1, a, Y25              \
	VADDPS Y25, ya, ya                    \
	VEXTRACTF32X4 $1, ya, X25             \
	VADDPS X25, xa, xa                    \
	VPERMILPS $0x4e, xa, X25              \
	VADDPS X25, xa, xa                    \
	VPERMILPS $0xb1, xa, X25              \
	VADDPS X25, xa, xa                    \
	VFMADD231SS (16+4*h)(R10), X22, xa    \
	VMOVSS xa, (16+4*h)(R10)              \
	VMOVSS X22, (32+4*h)(R10)

#define VALUE(h, a, b) \
	VBROADCASTSS (256*h)(R9)(AX*4), Z18   \
	VFMADD231PS Z16, Z18, a               \
	VFMADD231PS Z17, Z18, b

// func attendPage(a *pageArgs)
// One page of keys and values for four query heads of one token.
//
//	0 q   8 keys   16 values   24 out   32 weights   40 state
//	48 first slot   56 slots from it on   64 dimensions, a multiple of 32   72 scale
//	80 what to ask for meanwhile: the keys or the values of the next page
//
// state: 4 running maxima, 4 sums, 4 factors.
TEXT ·attendPage(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), DI
	MOVQ 0(DI), SI
	MOVQ 8(DI), BX
	MOVQ 32(DI), R9
	MOVQ 40(DI), R10
	MOVQ 64(DI), R11
	LEAQ (SI)(R11*4), R12
	LEAQ (SI)(R11*8), R13
	LEAQ (R12)(R11*8), R14
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	VPXORD Z4, Z4, Z4
	VPXORD Z5, Z5, Z5
	VPXORD Z6, Z6, Z6
	VPXORD Z7, Z7, Z7
	VPXORD Z8, Z8, Z8
	VPXORD Z9, Z9, Z9
	VPXORD Z10, Z10, Z10
	VPXORD Z11, Z11, Z11
	VPXORD Z12, Z12, Z12
	VPXORD Z13, Z13, Z13
	VPXORD Z14, Z14, Z14
	VPXORD Z15, Z15, Z15
	XORQ AX, AX
	MOVQ 80(DI), CX
dim:
	PREFETCHT0 (CX)
	PREFETCHT0 64(CX)
	ADDQ $128, CX
	VMOVUPS (BX), Z16
	VMOVUPS 64(BX), Z17
	VMOVUPS 128(BX), Z18
	VMOVUPS 192(BX), Z19
	HEAD((SI)(AX*4), Z0, Z1, Z2, Z3)
	HEAD((R12)(AX*4), Z4, Z5, Z6, Z7)
	HEAD((R13)(AX*4), Z8, Z9, Z10, Z11)
	HEAD((R14)(AX*4), Z12, Z13, Z14, Z15)
	ADDQ $256, BX
	INCQ AX
	CMPQ AX, R11
	JCS  dim

	MOVQ CX, R8
	// The slots that count, as masks of 16.
	MOVQ $-1, DX
	MOVQ $64, CX
	SUBQ 56(DI), CX
	SHRQ CX, DX
	MOVQ 48(DI), CX
	SHLQ CX, DX
	KMOVQ DX, K1
	KSHIFTRQ $16, K1, K2
	KSHIFTRQ $32, K1, K3
	KSHIFTRQ $48, K1, K4
	VBROADCASTSS 72(DI), Z21
	VBROADCASTSS lowest<>(SB), Z23
	WEIGHTS(0, Z0, Y0, X0, Z1, Z2, Z3)
	WEIGHTS(1, Z4, Y4, X4, Z5, Z6, Z7)
	WEIGHTS(2, Z8, Y8, X8, Z9, Z10, Z11)
	WEIGHTS(3, Z12, Y12, X12, Z13, Z14, Z15)

	// Values, 32 dimensions at a time. R8 out of head 0, R12-R14 of the others;
	// R15 bytes of a value; R11 what to ask for.
	MOVQ R11, DX
	MOVQ R11, R15
	MOVQ R8, R11
	MOVQ 24(DI), R8
	MOVQ 16(DI), SI
	SHLQ $2, R15
	MOVQ 48(DI), CX
	IMULQ R15, CX
	ADDQ CX, SI
part:
	LEAQ (R8)(R15*1), R12
	LEAQ (R8)(R15*2), R13
	LEAQ (R12)(R15*2), R14
	VBROADCASTSS 32(R10), Z16
	VMULPS (R8), Z16, Z0
	VMULPS 64(R8), Z16, Z1
	VBROADCASTSS 36(R10), Z16
	VMULPS (R12), Z16, Z2
	VMULPS 64(R12), Z16, Z3
	VBROADCASTSS 40(R10), Z16
	VMULPS (R13), Z16, Z4
	VMULPS 64(R13), Z16, Z5
	VBROADCASTSS 44(R10), Z16
	VMULPS (R14), Z16, Z6
	VMULPS 64(R14), Z16, Z7
	MOVQ SI, BX
	MOVQ 48(DI), AX
	MOVQ 56(DI), CX
slot:
	PREFETCHT0 (R11)
	ADDQ $64, R11
	VMOVUPS (BX), Z16
	VMOVUPS 64(BX), Z17
	VALUE(0, Z0, Z1)
	VALUE(1, Z2, Z3)
	VALUE(2, Z4, Z5)
	VALUE(3, Z6, Z7)
	ADDQ R15, BX
	INCQ AX
	DECQ CX
	JNZ  slot
	VMOVUPS Z0, (R8)
	VMOVUPS Z1, 64(R8)
	VMOVUPS Z2, (R12)
	VMOVUPS Z3, 64(R12)
	VMOVUPS Z4, (R13)
	VMOVUPS Z5, 64(R13)
	VMOVUPS Z6, (R14)
	VMOVUPS Z7, 64(R14)
	ADDQ $128, R8
	ADDQ $128, SI
	SUBQ $32, DX
	JNZ  part
	VZEROUPPER
	RET
