#include "textflag.h"
#include "avx2_amd64.h"

EXPLANES(expl<>)

LANES(lowest<>, 0, 0xff800000ff800000) // -Inf
GLOBL lowest<>(SB), RODATA|NOPTR, $32

DATA slots<>+0(SB)/8, $0x0000000100000000
DATA slots<>+8(SB)/8, $0x0000000300000002
DATA slots<>+16(SB)/8, $0x0000000500000004
DATA slots<>+24(SB)/8, $0x0000000700000006
LANES(slots<>, 32, 0x0000000800000008)
GLOBL slots<>(SB), RODATA|NOPTR, $64

// q·k of one dimension: a query head times 16 keys.
#define SCORE(at, t, a, b) \
	VBROADCASTSS at, t            \
	VFMADD231PS Y8, t, a          \
	VFMADD231PS Y9, t, b

// The scores of head h in a block go to its weights, those that do not count as -Inf.
#define MASKED(h, a, b) \
	VMULPS Y15, a, a              \
	VMULPS Y15, b, b              \
	VBLENDVPS Y8, a, Y14, a       \
	VBLENDVPS Y9, b, Y14, b       \
	VMOVUPS a, (256*h)(R9)        \
	VMOVUPS b, (256*h+32)(R9)

// The lanes of Y0-Y3 to one each of X0.
#define GATHER(op) \
	VEXTRACTF128 $1, Y0, X4       \
	VEXTRACTF128 $1, Y1, X5       \
	VEXTRACTF128 $1, Y2, X6       \
	VEXTRACTF128 $1, Y3, X7       \
	op X4, X0, X0                 \
	op X5, X1, X1                 \
	op X6, X2, X2                 \
	op X7, X3, X3                 \
	VUNPCKLPS X1, X0, X4          \
	VUNPCKHPS X1, X0, X5          \
	VUNPCKLPS X3, X2, X6          \
	VUNPCKHPS X3, X2, X7          \
	op X5, X4, X4                 \
	op X7, X6, X6                 \
	VUNPCKLPD X6, X4, X0          \
	VUNPCKHPD X6, X4, X1          \
	op X1, X0, X0

// Eight scores of two heads to weights, and to their sums; top is the largest so far.
#define WEIGHTS(h, topa, suma, topb, sumb) \
	VMOVUPS (256*h)(R9)(AX*4), Y8          \
	VMOVUPS (256*h+256)(R9)(AX*4), Y9      \
	VSUBPS topa, Y8, Y8                    \
	VSUBPS topb, Y9, Y9                    \
	VMAXPS Y8, Y14, Y8                     \
	VMAXPS Y9, Y14, Y9                     \
	EXP2PAIR(expl<>, Y15, Y8, Y10, Y11, Y9, Y12, Y13) \
	VMOVUPS Y8, (256*h)(R9)(AX*4)          \
	VMOVUPS Y9, (256*h+256)(R9)(AX*4)      \
	VADDPS Y8, suma, suma                  \
	VADDPS Y9, sumb, sumb

// Four running sums of q·k, 16 keys each.
#define NOUGHT \
	VXORPS Y0, Y0, Y0             \
	VXORPS Y1, Y1, Y1             \
	VXORPS Y2, Y2, Y2             \
	VXORPS Y3, Y3, Y3             \
	VXORPS Y4, Y4, Y4             \
	VXORPS Y5, Y5, Y5             \
	VXORPS Y6, Y6, Y6             \
	VXORPS Y7, Y7, Y7

