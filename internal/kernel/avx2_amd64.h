// One number in all lanes of a register: pair is its bits twice.
#define LANES(name, at, pair) \
	DATA name+at(SB)/8, $pair; \
	DATA name+at+8(SB)/8, $pair; \
	DATA name+at+16(SB)/8, $pair; \
	DATA name+at+24(SB)/8, $pair

// The constants of EXP2: log2(e), 1.5*2^23, the upper and lower part of ln 2, six
// coefficients (Cephes), 1, the lowest argument.
#define EXPLANES(E) \
	LANES(E, 0, 0x3fb8aa3b3fb8aa3b); \
	LANES(E, 32, 0x4b4000004b400000); \
	LANES(E, 64, 0x3f3180003f318000); \
	LANES(E, 96, 0xb95e8083b95e8083); \
	LANES(E, 128, 0x3950696739506967); \
	LANES(E, 160, 0x3ab743ce3ab743ce); \
	LANES(E, 192, 0x3c0889083c088908); \
	LANES(E, 224, 0x3d2aa9c13d2aa9c1); \
	LANES(E, 256, 0x3e2aaaaa3e2aaaaa); \
	LANES(E, 288, 0x3f0000003f000000); \
	LANES(E, 320, 0x3f8000003f800000); \
	LANES(E, 352, 0xc2ad3333c2ad3333); \
	GLOBL E(SB), RODATA|NOPTR, $384

// x = exp(x)*2^k for magic = 1.5*2^23+k, using n and p: within 2 units of the last place where x and
// x+k*ln 2 lie in -87..88. NaN stays. The whole number nearest to x*log2(e) comes out in the
// low bits of n, as adding magic rounds to units; there it is shifted to the exponent.
#define EXP2(E, magic, x, n, p) \
	VMOVUPS E+0(SB), n; \
	VFMADD213PS magic, x, n; \
	VSUBPS magic, n, p; \
	VPSLLD $23, n, n; \
	VFNMADD231PS E+64(SB), p, x; \
	VFNMADD231PS E+96(SB), p, x; \
	VMOVUPS E+128(SB), p; \
	VFMADD213PS E+160(SB), x, p; \
	VFMADD213PS E+192(SB), x, p; \
	VFMADD213PS E+224(SB), x, p; \
	VFMADD213PS E+256(SB), x, p; \
	VFMADD213PS E+288(SB), x, p; \
	VFMADD213PS E+320(SB), x, p; \
	VFMADD213PS E+320(SB), x, p; \
	VPADDD n, p, x

// EXP2 of x with n and p, and of y with m and q, side by side: the chain of one leaves the units idle.
#define EXP2PAIR(E, magic, x, n, p, y, m, q) \
	VMOVUPS E+0(SB), n; \
	VMOVUPS E+0(SB), m; \
	VFMADD213PS magic, x, n; \
	VFMADD213PS magic, y, m; \
	VSUBPS magic, n, p; \
	VSUBPS magic, m, q; \
	VPSLLD $23, n, n; \
	VPSLLD $23, m, m; \
	VFNMADD231PS E+64(SB), p, x; \
	VFNMADD231PS E+64(SB), q, y; \
	VFNMADD231PS E+96(SB), p, x; \
	VFNMADD231PS E+96(SB), q, y; \
	VMOVUPS E+128(SB), p; \
	VMOVUPS E+128(SB), q; \
	VFMADD213PS E+160(SB), x, p; \
	VFMADD213PS E+160(SB), y, q; \
	VFMADD213PS E+192(SB), x, p; \
	VFMADD213PS E+192(SB), y, q; \
	VFMADD213PS E+224(SB), x, p; \
	VFMADD213PS E+224(SB), y, q; \
	VFMADD213PS E+256(SB), x, p; \
	VFMADD213PS E+256(SB), y, q; \
	VFMADD213PS E+288(SB), x, p; \
	VFMADD213PS E+288(SB), y, q; \
	VFMADD213PS E+320(SB), x, p; \
	VFMADD213PS E+320(SB), y, q; \
	VFMADD213PS E+320(SB), x, p; \
	VFMADD213PS E+320(SB), y, q; \
	VPADDD n, p, x; \
	VPADDD m, q, y
