#include "textflag.h"
#include "avx2_amd64.h"
#include "avx2_matmul_amd64.h"

// Products with float32 activations. The columns of a row are taken in blocks of 32, a block
// in four vectors of eight, in an order of the format's own. Lane by lane the four products are summed,
// the first rounded, the others by fused multiply-adds; the sum, times the block's scale, is added to the
// row's lane; HSUM adds the lanes. Every function here and of the tile keeps this order, so one token and
// many give the same bits.
//
// Go writes operands from source to destination: VPERMPS table, index, result.

NIBBLES(nibbles<>)

#define ZERO8 \
	VXORPS Y0, Y0, Y0 \
	VXORPS Y1, Y1, Y1 \
	VXORPS Y2, Y2, Y2 \
	VXORPS Y3, Y3, Y3 \
	VXORPS Y4, Y4, Y4 \
	VXORPS Y5, Y5, Y5 \
	VXORPS Y6, Y6, Y6 \
	VXORPS Y7, Y7, Y7

#define SUM8 \
	HSUM(Y0, X0, 0(DX))  \
	HSUM(Y1, X1, 4(DX))  \
	HSUM(Y2, X2, 8(DX))  \
	HSUM(Y3, X3, 12(DX)) \
	HSUM(Y4, X4, 16(DX)) \
	HSUM(Y5, X5, 20(DX)) \
	HSUM(Y6, X6, 24(DX)) \
	HSUM(Y7, X7, 28(DX))

// ROWB adds one row's block of bfloat16, in two halves, to an accumulator. Y12 is zero: a bfloat16
// behind 16 bits of zero is a float32.
#define ROWB(at, at2, acc) \
	VPUNPCKLWD  at, Y12, Y13   \
	VPUNPCKHWD  at, Y12, Y14   \
	VMULPS      Y8, Y13, Y15   \
	VPUNPCKLWD  at2, Y12, Y13  \
	VFMADD231PS Y9, Y14, Y15   \
	VPUNPCKHWD  at2, Y12, Y14  \
	VFMADD231PS Y10, Y13, Y15  \
	VFMADD231PS Y11, Y14, Y15  \
	VADDPS      Y15, acc, acc

// func vec8BF16AVX2(y, x *float32, w *byte, blocks int)
// Eight rows of 32*blocks columns, one after the other.
TEXT ·vec8BF16AVX2(SB), NOSPLIT, $0-32
	MOVQ  x+8(FP), BX
	MOVQ  w+16(FP), SI
	MOVQ  blocks+24(FP), CX
	MOVQ  CX, R8
	SHLQ  $6, R8
	LEAQ  (R8)(R8*2), R9
	LEAQ  (SI)(R8*4), DI
	LEAQ  (SI)(R8*8), R15
	VPXOR Y12, Y12, Y12
	ZERO8
loop:
	ORDERB(Y8, X8, Y9, X9, Y10, X10, Y11, X11)
	ROWB((SI), 32(SI), Y0)
	ROWB((SI)(R8*1), 32(SI)(R8*1), Y1)
	ROWB((SI)(R8*2), 32(SI)(R8*2), Y2)
	ROWB((SI)(R9*1), 32(SI)(R9*1), Y3)
	ROWB((DI), 32(DI), Y4)
	ROWB((DI)(R8*1), 32(DI)(R8*1), Y5)
	ROWB((DI)(R8*2), 32(DI)(R8*2), Y6)
	ROWB((DI)(R9*1), 32(DI)(R9*1), Y7)
	ADDQ  $128, BX
	ADDQ  $64, SI
	ADDQ  $64, DI
	DECQ  CX
	JNZ   loop
	MOVQ  y+0(FP), DX
	SUM8
	VZEROUPPER
	RET

// func vec1BF16AVX2(y, x *float32, w *byte, blocks int)
TEXT ·vec1BF16AVX2(SB), NOSPLIT, $0-32
	MOVQ   x+8(FP), BX
	MOVQ   w+16(FP), SI
	MOVQ   blocks+24(FP), CX
	VPXOR  Y12, Y12, Y12
	VXORPS Y0, Y0, Y0
loop:
	ORDERB(Y8, X8, Y9, X9, Y10, X10, Y11, X11)
	ROWB((SI), 32(SI), Y0)
	ADDQ   $128, BX
	ADDQ   $64, SI
	DECQ   CX
	JNZ    loop
	MOVQ   y+0(FP), DX
	HSUM(Y0, X0, 0(DX))
	VZEROUPPER
	RET