// func attendScores(a *pageArgsAVX2)
// The weights of the keys of a page, for all units.
//
//	0 keys   8 values   16 units   24 bytes of all units
//	32 first slot of any unit, a multiple of 16   40 slot after the last of any
//	48 dimensions, a multiple of 16   56 what to ask for meanwhile   64 bytes on from one time to the next
//	72 scale   80 q   88 out   96 weights   104 state
//
// A unit, four query heads of a token, with places in bytes from those above:
//
//	0 q   8 out   16 weights   24 state   32 first slot   40 slot after the last
//
// state: 4 running maxima, 4 sums, 4 factors that what was accumulated shrinks by.
TEXT ·attendScores(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), DI
	MOVQ 0(DI), BX
	MOVQ 32(DI), DX
	MOVQ 48(DI), R11
	MOVQ 56(DI), CX
	MOVQ 64(DI), R8
	LEAQ (BX)(DX*4), BX
block:
	MOVQ 16(DI), R15
unit:
	LEAQ 16(DX), AX
	CMPQ 32(R15), AX
	JGE  next
	CMPQ DX, 40(R15)
	JGE  next
	MOVQ 0(R15), SI
	ADDQ 80(DI), SI
	LEAQ (SI)(R11*4), R12
	LEAQ (SI)(R11*8), R13
	LEAQ (R12)(R11*8), R14
	NOUGHT
	MOVQ BX, R10
	XORQ AX, AX
dim:
	PREFETCHT1 (CX)
	ADDQ R8, CX
	VMOVUPS (R10), Y8
	VMOVUPS 32(R10), Y9
	SCORE((SI)(AX*4), Y10, Y0, Y1)
	SCORE((R12)(AX*4), Y11, Y2, Y3)
	SCORE((R13)(AX*4), Y12, Y4, Y5)
	SCORE((R14)(AX*4), Y13, Y6, Y7)
	ADDQ $256, R10
	INCQ AX
	CMPQ AX, R11
	JCS  dim

	VMOVD DX, X8
	VPBROADCASTD X8, Y8
	VPADDD slots<>(SB), Y8, Y8
	VPADDD slots<>+32(SB), Y8, Y9
	VPBROADCASTD 32(R15), Y10
	VPBROADCASTD 40(R15), Y11
	VPCMPGTD Y8, Y10, Y12      // too early
	VPCMPGTD Y9, Y10, Y13
	VPCMPGTD Y8, Y11, Y8       // early enough
	VPCMPGTD Y9, Y11, Y9
	VPANDN Y8, Y12, Y8
	VPANDN Y9, Y13, Y9
	VBROADCASTSS 72(DI), Y15
	VMOVUPS lowest<>(SB), Y14
	MOVQ 16(R15), R9
	ADDQ 96(DI), R9
	LEAQ (R9)(DX*4), R9
	MASKED(0, Y0, Y1)
	MASKED(1, Y2, Y3)
	MASKED(2, Y4, Y5)
	MASKED(3, Y6, Y7)
next:
	ADDQ $48, R15
	MOVQ R15, AX
	SUBQ 16(DI), AX
	CMPQ AX, 24(DI)
	JCS  unit
	ADDQ $64, BX
	ADDQ $16, DX
	CMPQ DX, 40(DI)
	JLT  block

	MOVQ 16(DI), R15
weights:
	MOVQ 16(R15), R9
	MOVQ 24(R15), R10
	ADDQ 96(DI), R9
	ADDQ 104(DI), R10
	MOVQ 32(R15), CX
	MOVQ 40(R15), DX
	ANDQ $-16, CX
	ADDQ $15, DX
	ANDQ $-16, DX
	MOVQ CX, AX
	VMOVUPS lowest<>(SB), Y0
	VMOVAPS Y0, Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y0, Y3
