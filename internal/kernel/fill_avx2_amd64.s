#include "textflag.h"
#include "avx2_acts_amd64.h"

// A piece of 16 bytes of each of eight rows, to four times 32 bytes: 4 bytes of each row. The rows
// are at a and b, R12 bytes apart; R13 is three times that. y0-y3 keep what is stored.
#define EIGHT(a, b, to, y0, y1, y2, y3, x0, x1, x2, x3) \
	VMOVDQU     (a), x0                      \
	VMOVDQU     (a)(R12*1), x1               \
	VMOVDQU     (a)(R12*2), x2               \
	VMOVDQU     (a)(R13*1), x3               \
	VINSERTI128 $1, (b), y0, y0              \
	VINSERTI128 $1, (b)(R12*1), y1, y1       \
	VINSERTI128 $1, (b)(R12*2), y2, y2       \
	VINSERTI128 $1, (b)(R13*1), y3, y3       \
	VPUNPCKLDQ  y1, y0, Y8                   \
	VPUNPCKHDQ  y1, y0, Y9                   \
	VPUNPCKLDQ  y3, y2, Y10                  \
	VPUNPCKHDQ  y3, y2, Y11                  \
	VPUNPCKLQDQ Y10, Y8, y0                  \
	VPUNPCKHQDQ Y10, Y8, y1                  \
	VPUNPCKLQDQ Y11, Y9, y2                  \
	VPUNPCKHQDQ Y11, Y9, y3                  \
	VMOVDQU     y0, to(DI)                   \
	VMOVDQU     y1, to+64(DI)                \
	VMOVDQU     y2, to+128(DI)               \
	VMOVDQU     y3, to+192(DI)

#define SIXTEEN \
	EIGHT(R8, R9, 0, Y0, Y1, Y2, Y3, X0, X1, X2, X3)      \
	EIGHT(R10, R11, 32, Y4, Y5, Y6, Y7, X4, X5, X6, X7)   \
	ADDQ $16, R8                                          \
	ADDQ $16, R9                                          \
	ADDQ $16, R10                                         \
	ADDQ $16, R11

// Rows 0, 4, 8 and 12 of 16, each of CX pieces.
#define ROWS \
	MOVQ CX, R12               \
	SHLQ $4, R12               \
	LEAQ (R12)(R12*2), R13     \
	LEAQ (R8)(R12*4), R9       \
	LEAQ (R9)(R12*4), R10      \
	LEAQ (R10)(R12*4), R11

// Where a row of eight has no code but zeros: ones in its 32 bits of y0.
#define EMPTY(y0, y1, y2, y3) \
	VPOR     y1, y0, y0      \
	VPOR     y3, y2, y2      \
	VPOR     y2, y0, y0      \
	VPAND    Y14, y0, y0     \
	VPCMPEQD Y12, y0, y0

// func fillMXAVX2(dst, codes unsafe.Pointer, nb int)
// The codes of 16 rows of nb blocks to a tile whose scales are there. Blocks of zeros get the
// scale 1.
TEXT ·fillMXAVX2(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVQ         codes+8(FP), R8
	MOVQ         nb+16(FP), CX
	ROWS
	MOVL         $0x77777777, AX
	VMOVD        AX, X14
	VPBROADCASTD X14, Y14
	MOVL         $0x7f7f7f7f, AX
	VMOVD        AX, X13
	VPBROADCASTD X13, X13
	VPXOR        Y12, Y12, Y12
blk:
	SIXTEEN
	EMPTY(Y0, Y1, Y2, Y3)
	EMPTY(Y4, Y5, Y6, Y7)
	VPACKSSDW    Y4, Y0, Y0
	VPERMQ       $0xd8, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKSSWB    X1, X0, X0
	VMOVDQU      256(DI), X1
	VPBLENDVB    X0, X13, X1, X1
	VMOVDQU      X1, 256(DI)
	ADDQ         $272, DI
	DECQ         CX
	JNZ          blk
	VZEROUPPER
	RET

// func fillLinesAVX2(dst, rows unsafe.Pointer, n int)
// 16 rows of n pieces of 16 bytes, to n times 256 bytes.
TEXT ·fillLinesAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ rows+8(FP), R8
	MOVQ n+16(FP), CX
	ROWS
piece:
	SIXTEEN
	ADDQ $256, DI
	DECQ CX
	JNZ  piece
	VZEROUPPER
	RET

// func fillQ8AVX2(codes, scales, row unsafe.Pointer, nb int)
// One row of bf16: the codes go to codes, codes+64, ..., the scales to scales, scales+544, ...
TEXT ·fillQ8AVX2(SB), NOSPLIT, $0-32
	MOVQ         codes+0(FP), DI
	MOVQ         scales+8(FP), DX
	MOVQ         row+16(FP), SI
	MOVQ         nb+24(FP), CX
	MOVL         $0x7fffffff, AX
	VMOVD        AX, X15
	VPBROADCASTD X15, Y15
	MOVL         $0x80808080, AX
	VMOVD        AX, X13
	VPBROADCASTD X13, X13
	VMOVDQU      pairs<>(SB), Y14
	MOVL         $0x427e0000, AX // 63.5
	VMOVD        AX, X12
	MOVL         $0x40000000, AX // 2
	VMOVD        AX, X11
blk:
	VPMOVZXWD    (SI), Y0
	VPMOVZXWD    16(SI), Y1
	VPMOVZXWD    32(SI), Y2
	VPMOVZXWD    48(SI), Y3
	VPSLLD       $16, Y0, Y0
	VPSLLD       $16, Y1, Y1
	VPSLLD       $16, Y2, Y2
	VPSLLD       $16, Y3, Y3
	LARGEST
	CMPL         AX, $0x0d800000
	JCS          small
	CMPL         AX, $0x7f7fffff
	JHI          broken
	VDIVSS       X12, X4, X5
	VMOVD        X5, AX
	ADDL         $0xffff, AX
	SHRL         $16, AX
	MOVW         AX, (DX)
	SHLL         $16, AX
	VMOVD        AX, X4
	VDIVSS       X4, X11, X4
	VBROADCASTSS X4, Y4
	SCALE(Y4)
	WORDS
	BYTES(Y0, Y2, X0, X1, X3)
store:
	VPXOR        X13, X0, X0
	VPXOR        X13, X1, X1
	VMOVD        X0, (DI)
	VPEXTRD      $1, X0, 64(DI)
	VPEXTRD      $2, X0, 128(DI)
	VPEXTRD      $3, X0, 192(DI)
	VMOVD        X1, 256(DI)
	VPEXTRD      $1, X1, 320(DI)
	VPEXTRD      $2, X1, 384(DI)
	VPEXTRD      $3, X1, 448(DI)
	ADDQ         $544, DI
	ADDQ         $544, DX
	ADDQ         $64, SI
	DECQ         CX
	JNZ          blk
	VZEROUPPER
	RET
small:
	MOVW         $0, (DX)
	VPXOR        X0, X0, X0
	VPXOR        X1, X1, X1
	JMP          store
broken:
	MOVW         $0x7fc0, (DX)
	VPXOR        X0, X0, X0
	VPXOR        X1, X1, X1
	JMP          store