// ROW4 adds one row's block of MXFP4 to an accumulator in memory. Y0-Y3 hold ordered activations, DX
// the values of scales.
#define ROW4(at, scale, acc) \
	MOVBLZX      scale, AX         \
	WIDEN4(at)                     \
	VMULPS       Y0, Y9, Y13       \
	VBROADCASTSS (DX)(AX*4), Y14   \
	VFMADD231PS  Y1, Y11, Y13      \
	VFMADD231PS  Y2, Y10, Y13      \
	VFMADD231PS  Y3, Y12, Y13      \
	VFMADD213PS  acc, Y14, Y13     \
	VMOVUPS      Y13, acc

#define LANES8(off, Y, X, at) \
	VMOVUPS off(R14), Y            \
	HSUM(Y, X, at)

// func vec8MXFP4AVX2(y, x *float32, codes, scales *byte, values *[256]float32, blocks int)
// Eight rows of 32*blocks columns, one after the other; values are those of a scale.
// What follows the codes in memory is prefetched, 128 bytes a block: the next eight rows.
TEXT ·vec8MXFP4AVX2(SB), NOSPLIT, $288-48
	MOVQ    x+8(FP), BX
	MOVQ    codes+16(FP), SI
	MOVQ    scales+24(FP), R10
	MOVQ    values+32(FP), DX
	MOVQ    blocks+40(FP), CX
	LEAQ    mem-288(SP), R14
	ADDQ    $31, R14
	ANDQ    $-32, R14
	MOVQ    CX, R11
	LEAQ    (R11)(R11*2), R12
	LEAQ    (R10)(R11*4), R13
	MOVQ    CX, R8
	SHLQ    $4, R8
	LEAQ    (R8)(R8*2), R9
	LEAQ    (SI)(R8*4), DI
	LEAQ    (SI)(R8*8), R15
	CONSTANTS4(nibbles<>)
	VXORPS  Y0, Y0, Y0
	VMOVUPS Y0, 0(R14)
	VMOVUPS Y0, 32(R14)
	VMOVUPS Y0, 64(R14)
	VMOVUPS Y0, 96(R14)
	VMOVUPS Y0, 128(R14)
	VMOVUPS Y0, 160(R14)
	VMOVUPS Y0, 192(R14)
	VMOVUPS Y0, 224(R14)
loop:
	PREFETCHT0 (R15)
	PREFETCHT0 64(R15)
	ORDER4(nibbles<>)
	ROW4((SI), (R10), 0(R14))
	ROW4((SI)(R8*1), (R10)(R11*1), 32(R14))
	ROW4((SI)(R8*2), (R10)(R11*2), 64(R14))
	ROW4((SI)(R9*1), (R10)(R12*1), 96(R14))
	ROW4((DI), (R13), 128(R14))
	ROW4((DI)(R8*1), (R13)(R11*1), 160(R14))
	ROW4((DI)(R8*2), (R13)(R11*2), 192(R14))
	ROW4((DI)(R9*1), (R13)(R12*1), 224(R14))
	ADDQ    $128, BX
	ADDQ    $128, R15
	ADDQ    $16, SI
	ADDQ    $16, DI
	INCQ    R10
	INCQ    R13
	DECQ    CX
	JNZ     loop
	MOVQ    y+0(FP), DX
	LANES8(0, Y0, X0, 0(DX))
	LANES8(32, Y1, X1, 4(DX))
	LANES8(64, Y2, X2, 8(DX))
	LANES8(96, Y3, X3, 12(DX))
	LANES8(128, Y0, X0, 16(DX))
	LANES8(160, Y1, X1, 20(DX))
	LANES8(192, Y2, X2, 24(DX))
	LANES8(224, Y3, X3, 28(DX))
	VZEROUPPER
	RET

// func vec1MXFP4AVX2(y, x *float32, codes, scales *byte, values *[256]float32, blocks int)
TEXT ·vec1MXFP4AVX2(SB), NOSPLIT, $32-48
	MOVQ    x+8(FP), BX
	MOVQ    codes+16(FP), SI
	MOVQ    scales+24(FP), R10
	MOVQ    values+32(FP), DX
	MOVQ    blocks+40(FP), CX
	LEAQ    mem-32(SP), R14
	CONSTANTS4(nibbles<>)
	VXORPS  Y0, Y0, Y0
	VMOVUPS Y0, (R14)
loop:
	ORDER4(nibbles<>)
	ROW4((SI), (R10), (R14))
	ADDQ    $128, BX
	ADDQ    $16, SI
	INCQ    R10
	DECQ    CX
	JNZ     loop
	MOVQ    y+0(FP), DX
	LANES8(0, Y0, X0, 0(DX))
	VZEROUPPER
	RET
