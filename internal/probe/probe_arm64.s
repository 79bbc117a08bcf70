#include "textflag.h"

#define ZEROS4 \
	VEOR V0.B16, V0.B16, V0.B16    \
	VEOR V1.B16, V1.B16, V1.B16    \
	VEOR V2.B16, V2.B16, V2.B16    \
	VEOR V3.B16, V3.B16, V3.B16

// 64 bytes, each 16 into a sum of their own.
#define LINE(p, off) \
	FLDPQ off(p), (F4, F5)          \
	FLDPQ off+32(p), (F6, F7)       \
	VORR  V4.B16, V0.B16, V0.B16    \
	VORR  V5.B16, V1.B16, V1.B16    \
	VORR  V6.B16, V2.B16, V2.B16    \
	VORR  V7.B16, V3.B16, V3.B16

// func readOne(p unsafe.Pointer, n int)
// n is a multiple of 256.
TEXT ·readOne(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD n+8(FP), R1
	ZEROS4
again:
	LINE(R0, 0)
	LINE(R0, 64)
	LINE(R0, 128)
	LINE(R0, 192)
	ADD  $256, R0
	SUBS $256, R1, R1
	BNE  again
	RET

#define QUARTERS \
	MOVD p+0(FP), R0     \
	MOVD n+8(FP), R1     \
	LSR  $2, R1          \
	ADD  R1, R0, R2      \
	ADD  R1, R2, R3      \
	ADD  R1, R3, R4      \
	ZEROS4

#define FOUR(off) \
	LINE(R0, off)    \
	LINE(R2, off)    \
	LINE(R3, off)    \
	LINE(R4, off)

#define STEP \
	ADD  $128, R0          \
	ADD  $128, R2          \
	ADD  $128, R3          \
	ADD  $128, R4          \
	SUBS $128, R1, R1

// func readFour(p unsafe.Pointer, n int)
// n is a multiple of 512.
TEXT ·readFour(SB), NOSPLIT, $0-16
	QUARTERS
again:
	FOUR(0)
	FOUR(64)
	STEP
	BNE again
	RET

#define AHEAD(off) \
	PRFM (2048+off)(R0), PLDL1KEEP    \
	PRFM (2048+off)(R2), PLDL1KEEP    \
	PRFM (2048+off)(R3), PLDL1KEEP    \
	PRFM (2048+off)(R4), PLDL1KEEP

// func readAhead(p unsafe.Pointer, n int)
TEXT ·readAhead(SB), NOSPLIT, $0-16
	QUARTERS
again:
	AHEAD(0)
	FOUR(0)
	AHEAD(64)
	FOUR(64)
	STEP
	BNE again
	RET

// Sixteen chains of one instruction, given by its encoding, d += V16*V17, all on zeros, R0 times.
#define CHAINS(op) \
	ZEROS4                   \
	VEOR V4.B16, V4.B16, V4.B16       \
	VEOR V5.B16, V5.B16, V5.B16       \
	VEOR V6.B16, V6.B16, V6.B16       \
	VEOR V7.B16, V7.B16, V7.B16       \
	VEOR V8.B16, V8.B16, V8.B16       \
	VEOR V9.B16, V9.B16, V9.B16       \
	VEOR V10.B16, V10.B16, V10.B16    \
	VEOR V11.B16, V11.B16, V11.B16    \
	VEOR V12.B16, V12.B16, V12.B16    \
	VEOR V13.B16, V13.B16, V13.B16    \
	VEOR V14.B16, V14.B16, V14.B16    \
	VEOR V15.B16, V15.B16, V15.B16    \
	VEOR V16.B16, V16.B16, V16.B16    \
	VEOR V17.B16, V17.B16, V17.B16    \
again:                           \
	WORD $(op)               \
	WORD $(op|1)             \
	WORD $(op|2)             \
	WORD $(op|3)             \
	WORD $(op|4)             \
	WORD $(op|5)             \
	WORD $(op|6)             \
	WORD $(op|7)             \
	WORD $(op|8)             \
	WORD $(op|9)             \
	WORD $(op|10)            \
	WORD $(op|11)            \
	WORD $(op|12)            \
	WORD $(op|13)            \
	WORD $(op|14)            \
	WORD $(op|15)            \
	SUBS $1, R0, R0          \
	BNE  again               \
	RET

// func peakSDOT(rounds int)
TEXT ·peakSDOT(SB), NOSPLIT, $0-8
	MOVD rounds+0(FP), R0
	CHAINS(0x4e909620)

// func peakSMMLA(rounds int)
TEXT ·peakSMMLA(SB), NOSPLIT, $0-8
	MOVD rounds+0(FP), R0
	CHAINS(0x4e90a620)

// func peakFMLA(rounds int)
TEXT ·peakFMLA(SB), NOSPLIT, $0-8
	MOVD rounds+0(FP), R0
	CHAINS(0x4e30ce20)
