// The assembler does not know VDPBF16PS: this is its encoding from register numbers,
// acc += w·x for the pairs of bf16 in each lane.
#define VDPBF16PS(x, w, acc) \
	BYTE $0x62; \
	BYTE $(0x02 | ((((acc)>>3)&1)^1)<<7 | ((((x)>>4)&1)^1)<<6 | ((((x)>>3)&1)^1)<<5 | ((((acc)>>4)&1)^1)<<4); \
	BYTE $(0x06 | (((w)&15)^15)<<3); \
	BYTE $(0x40 | ((((w)>>4)&1)^1)<<3); \
	BYTE $0x52; \
	BYTE $(0xC0 | ((acc)&7)<<3 | ((x)&7))

// exp(x) for x <= 88, within 2 units of the last place; 0 from -104 down. The constants are
// at E: log2(e), the upper and lower part of ln 2, six coefficients (Cephes), 1, -104.
#define EXPCONSTS(E) \
	DATA E+0(SB)/4, $0x3fb8aa3b; \
	DATA E+4(SB)/4, $0x3f318000; \
	DATA E+8(SB)/4, $0xb95e8083; \
	DATA E+12(SB)/4, $0x39506967; \
	DATA E+16(SB)/4, $0x3ab743ce; \
	DATA E+20(SB)/4, $0x3c088908; \
	DATA E+24(SB)/4, $0x3d2aa9c1; \
	DATA E+28(SB)/4, $0x3e2aaaaa; \
	DATA E+32(SB)/4, $0x3f000000; \
	DATA E+36(SB)/4, $0x3f800000; \
	DATA E+40(SB)/4, $0xc2d00000; \
	GLOBL E(SB), RODATA|NOPTR, $44

// x = exp(x), using n and p. NaN stays.
#define EXP(E, x, n, p) \
	VBROADCASTSS E+40(SB), n; \
	VMAXPS x, n, x; \
	VMULPS.BCST E+0(SB), x, n; \
	VRNDSCALEPS $8, n, n; \
	VFNMADD231PS.BCST E+4(SB), n, x; \
	VFNMADD231PS.BCST E+8(SB), n, x; \
	VBROADCASTSS E+12(SB), p; \
	VFMADD213PS.BCST E+16(SB), x, p; \
	VFMADD213PS.BCST E+20(SB), x, p; \
	VFMADD213PS.BCST E+24(SB), x, p; \
	VFMADD213PS.BCST E+28(SB), x, p; \
	VFMADD213PS.BCST E+32(SB), x, p; \
	VFMADD213PS.BCST E+36(SB), x, p; \
	VFMADD213PS.BCST E+36(SB), x, p; \
	VSCALEFPS n, p, x
