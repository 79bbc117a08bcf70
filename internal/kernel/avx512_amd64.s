#include "textflag.h"

// Products with float32 activations. The columns of a row are taken in blocks of 32.
// Lane j of an accumulator adds, block after block, column 2j and then column 2j+1
// of the block, each with one fused multiply-add; HSUM adds the lanes. Every function
// below keeps this order, so one token and many give the same bits.
//
// Go writes operands from source to destination: VPERMPS table, index, result.

// Even and odd positions of two vectors, for VPERMT2PS.
DATA even<>+0x00(SB)/8, $0x0000000200000000
DATA even<>+0x08(SB)/8, $0x0000000600000004
DATA even<>+0x10(SB)/8, $0x0000000a00000008
DATA even<>+0x18(SB)/8, $0x0000000e0000000c
DATA even<>+0x20(SB)/8, $0x0000001200000010
DATA even<>+0x28(SB)/8, $0x0000001600000014
DATA even<>+0x30(SB)/8, $0x0000001a00000018
DATA even<>+0x38(SB)/8, $0x0000001e0000001c
GLOBL even<>(SB), RODATA|NOPTR, $64

DATA odd<>+0x00(SB)/8, $0x0000000300000001
DATA odd<>+0x08(SB)/8, $0x0000000700000005
DATA odd<>+0x10(SB)/8, $0x0000000b00000009
DATA odd<>+0x18(SB)/8, $0x0000000f0000000d
DATA odd<>+0x20(SB)/8, $0x0000001300000011
DATA odd<>+0x28(SB)/8, $0x0000001700000015
DATA odd<>+0x30(SB)/8, $0x0000001b00000019
DATA odd<>+0x38(SB)/8, $0x0000001f0000001d
GLOBL odd<>(SB), RODATA|NOPTR, $64

// The 16 values of e2m1.
DATA e2m1<>+0x00(SB)/8, $0x3f00000000000000
DATA e2m1<>+0x08(SB)/8, $0x3fc000003f800000
DATA e2m1<>+0x10(SB)/8, $0x4040000040000000
DATA e2m1<>+0x18(SB)/8, $0x40c0000040800000
DATA e2m1<>+0x20(SB)/8, $0xbf00000080000000
DATA e2m1<>+0x28(SB)/8, $0xbfc00000bf800000
DATA e2m1<>+0x30(SB)/8, $0xc0400000c0000000
DATA e2m1<>+0x38(SB)/8, $0xc0c00000c0800000
GLOBL e2m1<>(SB), RODATA|NOPTR, $64

DATA high<>+0(SB)/4, $0xffff0000
GLOBL high<>(SB), RODATA|NOPTR, $4

// HSUM adds the 16 lanes of a register, given under its three names, and stores the sum.
#define HSUM(Z, Y, X, at) \
	VEXTRACTF64X4 $1, Z, Y28 \
	VADDPS        Y28, Y, Y  \
	VEXTRACTF32X4 $1, Y, X28 \
	VADDPS        X28, X, X  \
	VPERMILPD     $1, X, X28 \
	VADDPS        X28, X, X  \
	VMOVSHDUP     X, X28     \
	VADDSS        X28, X, X  \
	VMOVSS        X, at

// SPLIT loads 32 activations: even columns to Z16, odd columns to Z18.
#define SPLIT \
	VMOVUPS   (BX), Z16     \
	VMOVUPS   64(BX), Z17   \
	VMOVAPS   Z16, Z18      \
	VPERMT2PS Z17, Z30, Z16 \
	VPERMT2PS Z17, Z29, Z18 \
	ADDQ      $128, BX

// WIDEN32 turns 32 bfloat16 in Z20 into even columns Z21 and odd columns Z22.
#define WIDEN32 \
	VPSLLD $16, Z20, Z21 \
	VPANDD Z27, Z20, Z22

// ROWB adds one row's block of bfloat16 to an accumulator.
#define ROWB(at, acc) \
	VMOVDQU32   at, Z20       \
	WIDEN32                   \
	VFMADD231PS Z16, Z21, acc \
	VFMADD231PS Z18, Z22, acc

