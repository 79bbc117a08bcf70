#include "textflag.h"

// Groups of six vectors, side by side in the order in which a panel's rows meet them. Each function
// takes the destination, the six vectors and the blocks. A store of eight lanes is repaired by the next
// one; the last writes 8 bytes past the end.
//
// DI destination, SI the way in the vectors, R8-R13 the vectors, CX blocks left.

DATA twelve<>+0(SB)/8, $0x0c0c0c0c0c0c0c0c
DATA twelve<>+8(SB)/8, $0x0c0c0c0c0c0c0c0c
DATA twelve<>+16(SB)/8, $0x0c0c0c0c0c0c0c0c
DATA twelve<>+24(SB)/8, $0x0c0c0c0c0c0c0c0c
GLOBL twelve<>(SB), RODATA|NOPTR, $32

#define BEGIN \
	MOVQ dst+0(FP), DI    \
	MOVQ x+8(FP), AX      \
	MOVQ nb+16(FP), CX    \
	MOVQ 0(AX), R8        \
	MOVQ 8(AX), R9        \
	MOVQ 16(AX), R10      \
	MOVQ 24(AX), R11      \
	MOVQ 32(AX), R12      \
	MOVQ 40(AX), R13      \
	XORQ SI, SI

#define LOAD(off) \
	VMOVDQU off(R8)(SI*1), Y0       \
	VMOVDQU off(R9)(SI*1), Y1       \
	VMOVDQU off(R10)(SI*1), Y2      \
	VMOVDQU off(R11)(SI*1), Y3      \
	VMOVDQU off(R12)(SI*1), Y4      \
	VMOVDQU off(R13)(SI*1), Y5

// Of eight times 4 bytes of each vector in Y0-Y5, the first of all to Y0, the second of all to Y1, ...
#define TURN \
	VPUNPCKLDQ  Y1, Y0, Y6              \
	VPUNPCKHDQ  Y1, Y0, Y7              \
	VPUNPCKLDQ  Y3, Y2, Y8              \
	VPUNPCKHDQ  Y3, Y2, Y9              \
	VPUNPCKLDQ  Y5, Y4, Y10             \
	VPUNPCKHDQ  Y5, Y4, Y11             \
	VPUNPCKLQDQ Y8, Y6, Y4              \
	VPUNPCKHQDQ Y8, Y6, Y5              \
	VPUNPCKLQDQ Y9, Y7, Y6              \
	VPUNPCKHQDQ Y9, Y7, Y7              \
	VPSHUFD     $0x4e, Y10, Y8          \
	VPSHUFD     $0x4e, Y11, Y9          \
	VPERM2I128  $0x20, Y10, Y4, Y0      \
	VPERM2I128  $0x20, Y8, Y5, Y1       \
	VPERM2I128  $0x20, Y11, Y6, Y2      \
	VPERM2I128  $0x20, Y9, Y7, Y3       \
	VPERM2I128  $0x31, Y10, Y4, Y4      \
	VPERM2I128  $0x31, Y8, Y5, Y5       \
	VPERM2I128  $0x31, Y11, Y6, Y6      \
	VPERM2I128  $0x31, Y9, Y7, Y7

#define STORE(off) \
	VMOVDQU Y0, off(DI)          \
	VMOVDQU Y1, off+24(DI)       \
	VMOVDQU Y2, off+48(DI)       \
	VMOVDQU Y3, off+72(DI)       \
	VMOVDQU Y4, off+96(DI)       \
	VMOVDQU Y5, off+120(DI)      \
	VMOVDQU Y6, off+144(DI)      \
	VMOVDQU Y7, off+168(DI)

#define SCALE(x, sx, to) \
	MOVL sx(x)(SI*1), AX    \
	MOVL AX, to(DI)

#define SCALES(sx, to) \
	SCALE(R8, sx, to)        \
	SCALE(R9, sx, to+4)      \
	SCALE(R10, sx, to+8)     \
	SCALE(R11, sx, to+12)    \
	SCALE(R12, sx, to+16)    \
	SCALE(R13, sx, to+20)

#define SUM(y) \
	VPMADDUBSW y, Y15, y      \
	VPSUBW     y, Y12, Y12

// func gatherBytes(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)
// Of each block 8 times 24 bytes of int8, and -12 times the sum of the bytes in each 16 bits, 24 bytes;
// then the scales.
TEXT ·gatherBytes(SB), NOSPLIT, $0-24
	BEGIN
	VMOVDQU twelve<>(SB), Y15
