// From 32 floats in Y0-Y3 to bytes in the order of lane, for weights and activations alike.

// Bytes 0, 2 of each four, then 1, 3: see lane.
DATA pairs<>+0(SB)/8, $0x0e0c0a0806040200
DATA pairs<>+8(SB)/8, $0x0f0d0b0907050301
DATA pairs<>+16(SB)/8, $0x0e0c0a0806040200
DATA pairs<>+24(SB)/8, $0x0f0d0b0907050301
GLOBL pairs<>(SB), RODATA|NOPTR, $32

// All lanes of y to lane 0 by op; t is a scratch register.
#define REDUCE(op, y, x, t) \
	VEXTRACTI128 $1, y, t    \
	op t, x, x               \
	VPSHUFD $0x4e, x, t      \
	op t, x, x               \
	VPSHUFD $0xb1, x, t      \
	op t, x, x

// The largest magnitude, as bits, to X4 and AX; Y15 masks the signs away.
#define LARGEST \
	VPAND   Y15, Y0, Y4      \
	VPAND   Y15, Y1, Y5      \
	VPAND   Y15, Y2, Y6      \
	VPAND   Y15, Y3, Y7      \
	VPMAXUD Y5, Y4, Y4       \
	VPMAXUD Y7, Y6, Y6       \
	VPMAXUD Y6, Y4, Y4       \
	REDUCE(VPMAXUD, Y4, X4, X5) \
	VMOVD   X4, AX

// To integers, after a multiplication.
#define SCALE(by) \
	VMULPS    by, Y0, Y0     \
	VMULPS    by, Y1, Y1     \
	VMULPS    by, Y2, Y2     \
	VMULPS    by, Y3, Y3     \
	VCVTPS2DQ Y0, Y0         \
	VCVTPS2DQ Y1, Y1         \
	VCVTPS2DQ Y2, Y2         \
	VCVTPS2DQ Y3, Y3

// To 16 bits, in Y0 and Y2: four of each of two eights in each half.
#define WORDS \
	VPACKSSDW Y1, Y0, Y0     \
	VPACKSSDW Y3, Y2, Y2

// From there to 8 bits: x0 and x1 get the 32 bytes. y0 is x0's, Y14 holds pairs; t is scratch.
#define BYTES(y0, y2, x0, x1, t) \
	VPACKSSWB    y2, y0, y0     \
	VPSHUFB      Y14, y0, y0    \
	VEXTRACTI128 $1, y0, x1     \
	VPUNPCKLWD   x1, x0, t      \
	VPUNPCKHWD   x1, x0, x1     \
	VPUNPCKLDQ   x1, t, x0      \
	VPUNPCKHDQ   x1, t, x1
