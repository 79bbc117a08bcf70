#include "textflag.h"

// 2*e2m1+128 of every code: see packed_vec_amd64.s.
DATA codes<>+0(SB)/8, $0x8c88868483828180
DATA codes<>+8(SB)/8, $0x74787a7c7d7e7f80
GLOBL codes<>(SB), RODATA|NOPTR, $16

#define MXPART(i) \
	VMOVDQU64 64*i(SI), Z3        \
	VPERMB    Z31, Z3, Z4         \
	VPSRLD    $4, Z3, Z3          \
	VPERMB    Z31, Z3, Z3         \
	VMOVDQU64 Z4, 128*i(DI)       \
	VMOVDQU64 Z3, 128*i+64(DI)

// func panelMX(dst, w unsafe.Pointer, nb int, limits *[32]byte)
// Decodes tiles for tileMagic: of each block 8 times 64 bytes as in FormQ8, then 16 times the bits
// of 1.5*2^23*scale. limits gets 16 lower and 16 upper bounds of the scales' bytes.
TEXT ·panelMX(SB), NOSPLIT, $0-32
	MOVQ            dst+0(FP), DI
	MOVQ            w+8(FP), SI
	MOVQ            nb+16(FP), CX
	MOVQ            limits+24(FP), DX
	MOVL            $0x0bc00000, AX
	VPBROADCASTD    AX, Z30
	VBROADCASTI32X4 codes<>(SB), Z31
	VPTERNLOGD      $0xff, X28, X28, X28
	VPXORD          X29, X29, X29
blk:
	MXPART(0)
	MXPART(1)
	MXPART(2)
	MXPART(3)
	VMOVDQU   256(SI), X5
	VPMINUB   X5, X28, X28
	VPMAXUB   X5, X29, X29
	VPMOVZXBD X5, Z5
	VPSLLD    $23, Z5, Z5
	VPADDD    Z30, Z5, Z5
	VMOVDQU64 Z5, 512(DI)
	ADDQ      $272, SI
	ADDQ      $576, DI
	DECQ      CX
	JNZ       blk
	VMOVDQU8  X28, (DX)
	VMOVDQU8  X29, 16(DX)
	VZEROUPPER
	RET
