#include "textflag.h"
#include "avx2_amd64.h"
#include "avx2_matmul_amd64.h"

// Many tokens: rows are widened and activations ordered for some columns, then go through a tile. The
// order of the sums is that of the functions for one token.

NIBBLES(nibbles<>)

// func panelBF16AVX2(dst *float32, w *byte, rows, blocks, ld, ahead int)
// Widens blocks of 32 columns of up to four rows that are ld bytes apart: eight columns of
// each row, then the next eight. What lies so many bytes ahead is asked for.
TEXT ·panelBF16AVX2(SB), NOSPLIT, $0-48
	MOVQ  dst+0(FP), R11
	MOVQ  w+8(FP), DX
	MOVQ  rows+16(FP), R9
	MOVQ  ld+32(FP), R8
	MOVQ  ahead+40(FP), R10
	VPXOR Y12, Y12, Y12
row:
	MOVQ  R11, DI
	MOVQ  DX, SI
	MOVQ  blocks+24(FP), CX
loop:
	PREFETCHT1 (SI)(R10*1)
	VPUNPCKLWD (SI), Y12, Y0
	VPUNPCKHWD (SI), Y12, Y1
	VPUNPCKLWD 32(SI), Y12, Y2
	VPUNPCKHWD 32(SI), Y12, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 128(DI)
	VMOVUPS Y2, 256(DI)
	VMOVUPS Y3, 384(DI)
	ADDQ  $64, SI
	ADDQ  $512, DI
	DECQ  CX
	JNZ   loop
	ADDQ  $32, R11
	ADDQ  R8, DX
	DECQ  R9
	JNZ   row
	VZEROUPPER
	RET

// func panelMXFP4AVX2(dst *float32, codes, scales *byte, values *[256]float32, rows, blocks, ld, ahead int)
// Rows are ld blocks apart.
TEXT ·panelMXFP4AVX2(SB), NOSPLIT, $0-64
	MOVQ    dst+0(FP), R11
	MOVQ    codes+8(FP), R12
	MOVQ    scales+16(FP), R13
	MOVQ    values+24(FP), DX
	MOVQ    rows+32(FP), R9
	MOVQ    ld+48(FP), R8
	MOVQ    ahead+56(FP), BX
	CONSTANTS4(nibbles<>)
row:
	MOVQ    R11, DI
	MOVQ    R12, SI
	MOVQ    R13, R10
	MOVQ    blocks+40(FP), CX
loop:
	PREFETCHT1 (SI)(BX*1)
	MOVBLZX (R10), AX
	WIDEN4((SI))
	VBROADCASTSS (DX)(AX*4), Y15
	VMULPS  Y15, Y9, Y9
	VMULPS  Y15, Y11, Y11
	VMULPS  Y15, Y10, Y10
	VMULPS  Y15, Y12, Y12
	VMOVUPS Y9, (DI)
	VMOVUPS Y11, 128(DI)
	VMOVUPS Y10, 256(DI)
	VMOVUPS Y12, 384(DI)
	ADDQ    $16, SI
	INCQ    R10
	ADDQ    $512, DI
	DECQ    CX
	JNZ     loop
	ADDQ    $32, R11
	ADDQ    R8, R13
	MOVQ    R8, AX
	SHLQ    $4, AX
	ADDQ    AX, R12
	DECQ    R9
	JNZ     row
	VZEROUPPER
	RET

// func orderBF16(dst, x *float32, blocks int)
// Blocks of one token, eight columns and then a gap for two more tokens.
TEXT ·orderBF16(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), BX
	MOVQ blocks+16(FP), CX
loop:
	ORDERB(Y10, X10, Y11, X11, Y12, X12, Y13, X13)
	VMOVUPS Y10, (DI)
	VMOVUPS Y11, 96(DI)
	VMOVUPS Y12, 192(DI)
	VMOVUPS Y13, 288(DI)
	ADDQ $128, BX
	ADDQ $384, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func orderMXFP4(dst, x *float32, blocks int)
TEXT ·orderMXFP4(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), BX
	MOVQ blocks+16(FP), CX
loop:
	ORDER4(nibbles<>)
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 96(DI)
	VMOVUPS Y2, 192(DI)
	VMOVUPS Y3, 288(DI)
	ADDQ $128, BX
	ADDQ $384, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// STEP is eight columns of four rows times three tokens, op into the sums.
#define TOKENS(op, at, a, b, c) \
	VMOVUPS at, Y15      \
	op Y12, Y15, a       \
	op Y13, Y15, b       \
	op Y14, Y15, c

#define STEP(op, row, token) \
	VMOVUPS token(BX), Y12                 \
	VMOVUPS token+32(BX), Y13              \
	VMOVUPS token+64(BX), Y14              \
	TOKENS(op, row(SI), Y0, Y1, Y2)        \
	TOKENS(op, row+32(SI), Y3, Y4, Y5)     \
	TOKENS(op, row+64(SI), Y6, Y7, Y8)     \
	TOKENS(op, row+96(SI), Y9, Y10, Y11)

#define TOTAL(off, a) \
	VADDPS off(DI), a, a     \
	VMOVUPS a, off(DI)

// func tile4x3(sums, w, x *float32, blocks int)
// Adds the products of four rows and three tokens, of so many blocks, to twelve sums of eight
// lanes: three of each row.
TEXT ·tile4x3(SB), NOSPLIT, $0-32
	MOVQ sums+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ x+16(FP), BX
	MOVQ blocks+24(FP), CX
loop:
	STEP(VMULPS, 0, 0)
	STEP(VFMADD231PS, 128, 96)
	STEP(VFMADD231PS, 256, 192)
	STEP(VFMADD231PS, 384, 288)
	TOTAL(0, Y0)
	TOTAL(32, Y1)
	TOTAL(64, Y2)
	TOTAL(96, Y3)
	TOTAL(128, Y4)
	TOTAL(160, Y5)
	TOTAL(192, Y6)
	TOTAL(224, Y7)
	TOTAL(256, Y8)
	TOTAL(288, Y9)
	TOTAL(320, Y10)
	TOTAL(352, Y11)
	ADDQ $512, SI
	ADDQ $384, BX
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func addLanes(dst, sums *float32, n int)
// Each of n sums of eight lanes to one value.
TEXT ·addLanes(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ sums+8(FP), SI
	MOVQ n+16(FP), CX
loop:
	VMOVUPS (SI), Y0
	HSUM(Y0, X0, (DI))
	ADDQ $32, SI
	ADDQ $4, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
