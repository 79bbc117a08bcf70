// exp(x) for x <= 89, within 2 units of the last place; 0 from -104 down. The constants are those of
// the other processors: log2(e), the upper and lower part of ln 2, six coefficients (Cephes),
// 1, -104 and the bias of an exponent. They take V16-V27.
#define EXPCONSTS(E) \
	DATA E+0(SB)/4, $0x3fb8aa3b    \
	DATA E+4(SB)/4, $0x3f318000    \
	DATA E+8(SB)/4, $0xb95e8083    \
	DATA E+12(SB)/4, $0x39506967   \
	DATA E+16(SB)/4, $0x3ab743ce   \
	DATA E+20(SB)/4, $0x3c088908   \
	DATA E+24(SB)/4, $0x3d2aa9c1   \
	DATA E+28(SB)/4, $0x3e2aaaaa   \
	DATA E+32(SB)/4, $0x3f000000   \
	DATA E+36(SB)/4, $0x3f800000   \
	DATA E+40(SB)/4, $0xc2d00000   \
	DATA E+44(SB)/4, $127          \
	GLOBL E(SB), RODATA|NOPTR, $48

#define EXPLOAD(E, r) \
	MOVD    $E(SB), r                                       \
	VLD4R.P 16(r), [V16.S4, V17.S4, V18.S4, V19.S4]         \
	VLD4R.P 16(r), [V20.S4, V21.S4, V22.S4, V23.S4]         \
	VLD4R   (r), [V24.S4, V25.S4, V26.S4, V27.S4]

// x = exp(x), using n, p and t. NaN stays. The power of two is applied in two steps, so that a result
// below the normal numbers is rounded once.
#define EXP(x, n, p, t) \
	FMAX(26, x, x)      \
	FMUL(16, x, n)      \
	FRINTN(n, n)        \
	FMLS(17, n, x)      \
	FMLS(18, n, x)      \
	FCVTNS(n, n)        \
	MOV(20, p)          \
	FMLA(19, x, p)      \
	MOV(21, t)          \
	FMLA(p, x, t)       \
	MOV(22, p)          \
	FMLA(t, x, p)       \
	MOV(23, t)          \
	FMLA(p, x, t)       \
	MOV(24, p)          \
	FMLA(t, x, p)       \
	MOV(25, t)          \
	FMLA(p, x, t)       \
	MOV(25, p)          \
	FMLA(t, x, p)       \
	SSHR(1, n, t)       \
	SUBS4(t, n, n)      \
	ADDS4(27, t, t)     \
	ADDS4(27, n, n)     \
	SHL(23, t, t)       \
	SHL(23, n, n)       \
	FMUL(t, p, p)       \
	FMUL(n, p, x)