largest:
	VMAXPS (R9)(AX*4), Y0, Y0
	VMAXPS 256(R9)(AX*4), Y1, Y1
	VMAXPS 512(R9)(AX*4), Y2, Y2
	VMAXPS 768(R9)(AX*4), Y3, Y3
	ADDQ $8, AX
	CMPQ AX, DX
	JLT  largest
	GATHER(VMAXPS)
	VMOVUPS (R10), X8
	VMAXPS X0, X8, X0
	VMOVUPS X0, (R10)
	VSUBPS X0, X8, X8
	VMOVUPS expl<>+32(SB), Y15
	VMOVUPS expl<>+352(SB), Y14
	VMAXPS Y8, Y14, Y8
	EXP2(expl<>, Y15, Y8, Y10, Y11)
	VMOVUPS X8, 32(R10)
	VBROADCASTSS 0(R10), Y4
	VBROADCASTSS 4(R10), Y5
	VBROADCASTSS 8(R10), Y6
	VBROADCASTSS 12(R10), Y7
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	MOVQ CX, AX
weight:
	WEIGHTS(0, Y4, Y0, Y5, Y1)
	WEIGHTS(2, Y6, Y2, Y7, Y3)
	ADDQ $8, AX
	CMPQ AX, DX
	JLT  weight
	GATHER(VADDPS)
	VMOVUPS 32(R10), X8
	VFMADD231PS 16(R10), X8, X0
	VMOVUPS X0, 16(R10)
	ADDQ $48, R15
	MOVQ R15, AX
	SUBQ 16(DI), AX
	CMPQ AX, 24(DI)
	JCS  weights
	VZEROUPPER
	RET

// 16 dimensions of what a head has, shrunk by its factor.
#define SHRUNK(h, at, a, b) \
	VBROADCASTSS (32+4*h)(R10), Y8    \
	VMULPS (at), Y8, a                \
	VMULPS 32(at), Y8, b

#define VALUE(h, t, a, b) \
	VBROADCASTSS (256*h)(R9)(AX*4), t \
	VFMADD231PS Y8, t, a              \
	VFMADD231PS Y9, t, b

// func attendValues(a *pageArgsAVX2)
// Adds the values of a page with the weights that attendScores left, slot after slot.
TEXT ·attendValues(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), DI
	MOVQ 48(DI), R15
	SHLQ $2, R15
	MOVQ 56(DI), CX
	XORQ DX, DX
part:
	MOVQ 16(DI), SI
unit:
	MOVQ 8(SI), R8
	MOVQ 16(SI), R9
	MOVQ 24(SI), R10
	ADDQ 88(DI), R8
	ADDQ 96(DI), R9
	ADDQ 104(DI), R10
	MOVQ 32(SI), AX
	MOVQ 40(SI), R11
	MOVQ AX, BX
	IMULQ R15, BX
	ADDQ 8(DI), BX
	ADDQ DX, BX
	ADDQ DX, R8
	LEAQ (R8)(R15*1), R12
	LEAQ (R8)(R15*2), R13
	LEAQ (R12)(R15*2), R14
	SHRUNK(0, R8, Y0, Y1)
	SHRUNK(1, R12, Y2, Y3)
	SHRUNK(2, R13, Y4, Y5)
	SHRUNK(3, R14, Y6, Y7)
	MOVQ 64(DI), R10
slot:
	PREFETCHT1 (CX)
	ADDQ R10, CX
	VMOVUPS (BX), Y8
	VMOVUPS 32(BX), Y9
	VALUE(0, Y10, Y0, Y1)
	VALUE(1, Y11, Y2, Y3)
	VALUE(2, Y12, Y4, Y5)
	VALUE(3, Y13, Y6, Y7)
	ADDQ R15, BX
	INCQ AX
	CMPQ AX, R11
	JLT  slot
	VMOVUPS Y0, (R8)
	VMOVUPS Y1, 32(R8)
	VMOVUPS Y2, (R12)
	VMOVUPS Y3, 32(R12)
	VMOVUPS Y4, (R13)
	VMOVUPS Y5, 32(R13)
	VMOVUPS Y6, (R14)
	VMOVUPS Y7, 32(R14)
	ADDQ $48, SI
	MOVQ SI, AX
	SUBQ 16(DI), AX
	CMPQ AX, 24(DI)
	JCS  unit
	ADDQ $64, DX
	CMPQ DX, R15
	JCS  part
	VZEROUPPER
	RET