// WIDEN4 turns 16 bytes of codes and a scale byte into even columns Z21 and odd columns
// Z22. Z26 holds the table, DX the bits of 2^-127, the value of scale 0.
#define WIDEN4(at, scale) \
	MOVBLZX      scale, AX     \
	VPMOVZXBD    at, Z20       \
	SHLL         $23, AX       \
	CMOVLEQ      DX, AX        \
	VPBROADCASTD AX, Z23       \
	VMULPS       Z26, Z23, Z23 \
	VPSRLD       $4, Z20, Z24  \
	VPERMPS      Z23, Z20, Z21 \
	VPERMPS      Z23, Z24, Z22

#define ROW4(at, scale, acc) \
	WIDEN4(at, scale)         \
	VFMADD231PS Z16, Z21, acc \
	VFMADD231PS Z18, Z22, acc

#define ZERO8 \
	VPXORD Z0, Z0, Z0 \
	VPXORD Z1, Z1, Z1 \
	VPXORD Z2, Z2, Z2 \
	VPXORD Z3, Z3, Z3 \
	VPXORD Z4, Z4, Z4 \
	VPXORD Z5, Z5, Z5 \
	VPXORD Z6, Z6, Z6 \
	VPXORD Z7, Z7, Z7

#define SUM8 \
	HSUM(Z0, Y0, X0, 0(DX))  \
	HSUM(Z1, Y1, X1, 4(DX))  \
	HSUM(Z2, Y2, X2, 8(DX))  \
	HSUM(Z3, Y3, X3, 12(DX)) \
	HSUM(Z4, Y4, X4, 16(DX)) \
	HSUM(Z5, Y5, X5, 20(DX)) \
	HSUM(Z6, Y6, X6, 24(DX)) \
	HSUM(Z7, Y7, X7, 28(DX))

// func vec8BF16(y, x *float32, w *byte, blocks int)
// Eight rows of 32*blocks columns, one after the other.
TEXT ·vec8BF16(SB), NOSPLIT, $0-32
	MOVQ         x+8(FP), BX
	MOVQ         w+16(FP), SI
	MOVQ         blocks+24(FP), CX
	MOVQ         CX, R8
	SHLQ         $6, R8
	LEAQ         (R8)(R8*2), R9
	LEAQ         (SI)(R8*4), DI
	VMOVUPS      even<>(SB), Z30
	VMOVUPS      odd<>(SB), Z29
	VPBROADCASTD high<>(SB), Z27
	ZERO8
loop:
	SPLIT
	ROWB((SI), Z0)
	ROWB((SI)(R8*1), Z1)
	ROWB((SI)(R8*2), Z2)
	ROWB((SI)(R9*1), Z3)
	ROWB((DI), Z4)
	ROWB((DI)(R8*1), Z5)
	ROWB((DI)(R8*2), Z6)
	ROWB((DI)(R9*1), Z7)
	ADDQ         $64, SI
	ADDQ         $64, DI
	DECQ         CX
	JNZ          loop
	MOVQ         y+0(FP), DX
	SUM8
	VZEROUPPER
	RET

// func vec1BF16(y, x *float32, w *byte, blocks int)
TEXT ·vec1BF16(SB), NOSPLIT, $0-32
	MOVQ         x+8(FP), BX
	MOVQ         w+16(FP), SI
	MOVQ         blocks+24(FP), CX
	VMOVUPS      even<>(SB), Z30
	VMOVUPS      odd<>(SB), Z29
	VPBROADCASTD high<>(SB), Z27
	VPXORD       Z0, Z0, Z0
loop:
	SPLIT
	ROWB((SI), Z0)
	ADDQ         $64, SI
	DECQ         CX
	JNZ          loop
	MOVQ         y+0(FP), DX
	HSUM(Z0, Y0, X0, 0(DX))
	VZEROUPPER
	RET

