#include "textflag.h"

// One 16-byte block of rows i, 4+i, 8+i and 12+i, in the four parts of z.
#define ROWS(a, b, c, d, x, z) \
	VMOVDQU a, x                 \
	VINSERTI32X4 $1, b, z, z     \
	VINSERTI32X4 $2, c, z, z     \
	VINSERTI32X4 $3, d, z, z

// func fillMX(dst, codes unsafe.Pointer, nb int)
// The codes of 16 rows of nb blocks to a tile whose scales are there: a transposition of
// 4-byte pieces. Blocks of zeros get the scale 1.
TEXT ·fillMX(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ codes+8(FP), R8
	MOVQ nb+16(FP), CX
	MOVQ CX, R12
	SHLQ $4, R12
	LEAQ (R12)(R12*2), R13
	LEAQ (R8)(R12*4), R9
	LEAQ (R9)(R12*4), R10
	LEAQ (R10)(R12*4), R11
	MOVL $0x77777777, AX
	VPBROADCASTD AX, Z31
	MOVL $127, AX
	VPBROADCASTB AX, X30
blk:
	ROWS((R8), (R9), (R10), (R11), X0, Z0)
	ROWS((R8)(R12*1), (R9)(R12*1), (R10)(R12*1), (R11)(R12*1), X1, Z1)
	ROWS((R8)(R12*2), (R9)(R12*2), (R10)(R12*2), (R11)(R12*2), X2, Z2)
	ROWS((R8)(R13*1), (R9)(R13*1), (R10)(R13*1), (R11)(R13*1), X3, Z3)
	VPUNPCKLDQ Z1, Z0, Z4
	VPUNPCKHDQ Z1, Z0, Z5
	VPUNPCKLDQ Z3, Z2, Z6
	VPUNPCKHDQ Z3, Z2, Z7
	VPUNPCKLQDQ Z6, Z4, Z0
	VPUNPCKHQDQ Z6, Z4, Z1
	VPUNPCKLQDQ Z7, Z5, Z2
	VPUNPCKHQDQ Z7, Z5, Z3
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, 64(DI)
	VMOVDQU64 Z2, 128(DI)
	VMOVDQU64 Z3, 192(DI)
	VPORD Z0, Z1, Z1
	VPORD Z2, Z3, Z3
	VPORD Z1, Z3, Z3
	VPTESTNMD Z31, Z3, K1
	VMOVDQU8 X30, K1, 256(DI)
	ADDQ $16, R8
	ADDQ $16, R9
	ADDQ $16, R10
	ADDQ $16, R11
	ADDQ $272, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET

DATA evens<>+0(SB)/8, $0x0705030106040200
DATA evens<>+8(SB)/8, $0x0f0d0b090e0c0a08
GLOBL evens<>(SB), RODATA|NOPTR, $16

// func fillQ8(codes, scales, row unsafe.Pointer, nb int)
// One row of bf16: the codes go to codes, codes+64, ..., the scales to scales, scales+544, ...
TEXT ·fillQ8(SB), NOSPLIT, $0-32
	MOVQ codes+0(FP), DI
	MOVQ scales+8(FP), DX
	MOVQ row+16(FP), SI
	MOVQ nb+24(FP), CX
	MOVL $0x7fffffff, AX
	VPBROADCASTD AX, Z30
	VBROADCASTI32X4 evens<>(SB), Y31
	MOVL $0x80808080, AX
	VPBROADCASTD AX, Y29
	MOVL $0x427e0000, AX // 63.5
	VMOVD AX, X28
	MOVL $0x40000000, AX // 2
	VMOVD AX, X27
blk:
	VPMOVZXWD (SI), Z0
	VPMOVZXWD 32(SI), Z1
	VPSLLD  $16, Z0, Z0
	VPSLLD  $16, Z1, Z1
	VPANDD  Z30, Z0, Z2
	VPANDD  Z30, Z1, Z3
	VPMAXUD Z3, Z2, Z2
	VEXTRACTI64X4 $1, Z2, Y3
	VPMAXUD Y3, Y2, Y2
	VEXTRACTI128 $1, Y2, X3
	VPMAXUD X3, X2, X2
	VPSHUFD $0x4e, X2, X3
	VPMAXUD X3, X2, X2
	VPSHUFD $0xb1, X2, X3
	VPMAXUD X3, X2, X2
	VMOVD   X2, AX
	CMPL    AX, $0x0d800000
	JCS     small
	CMPL    AX, $0x7f7fffff
	JHI     broken
	VDIVSS  X28, X2, X5
	VMOVD   X5, AX
	ADDL    $0xffff, AX
	SHRL    $16, AX
	MOVW    AX, (DX)
	SHLL    $16, AX
	VMOVD   AX, X4
	VDIVSS  X4, X27, X4
	VBROADCASTSS X4, Z4
	VMULPS  Z4, Z0, Z0
	VMULPS  Z4, Z1, Z1
	VCVTPS2DQ Z0, Z0
	VCVTPS2DQ Z1, Z1
	VPMOVDB Z0, X0
	VPMOVDB Z1, X1
	VINSERTI128 $1, X1, Y0, Y0
	VPSHUFB Y31, Y0, Y0
store:
	VPXORD  Y29, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VMOVD   X0, (DI)
	VPEXTRD $1, X0, 64(DI)
	VPEXTRD $2, X0, 128(DI)
	VPEXTRD $3, X0, 192(DI)
	VMOVD   X1, 256(DI)
	VPEXTRD $1, X1, 320(DI)
	VPEXTRD $2, X1, 384(DI)
	VPEXTRD $3, X1, 448(DI)
	ADDQ    $544, DI
	ADDQ    $544, DX
	ADDQ    $64, SI
	DECQ    CX
	JNZ     blk
	VZEROUPPER
	RET
small:
	MOVW    $0, (DX)
	VPXOR   Y0, Y0, Y0
	JMP     store
broken:
	MOVW    $0x7fc0, (DX)
	VPXOR   Y0, Y0, Y0
	JMP     store