blk:
	LOAD(0)
	TURN
	STORE(0)
	VPXOR   Y12, Y12, Y12
	SUM(Y0)
	SUM(Y1)
	SUM(Y2)
	SUM(Y3)
	SUM(Y4)
	SUM(Y5)
	SUM(Y6)
	SUM(Y7)
	VMOVDQU Y12, 192(DI)
	SCALES(36, 216)
	ADDQ $40, SI
	ADDQ $240, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET

// Bytes 0 and 2 of each four as 16 bits, or 1 and 3.
#define EVEN(y) \
	VPSLLW $8, y, y    \
	VPSRAW $8, y, y

#define ODD(y) \
	VPSRAW $8, y, y

#define EACH(D) \
	D(Y0)    \
	D(Y1)    \
	D(Y2)    \
	D(Y3)    \
	D(Y4)    \
	D(Y5)

// func gatherWords8(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)
// Of each block 16 times 24 bytes of 16 bits, made from int8: bytes 0 and 2 of all fours, then 1 and
// 3; then the scales.
TEXT ·gatherWords8(SB), NOSPLIT, $0-24
	BEGIN
blk:
	LOAD(0)
	EACH(EVEN)
	TURN
	STORE(0)
	LOAD(0)
	EACH(ODD)
	TURN
	STORE(192)
	SCALES(36, 384)
	ADDQ $40, SI
	ADDQ $408, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET

// The same of two digits: 128 times the high one plus the low one.
#define EVENDIGITS(x, y) \
	VMOVDQU (x)(SI*1), y            \
	VMOVDQU 32(x)(SI*1), Y6         \
	VPSLLW  $8, y, y                \
	VPSLLW  $8, Y6, Y6              \
	VPSRAW  $1, y, y                \
	VPSRAW  $8, Y6, Y6              \
	VPADDW  Y6, y, y

#define ODDDIGITS(x, y) \
	VMOVDQU (x)(SI*1), y            \
	VMOVDQU 32(x)(SI*1), Y6         \
	VPSRAW  $8, y, y                \
	VPSRAW  $8, Y6, Y6              \
	VPSLLW  $7, y, y                \
	VPADDW  Y6, y, y

#define DIGITS(D) \
	D(R8, Y0)     \
	D(R9, Y1)     \
	D(R10, Y2)    \
	D(R11, Y3)    \
	D(R12, Y4)    \
	D(R13, Y5)

// func gatherWords16(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)
TEXT ·gatherWords16(SB), NOSPLIT, $0-24
	BEGIN
blk:
	DIGITS(EVENDIGITS)
	TURN
	STORE(0)
	DIGITS(ODDDIGITS)
	TURN
	STORE(192)
	SCALES(68, 384)
	ADDQ $72, SI
	ADDQ $408, DI
	DECQ CX
	JNZ  blk
	VZEROUPPER
	RET

// func gatherFloats(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)
// Of each block 32 times 24 bytes, a column each.
TEXT ·gatherFloats(SB), NOSPLIT, $0-24
	BEGIN
	SHLQ $2, CX
octet:
	LOAD(0)
	TURN
	STORE(0)
	ADDQ $32, SI
	ADDQ $192, DI
	DECQ CX
	JNZ  octet
	VZEROUPPER
	RET

// The second column of a pair is the upper half of a lane.
#define HALVES(i, y) \
	VPSLLD  $16, y, Y8          \
	VPAND   Y15, y, y           \
	VMOVDQU y, 48*i(DI)         \
	VMOVDQU Y8, 48*i+24(DI)

// func gatherBF16(dst unsafe.Pointer, x *[6]unsafe.Pointer, nb int)
// Of each block 32 times 24 bytes of float32, the second column of each pair before the first.
TEXT ·gatherBF16(SB), NOSPLIT, $0-24
	BEGIN
	VPCMPEQD Y15, Y15, Y15
	VPSLLD   $16, Y15, Y15
	SHLQ     $1, CX
half:
	LOAD(0)
	TURN
	HALVES(0, Y0)
	HALVES(1, Y1)
	HALVES(2, Y2)
	HALVES(3, Y3)
	HALVES(4, Y4)
	HALVES(5, Y5)
	HALVES(6, Y6)
	HALVES(7, Y7)
	ADDQ $32, SI
	ADDQ $384, DI
	DECQ CX
	JNZ  half
	VZEROUPPER
	RET