// func vec8MXFP4(y, x *float32, codes, scales *byte, blocks int)
// Eight rows of 32*blocks columns, one after the other. What follows them in memory is
// prefetched, 128 bytes a block: the next eight rows.
TEXT ·vec8MXFP4(SB), NOSPLIT, $0-40
	MOVQ    x+8(FP), BX
	MOVQ    codes+16(FP), SI
	MOVQ    scales+24(FP), R10
	MOVQ    blocks+32(FP), CX
	MOVQ    CX, R11
	LEAQ    (R11)(R11*2), R12
	LEAQ    (R10)(R11*4), R13
	MOVQ    CX, R8
	SHLQ    $4, R8
	LEAQ    (R8)(R8*2), R9
	LEAQ    (SI)(R8*4), DI
	LEAQ    (SI)(R8*8), R15
	VMOVUPS even<>(SB), Z30
	VMOVUPS odd<>(SB), Z29
	VMOVUPS e2m1<>(SB), Z26
	MOVL    $0x400000, DX
	ZERO8
loop:
	PREFETCHT0 (R15)
	PREFETCHT0 64(R15)
	SPLIT
	ROW4((SI), (R10), Z0)
	ROW4((SI)(R8*1), (R10)(R11*1), Z1)
	ROW4((SI)(R8*2), (R10)(R11*2), Z2)
	ROW4((SI)(R9*1), (R10)(R12*1), Z3)
	ROW4((DI), (R13), Z4)
	ROW4((DI)(R8*1), (R13)(R11*1), Z5)
	ROW4((DI)(R8*2), (R13)(R11*2), Z6)
	ROW4((DI)(R9*1), (R13)(R12*1), Z7)
	ADDQ    $128, R15
	ADDQ    $16, SI
	ADDQ    $16, DI
	INCQ    R10
	INCQ    R13
	DECQ    CX
	JNZ     loop
	MOVQ    y+0(FP), DX
	SUM8
	VZEROUPPER
	RET

// func vec1MXFP4(y, x *float32, codes, scales *byte, blocks int)
TEXT ·vec1MXFP4(SB), NOSPLIT, $0-40
	MOVQ    x+8(FP), BX
	MOVQ    codes+16(FP), SI
	MOVQ    scales+24(FP), R10
	MOVQ    blocks+32(FP), CX
	VMOVUPS even<>(SB), Z30
	VMOVUPS odd<>(SB), Z29
	VMOVUPS e2m1<>(SB), Z26
	MOVL    $0x400000, DX
	VPXORD  Z0, Z0, Z0
loop:
	SPLIT
	ROW4((SI), (R10), Z0)
	ADDQ    $16, SI
	INCQ    R10
	DECQ    CX
	JNZ     loop
	MOVQ    y+0(FP), DX
	HSUM(Z0, Y0, X0, 0(DX))
	VZEROUPPER
	RET

