#include "textflag.h"

// Panels: a tile's weights decoded for the functions of packed_tile_avx2_amd64.s. Each function takes
// a destination, the weights, and the blocks.
//
// bytes: of each block 8 times 64 bytes, 4 columns of 16 rows; words: 16 times 64 bytes, 2 columns as
// 16 bits, bytes 0 and 2 of all fours and then 1 and 3; both with 16 scales after them, as float32.

// 2*e2m1+12 of every code, and 2*e2m1.
DATA codes<>+0(SB)/8, $0x181412100f0e0d0c
DATA codes<>+8(SB)/8, $0x00040608090a0b0c
DATA codes<>+16(SB)/8, $0x0c08060403020100
DATA codes<>+24(SB)/8, $0xf4f8fafcfdfeff00
GLOBL codes<>(SB), RODATA|NOPTR, $32

#define BEGIN \
	MOVQ dst+0(FP), DI    \
	MOVQ w+8(FP), SI      \
	MOVQ nb+16(FP), CX

#define EACH(bits, x, y) \
	MOVL         bits, AX    \
	VMOVD        AX, x       \
	VPBROADCASTD x, y

// 8 columns of 8 rows of MXFP4, the low nibbles and the high ones.
#define NIBBLES(off, lo, hi) \
	VMOVDQU off(SI), lo        \
	VPSRLW  $4, lo, hi         \
	VPAND   Y14, lo, lo        \
	VPAND   Y14, hi, hi        \
	VPSHUFB lo, Y15, lo        \
	VPSHUFB hi, Y15, hi

#define MXSCALES(to) \
	VPMOVZXBD 256(SI), Y0         \
	VPMOVZXBD 264(SI), Y1         \
	VPSLLD    $23, Y0, Y0         \
	VPSLLD    $23, Y1, Y1         \
	VMOVDQU   Y0, to(DI)          \
	VMOVDQU   Y1, to+32(DI)

#define BYTES(i) \
	NIBBLES(64*i, Y0, Y1)             \
	NIBBLES(64*i+32, Y2, Y3)          \
	VMOVDQU Y0, 128*i(DI)             \
	VMOVDQU Y2, 128*i+32(DI)          \
	VMOVDQU Y1, 128*i+64(DI)          \
	VMOVDQU Y3, 128*i+96(DI)

// func panelBytesMX(dst, w unsafe.Pointer, nb int)
TEXT ·panelBytesMX(SB), NOSPLIT, $0-24
	BEGIN
	EACH($0x0f0f0f0f, X14, Y14)
	VBROADCASTI128 codes<>(SB), Y15
blk:
	BYTES(0)
	BYTES(1)
	BYTES(2)
	BYTES(3)
	MXSCALES(512)
	ADDQ $272, SI
	ADDQ $576, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET

// Signed bytes to 16 bits.
#define WORDS(y, t, off) \
	VPSLLW  $8, y, t          \
	VPSRAW  $8, y, y          \
	VPSRAW  $8, t, t          \
	VMOVDQU t, off(DI)        \
	VMOVDQU y, off+512(DI)

#define MXWORDS(i) \
	NIBBLES(64*i, Y0, Y1)             \
	NIBBLES(64*i+32, Y2, Y3)          \
	WORDS(Y0, Y4, 128*i)              \
	WORDS(Y2, Y5, 128*i+32)           \
	WORDS(Y1, Y6, 128*i+64)           \
	WORDS(Y3, Y7, 128*i+96)

// func panelWordsMX(dst, w unsafe.Pointer, nb int)
TEXT ·panelWordsMX(SB), NOSPLIT, $0-24
	BEGIN
	EACH($0x0f0f0f0f, X14, Y14)
	VBROADCASTI128 codes<>+16(SB), Y15
blk:
	MXWORDS(0)
	MXWORDS(1)
	MXWORDS(2)
	MXWORDS(3)
	MXSCALES(1024)
	ADDQ $272, SI
	ADDQ $1088, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET

#define Q8WORDS(i) \
	VPXOR 64*i(SI), Y15, Y0           \
	VPXOR 64*i+32(SI), Y15, Y1        \
	WORDS(Y0, Y2, 64*i)               \
	WORDS(Y1, Y3, 64*i+32)

// func panelWordsQ8(dst, w unsafe.Pointer, nb int)
TEXT ·panelWordsQ8(SB), NOSPLIT, $0-24
	BEGIN
	EACH($0x80808080, X15, Y15)
blk:
	Q8WORDS(0)
	Q8WORDS(1)
	Q8WORDS(2)
	Q8WORDS(3)
	Q8WORDS(4)
	Q8WORDS(5)
	Q8WORDS(6)
	Q8WORDS(7)
	VPMOVZXWD 512(SI), Y0
	VPMOVZXWD 528(SI), Y1
	VPSLLD    $16, Y0, Y0
	VPSLLD    $16, Y1, Y1
	VMOVDQU   Y0, 1024(DI)
	VMOVDQU   Y1, 1056(DI)
	ADDQ      $544, SI
	ADDQ      $1088, DI
	DECQ      CX
	JNZ       blk
	VZEROUPPER
	RET
