#include "textflag.h"
#include "neon_arm64.h"
#include "exp_arm64.h"

EXPCONSTS(expc<>)

#define SQUARES(v, even, odd) \
	FCVTL(v, 4)            \
	FCVTL2(v, 5)           \
	FMLA2(4, 4, even)      \
	FMLA2(5, 5, odd)

// func sumSquares(x unsafe.Pointer, n int) float64
// n is a multiple of 16.
TEXT ·sumSquares(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R1
	MOVD n+8(FP), R2
	ZERO(16)
	ZERO(17)
	ZERO(18)
	ZERO(19)
again:
	FLDPQ (R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	SQUARES(0, 16, 17)
	SQUARES(1, 18, 19)
	SQUARES(2, 16, 17)
	SQUARES(3, 18, 19)
	ADD   $64, R1
	SUBS  $16, R2, R2
	BNE   again
	FADD2(17, 16, 16)
	FADD2(19, 18, 18)
	FADD2(18, 16, 16)
	FADDP2(16, 16, 16)
	FMOVD F16, ret+16(FP)
	RET

// func scaleBy(dst, x, w unsafe.Pointer, n int, r float32)
// dst = w*(x*r); n is a multiple of 16.
TEXT ·scaleBy(SB), NOSPLIT, $0-36
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  w+16(FP), R2
	MOVD  n+24(FP), R3
	FMOVS r+32(FP), F16
again:
	FLDPQ (R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FLDPQ (R2), (F4, F5)
	FLDPQ 32(R2), (F6, F7)
	FMULE(16, 0, 0, 0)
	FMULE(16, 0, 1, 1)
	FMULE(16, 0, 2, 2)
	FMULE(16, 0, 3, 3)
	FMUL(4, 0, 0)
	FMUL(5, 1, 1)
	FMUL(6, 2, 2)
	FMUL(7, 3, 3)
	FSTPQ (F0, F1), (R0)
	FSTPQ (F2, F3), 32(R0)
	ADD   $64, R0
	ADD   $64, R1
	ADD   $64, R2
	SUBS  $16, R3, R3
	BNE   again
	RET

// func addScaledBy(dst, x unsafe.Pointer, n int, s float32)
// dst += s*x, both rounded; n is a multiple of 16.
TEXT ·addScaledBy(SB), NOSPLIT, $0-28
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  n+16(FP), R3
	FMOVS s+24(FP), F16
again:
	FLDPQ (R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FLDPQ (R0), (F4, F5)
	FLDPQ 32(R0), (F6, F7)
	FMULE(16, 0, 0, 0)
	FMULE(16, 0, 1, 1)
	FMULE(16, 0, 2, 2)
	FMULE(16, 0, 3, 3)
	FADD(4, 0, 0)
	FADD(5, 1, 1)
	FADD(6, 2, 2)
	FADD(7, 3, 3)
	FSTPQ (F0, F1), (R0)
	FSTPQ (F2, F3), 32(R0)
	ADD   $64, R0
	ADD   $64, R1
	SUBS  $16, R3, R3
	BNE   again
	RET

// func swiGLU4(dst, gu unsafe.Pointer, n int, limit, alpha float32)
// n is a multiple of 4; see Ops.SwiGLU.
TEXT ·swiGLU4(SB), NOSPLIT, $0-32
	MOVD    dst+0(FP), R0
	MOVD    gu+8(FP), R1
	MOVD    n+16(FP), R2
	FMOVS   limit+24(FP), F31
	FMOVS   alpha+28(FP), F29
	DUPS(0, 31, 31)
	FNEG(31, 30)
	DUPS(0, 29, 29)
	FNEG(29, 29)
	MOVD    $0x42b20000, R3 // 89: exp is infinite, as its polynomial would not be above
	VDUP    R3, V28.S4
	EXPLOAD(expc<>, R3)
again:
	VLD2.P  32(R1), [V0.S4, V1.S4] // gate, up
	FMIN(31, 0, 0)
	FMIN(31, 1, 1)
	FMAX(30, 1, 1)
	FMUL(29, 0, 2)
	FMIN(28, 2, 2)
	EXP(2, 3, 4, 5)
	FADD(25, 2, 2)
	FDIV(2, 0, 0)
	FADD(25, 1, 1)
	FMUL(1, 0, 0)
	FMOVQ.P F0, 16(R0)
	SUBS    $4, R2, R2
	BNE     again
	RET

// The larger of d and n, number by number; NaN is passed over.
#define LARGEST(n, t, d) \
	FCMGT(d, n, t)     \
	BIT(t, n, d)

// func maxOf(x unsafe.Pointer, n int) float32
// NaN is passed over; n is a multiple of 16.
TEXT ·maxOf(SB), NOSPLIT, $0-20
	MOVD  x+0(FP), R1
	MOVD  n+8(FP), R2
	MOVD  $0xff800000, R3
	VDUP  R3, V16.S4
	VDUP  R3, V17.S4
	VDUP  R3, V18.S4
	VDUP  R3, V19.S4
again:
	FLDPQ (R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	LARGEST(0, 4, 16)
	LARGEST(1, 5, 17)
	LARGEST(2, 6, 18)
	LARGEST(3, 7, 19)
	ADD   $64, R1
	SUBS  $16, R2, R2
	BNE   again
	FMAX(17, 16, 16)
	FMAX(19, 18, 18)
	FMAX(18, 16, 16)
	FMAXP(16, 16, 16)
	FMAXP(16, 16, 16)
	FMOVS F16, ret+16(FP)
	RET

// func indexOf(x unsafe.Pointer, n int, v float32) int
// The first index of v, or n; n is a multiple of 16.
TEXT ·indexOf(SB), NOSPLIT, $0-32
	MOVD  x+0(FP), R1
	MOVD  n+8(FP), R2
	FMOVS v+16(FP), F16
	DUPS(0, 16, 16)
	MOVD  ZR, R4
again:
	FLDPQ (R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FCMEQ(16, 0, 0)
	FCMEQ(16, 1, 1)
	FCMEQ(16, 2, 2)
	FCMEQ(16, 3, 3)
	ORR16(1, 0, 0)
	ORR16(3, 2, 2)
	ORR16(2, 0, 0)
	UMAXV(0, 0)
	FMOVS F0, R3
	CBNZW R3, found
	ADD   $64, R1
	ADD   $16, R4
	CMP   R2, R4
	BLO   again
	MOVD  R2, ret+24(FP)
	RET
found:
	FMOVS (R1), F0
	FCMPS F16, F0
	BEQ   here
	ADD   $4, R1
	ADD   $1, R4
	B     found
here:
	MOVD  R4, ret+24(FP)
	RET

// func rope4(x, cos, sin unsafe.Pointer, half, heads int)
// half is a multiple of 4; see Ops.Rope.
TEXT ·rope4(SB), NOSPLIT, $0-40
	MOVD x+0(FP), R0
	MOVD half+24(FP), R4
	MOVD heads+32(FP), R5
	LSL  $2, R4
	ADD  R0, R4, R1
head:
	MOVD cos+8(FP), R2
	MOVD sin+16(FP), R3
	LSR  $4, R4, R6
again:
	FMOVQ   (R0), F0
	FMOVQ   (R1), F1
	FMOVQ.P 16(R2), F2
	FMOVQ.P 16(R3), F3
	FMUL(2, 0, 4)
	FMUL(3, 1, 5)
	FSUB(5, 4, 4)
	FMUL(2, 1, 1)
	FMUL(3, 0, 0)
	FADD(0, 1, 1)
	FMOVQ.P F4, 16(R0)
	FMOVQ.P F1, 16(R1)
	SUBS    $1, R6, R6
	BNE     again
	ADD     R4, R0
	ADD     R4, R1
	SUBS    $1, R5, R5
	BNE     head
	RET