// func panelBF16(dst *float32, w *byte, blocks int)
// Widens blocks of 32: 16 even columns, then 16 odd ones.
TEXT ·panelBF16(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVQ         w+8(FP), SI
	MOVQ         blocks+16(FP), CX
	VPBROADCASTD high<>(SB), Z27
loop:
	VMOVDQU32    (SI), Z20
	WIDEN32
	VMOVUPS      Z21, (DI)
	VMOVUPS      Z22, 64(DI)
	ADDQ         $64, SI
	ADDQ         $128, DI
	DECQ         CX
	JNZ          loop
	VZEROUPPER
	RET

// func panelMXFP4(dst *float32, codes, scales *byte, blocks int)
TEXT ·panelMXFP4(SB), NOSPLIT, $0-32
	MOVQ    dst+0(FP), DI
	MOVQ    codes+8(FP), SI
	MOVQ    scales+16(FP), R10
	MOVQ    blocks+24(FP), CX
	VMOVUPS e2m1<>(SB), Z26
	MOVL    $0x400000, DX
loop:
	WIDEN4((SI), (R10))
	VMOVUPS Z21, (DI)
	VMOVUPS Z22, 64(DI)
	ADDQ    $16, SI
	INCQ    R10
	ADDQ    $128, DI
	DECQ    CX
	JNZ     loop
	VZEROUPPER
	RET

// func panelF32(dst, src *float32, blocks int)
// Puts blocks of 32 float32 into the same order.
TEXT ·panelF32(SB), NOSPLIT, $0-24
	MOVQ    dst+0(FP), DI
	MOVQ    src+8(FP), BX
	MOVQ    blocks+16(FP), CX
	VMOVUPS even<>(SB), Z30
	VMOVUPS odd<>(SB), Z29
loop:
	SPLIT
	VMOVUPS Z16, (DI)
	VMOVUPS Z18, 64(DI)
	ADDQ    $128, DI
	DECQ    CX
	JNZ     loop
	VZEROUPPER
	RET

// TOKEN adds four rows (Z24..Z27) times 16 values of a token.
#define TOKEN(at, a, b, c, d) \
	VMOVUPS     at, Z31     \
	VFMADD231PS Z31, Z24, a \
	VFMADD231PS Z31, Z25, b \
	VFMADD231PS Z31, Z26, c \
	VFMADD231PS Z31, Z27, d

// func tile4x6(y, w, x *float32, blocks, ldx int)
// Four rows times six tokens, all in panel order; rows one after the other, tokens ldx apart.
// y gets 24 sums: four of each token.
TEXT ·tile4x6(SB), NOSPLIT, $0-40
	MOVQ   w+8(FP), SI
	MOVQ   x+16(FP), BX
	MOVQ   blocks+24(FP), CX
	MOVQ   ldx+32(FP), R10
	SHLQ   $2, R10
	LEAQ   (R10)(R10*2), R11
	LEAQ   (BX)(R11*1), R12
	MOVQ   CX, R8
	SHLQ   $7, R8
	LEAQ   (R8)(R8*2), R9
	SHLQ   $1, CX
	ZERO8
	VPXORD Z8, Z8, Z8
	VPXORD Z9, Z9, Z9
	VPXORD Z10, Z10, Z10
	VPXORD Z11, Z11, Z11
	VPXORD Z12, Z12, Z12
	VPXORD Z13, Z13, Z13
	VPXORD Z14, Z14, Z14
	VPXORD Z15, Z15, Z15
	VPXORD Z16, Z16, Z16
	VPXORD Z17, Z17, Z17
	VPXORD Z18, Z18, Z18
	VPXORD Z19, Z19, Z19
	VPXORD Z20, Z20, Z20
	VPXORD Z21, Z21, Z21
	VPXORD Z22, Z22, Z22
	VPXORD Z23, Z23, Z23
loop:
	VMOVUPS (SI), Z24
	VMOVUPS (SI)(R8*1), Z25
	VMOVUPS (SI)(R8*2), Z26
	VMOVUPS (SI)(R9*1), Z27
	TOKEN((BX), Z0, Z1, Z2, Z3)
	TOKEN((BX)(R10*1), Z4, Z5, Z6, Z7)
	TOKEN((BX)(R10*2), Z8, Z9, Z10, Z11)
	TOKEN((R12), Z12, Z13, Z14, Z15)
	TOKEN((R12)(R10*1), Z16, Z17, Z18, Z19)
	TOKEN((R12)(R10*2), Z20, Z21, Z22, Z23)
	ADDQ   $64, SI
	ADDQ   $64, BX
	ADDQ   $64, R12
	DECQ   CX
	JNZ    loop
	MOVQ   y+0(FP), DX
	SUM8
	HSUM(Z8, Y8, X8, 32(DX))
	HSUM(Z9, Y9, X9, 36(DX))
	HSUM(Z10, Y10, X10, 40(DX))
	HSUM(Z11, Y11, X11, 44(DX))
	HSUM(Z12, Y12, X12, 48(DX))
	HSUM(Z13, Y13, X13, 52(DX))
	HSUM(Z14, Y14, X14, 56(DX))
	HSUM(Z15, Y15, X15, 60(DX))
	HSUM(Z16, Y16, X16, 64(DX))
	HSUM(Z17, Y17, X17, 68(DX))
	HSUM(Z18, Y18, X18, 72(DX))
	HSUM(Z19, Y19, X19, 76(DX))
	HSUM(Z20, Y20, X20, 80(DX))
	HSUM(Z21, Y21, X21, 84(DX))
	HSUM(Z22, Y22, X22, 88(DX))
	HSUM(Z23, Y23, X23, 92(DX))
	VZEROUPPER
	RET
