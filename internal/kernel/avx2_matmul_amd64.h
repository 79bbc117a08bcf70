// HSUM adds the 8 lanes of a register, given under its two names, and stores the sum. Uses X10.
#define HSUM(Y, X, at) \
	VEXTRACTF128 $1, Y, X10; \
	VADDPS       X10, X, X; \
	VPERMILPD    $1, X, X10; \
	VADDPS       X10, X, X; \
	VMOVSHDUP    X, X10; \
	VADDSS       X10, X, X; \
	VMOVSS       X, at

// The constants of MXFP4, at N: the lower and the upper bytes of e2m1 as bf16, a mask of nibbles, the
// shift that takes the high nibbles down in the upper half, a mask of upper words, and the order of
// eight activations before pairs of them are unpacked.
#define NIBBLES(N) \
	LANES(N, 0, 0xc0804000c0800000); \
	DATA N+32(SB)/8, $0x404040403f3f3f00; \
	DATA N+40(SB)/8, $0xc0c0c0c0bfbfbf80; \
	DATA N+48(SB)/8, $0x404040403f3f3f00; \
	DATA N+56(SB)/8, $0xc0c0c0c0bfbfbf80; \
	LANES(N, 64, 0x0f0f0f0f0f0f0f0f); \
	DATA N+96(SB)/8, $0; \
	DATA N+104(SB)/8, $0; \
	DATA N+112(SB)/8, $4; \
	DATA N+120(SB)/8, $4; \
	LANES(N, 128, 0xffff0000ffff0000); \
	DATA N+160(SB)/8, $0x0000000400000000; \
	DATA N+168(SB)/8, $0x0000000600000002; \
	DATA N+176(SB)/8, $0x0000000500000001; \
	DATA N+184(SB)/8, $0x0000000700000003; \
	GLOBL N(SB), RODATA|NOPTR, $192

// CONSTANTS4 loads what WIDEN4 needs to Y4-Y8.
#define CONSTANTS4(N) \
	VMOVDQU N+0(SB), Y4; \
	VMOVDQU N+32(SB), Y5; \
	VMOVDQU N+64(SB), Y6; \
	VMOVDQU N+96(SB), Y7; \
	VMOVDQU N+128(SB), Y8

// WIDEN4 turns the 16 bytes of codes of a block into four vectors Y9, Y11, Y10, Y12. Low nibbles are
// even columns, and go to the lower half.
#define WIDEN4(at) \
	VBROADCASTI128 at, Y9; \
	VPSRLVQ Y7, Y9, Y9; \
	VPAND Y6, Y9, Y9; \
	VPSHUFB Y9, Y4, Y10; \
	VPSHUFB Y9, Y5, Y9; \
	VPUNPCKLBW Y9, Y10, Y11; \
	VPUNPCKHBW Y9, Y10, Y12; \
	VPSLLD $16, Y11, Y9; \
	VPAND Y8, Y11, Y11; \
	VPSLLD $16, Y12, Y10; \
	VPAND Y8, Y12, Y12

// ORDER4 puts the 32 activations at BX into the order of WIDEN4's vectors: Y0-Y3.
#define ORDER4(N) \
	VMOVDQU N+160(SB), Y15; \
	VPERMPS (BX), Y15, Y12; \
	VPERMPS 32(BX), Y15, Y13; \
	VPERMPS 64(BX), Y15, Y14; \
	VPERMPS 96(BX), Y15, Y15; \
	VUNPCKLPD Y13, Y12, Y0; \
	VUNPCKHPD Y13, Y12, Y1; \
	VUNPCKLPD Y15, Y14, Y2; \
	VUNPCKHPD Y15, Y14, Y3

// ORDERB puts the 32 activations at BX into the order in which VPUNPCKLWD and VPUNPCKHWD widen bfloat16.
#define ORDERB(a, xa, b, xb, c, xc, d, xd) \
	VMOVUPS (BX), xa; \
	VMOVUPS 16(BX), xb; \
	VMOVUPS 64(BX), xc; \
	VMOVUPS 80(BX), xd; \
	VINSERTF128 $1, 32(BX), a, a; \
	VINSERTF128 $1, 48(BX), b, b; \
	VINSERTF128 $1, 96(BX), c, c; \
	VINSERTF128 $1, 112(BX), d, d
