#include "textflag.h"

// func readOne(p unsafe.Pointer, n int)
// n is a multiple of 512.
TEXT ·readOne(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	SHRQ $9, CX
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
again:
	VPORD 0(SI), Z0, Z0
	VPORD 64(SI), Z1, Z1
	VPORD 128(SI), Z0, Z0
	VPORD 192(SI), Z1, Z1
	VPORD 256(SI), Z0, Z0
	VPORD 320(SI), Z1, Z1
	VPORD 384(SI), Z0, Z0
	VPORD 448(SI), Z1, Z1
	ADDQ  $512, SI
	DECQ  CX
	JNZ   again
	VZEROUPPER
	RET

#define FOUR(off) \
	VPORD off(SI), Z0, Z0    \
	VPORD off(R8), Z1, Z1    \
	VPORD off(R9), Z2, Z2    \
	VPORD off(R10), Z3, Z3

#define AHEAD(off) \
	PREFETCHT0 2048+off(SI)    \
	PREFETCHT0 2048+off(R8)    \
	PREFETCHT0 2048+off(R9)    \
	PREFETCHT0 2048+off(R10)

#define QUARTERS \
	MOVQ p+0(FP), SI           \
	MOVQ n+8(FP), CX           \
	SHRQ $2, CX                \
	LEAQ (SI)(CX*1), R8        \
	LEAQ (R8)(CX*1), R9        \
	LEAQ (R9)(CX*1), R10       \
	SHRQ $8, CX                \
	VPXORD Z0, Z0, Z0          \
	VPXORD Z1, Z1, Z1          \
	VPXORD Z2, Z2, Z2          \
	VPXORD Z3, Z3, Z3

#define STEP \
	ADDQ $256, SI     \
	ADDQ $256, R8     \
	ADDQ $256, R9     \
	ADDQ $256, R10    \
	DECQ CX

// func readFour(p unsafe.Pointer, n int)
// n is a multiple of 1024.
TEXT ·readFour(SB), NOSPLIT, $0-16
	QUARTERS
again:
	FOUR(0)
	FOUR(64)
	FOUR(128)
	FOUR(192)
	STEP
	JNZ again
	VZEROUPPER
	RET

// func readAhead(p unsafe.Pointer, n int)
TEXT ·readAhead(SB), NOSPLIT, $0-16
	QUARTERS
again:
	AHEAD(0)
	FOUR(0)
	AHEAD(64)
	FOUR(64)
	AHEAD(128)
	FOUR(128)
	AHEAD(192)
	FOUR(192)
	STEP
	JNZ again
	VZEROUPPER
	RET

// Sixteen chains of one instruction, all on zeros: the time does not depend on the values.
#define ZEROS \
	VPXORD Z0, Z0, Z0       \
	VPXORD Z1, Z1, Z1       \
	VPXORD Z2, Z2, Z2       \
	VPXORD Z3, Z3, Z3       \
	VPXORD Z4, Z4, Z4       \
	VPXORD Z5, Z5, Z5       \
	VPXORD Z6, Z6, Z6       \
	VPXORD Z7, Z7, Z7       \
	VPXORD Z8, Z8, Z8       \
	VPXORD Z9, Z9, Z9       \
	VPXORD Z10, Z10, Z10    \
	VPXORD Z11, Z11, Z11    \
	VPXORD Z12, Z12, Z12    \
	VPXORD Z13, Z13, Z13    \
	VPXORD Z14, Z14, Z14    \
	VPXORD Z15, Z15, Z15    \
	VPXORD Z16, Z16, Z16    \
	VPXORD Z17, Z17, Z17

// func peakInt8(rounds int)
TEXT ·peakInt8(SB), NOSPLIT, $0-8
	MOVQ rounds+0(FP), CX
	ZEROS
again:
	VPDPBUSD Z16, Z17, Z0
	VPDPBUSD Z16, Z17, Z1
	VPDPBUSD Z16, Z17, Z2
	VPDPBUSD Z16, Z17, Z3
	VPDPBUSD Z16, Z17, Z4
	VPDPBUSD Z16, Z17, Z5
	VPDPBUSD Z16, Z17, Z6
	VPDPBUSD Z16, Z17, Z7
	VPDPBUSD Z16, Z17, Z8
	VPDPBUSD Z16, Z17, Z9
	VPDPBUSD Z16, Z17, Z10
	VPDPBUSD Z16, Z17, Z11
	VPDPBUSD Z16, Z17, Z12
	VPDPBUSD Z16, Z17, Z13
	VPDPBUSD Z16, Z17, Z14
	VPDPBUSD Z16, Z17, Z15
	DECQ CX
	JNZ  again
	VZEROUPPER
	RET

// func peakF32(rounds int)
TEXT ·peakF32(SB), NOSPLIT, $0-8
	MOVQ rounds+0(FP), CX
	ZEROS
again:
	VFMADD231PS Z16, Z17, Z0
	VFMADD231PS Z16, Z17, Z1
	VFMADD231PS Z16, Z17, Z2
	VFMADD231PS Z16, Z17, Z3
	VFMADD231PS Z16, Z17, Z4
	VFMADD231PS Z16, Z17, Z5
	VFMADD231PS Z16, Z17, Z6
	VFMADD231PS Z16, Z17, Z7
	VFMADD231PS Z16, Z17, Z8
	VFMADD231PS Z16, Z17, Z9
	VFMADD231PS Z16, Z17, Z10
	VFMADD231PS Z16, Z17, Z11
	VFMADD231PS Z16, Z17, Z12
	VFMADD231PS Z16, Z17, Z13
	VFMADD231PS Z16, Z17, Z14
	VFMADD231PS Z16, Z17, Z15
	DECQ CX
	JNZ  again
	VZEROUPPER
	RET

// VDPBF16PS Z16, Z17, Zacc, which the assembler does not know; acc below 16.
#define DOT(acc) \
	BYTE $0x62; \
	BYTE $(0xB2 ^ (((acc)>>3)&1)<<7); \
	BYTE $0x76; \
	BYTE $0x40; \
	BYTE $0x52; \
	BYTE $(0xC0 | ((acc)&7)<<3)

// func peakBF16(rounds int)
TEXT ·peakBF16(SB), NOSPLIT, $0-8
	MOVQ rounds+0(FP), CX
	ZEROS
again:
	DOT(0)
	DOT(1)
	DOT(2)
	DOT(3)
	DOT(4)
	DOT(5)
	DOT(6)
	DOT(7)
	DOT(8)
	DOT(9)
	DOT(10)
	DOT(11)
	DOT(12)
	DOT(13)
	DOT(14)
	DOT(15)
	DECQ CX
	JNZ  again
	VZEROUPPER
	RET
