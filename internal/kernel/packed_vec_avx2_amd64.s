#include "textflag.h"
#include "avx2_vec_amd64.h"

// 2*e2m1+12 of every code: 0 to 24, so that eight products of bytes fit 16 bits.
DATA codes<>+0(SB)/8, $0x181412100f0e0d0c
DATA codes<>+8(SB)/8, $0x00040608090a0b0c
GLOBL codes<>(SB), RODATA|NOPTR, $16

DATA nibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
DATA nibble<>+8(SB)/8, $0x0f0f0f0f0f0f0f0f
DATA nibble<>+16(SB)/8, $0x0f0f0f0f0f0f0f0f
DATA nibble<>+24(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibble<>(SB), RODATA|NOPTR, $32

// The correction of MXFP4: -12 times the sum of the values from -128 times it.
#define CORRECT(off, y, t) \
	VPBROADCASTD off(BX), t    \
	VPADDD       t, t, y       \
	VPADDD       t, y, y       \
	VPSRAD       $5, y, y

// 8 columns of 8 rows of MXFP4 to two registers of bytes, the low nibbles and the high ones.
#define NIBBLES(off, w, mask, lo, hi) \
	VMOVDQU off(w), lo         \
	VPSRLW  $4, lo, hi         \
	VPAND   mask, lo, lo       \
	VPAND   mask, hi, hi       \
	VPSHUFB lo, Y13, lo        \
	VPSHUFB hi, Y13, hi

// The first 8 columns of two times 8 rows, summed to 16 bits in a and b.
#define MXFIRST(i, w, a, b) \
	VPBROADCASTD 8*i(BX), Y8          \
	VPBROADCASTD 8*i+4(BX), Y9        \
	NIBBLES(64*i, w, Y14, Y4, Y5)     \
	NIBBLES(64*i+32, w, Y14, Y6, Y7)  \
	VPMADDUBSW   Y8, Y4, a            \
	VPMADDUBSW   Y9, Y5, Y5           \
	VPMADDUBSW   Y8, Y6, b            \
	VPMADDUBSW   Y9, Y7, Y7           \
	VPADDW       Y5, a, a             \
	VPADDW       Y7, b, b

// 8 columns more.
#define MXMORE(i, w, a, b) \
	MXFIRST(i, w, Y10, Y11)    \
	VPADDW Y10, a, a           \
	VPADDW Y11, b, b

#define MXSCALES(w) \
	VPMOVZXBD 256(w), Y4    \
	VPMOVZXBD 264(w), Y5    \
	VPSLLD    $23, Y4, Y4   \
	VPSLLD    $23, Y5, Y5

#define MXAHEAD(w) \
	PREFETCHT0 AHEAD(w)        \
	PREFETCHT0 AHEAD+64(w)     \
	PREFETCHT0 AHEAD+128(w)    \
	PREFETCHT0 AHEAD+192(w)

// A block of 16 rows. Of the four pair sums that are added in 16 bits none is above 6096.
#define MX8(w, y) \
	MXAHEAD(w)                               \
	MXFIRST(0, w, Y0, Y1)                    \
	MXMORE(1, w, Y0, Y1)                     \
	MXFIRST(2, w, Y2, Y3)                    \
	MXMORE(3, w, Y2, Y3)                     \
	VPMADDWD digits<>(SB), Y0, Y0            \
	VPMADDWD digits<>(SB), Y1, Y1            \
	VPMADDWD digits<>(SB), Y2, Y2            \
	VPMADDWD digits<>(SB), Y3, Y3            \
	VPADDD   Y12, Y0, Y0                     \
	VPADDD   Y12, Y1, Y1                     \
	VPADDD   Y2, Y0, Y0                      \
	VPADDD   Y3, Y1, Y1                      \
	MXSCALES(w)                              \
	FOLD(36, Y0, Y4, 0, y, Y6)                 \
	FOLD(36, Y1, Y5, 32, y, Y6)

// func vecMX8AVX2(a *vecArgs)
TEXT ·vecMX8AVX2(SB), NOSPLIT, $0-8
	BEGIN
	VBROADCASTI128 codes<>(SB), Y13
	VMOVDQU        nibble<>(SB), Y14
tile:
	TILE
blk:
	CORRECT(32, Y12, Y11)
	MX8(R8, R12)
	MX8(R9, R13)
	MX8(R10, R14)
	MX8(R11, R15)
	NEXT(272, 40)
	DECQ CX
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET

// 8 columns of 8 rows with two digits: the sums in 16 bits of the high ones to high, of the low ones
// to low.
#define MX16ROWS(off, w, high, low) \
	NIBBLES(off, w, nibble<>(SB), Y4, Y5)    \
	VPMADDUBSW Y8, Y4, Y6                    \
	VPMADDUBSW Y9, Y5, Y7                    \
	VPMADDUBSW Y10, Y4, Y4                   \
	VPMADDUBSW Y11, Y5, Y5                   \
	VPADDW     Y7, Y6, high                  \
	VPADDW     Y5, Y4, low

#define MX16X(i) \
	VPBROADCASTD 8*i(BX), Y8          \
	VPBROADCASTD 8*i+4(BX), Y9        \
	VPBROADCASTD 32+8*i(BX), Y10      \
	VPBROADCASTD 36+8*i(BX), Y11

// The second, third and fourth 8 columns of a block: the low digits are so small that all eight
// pair sums fit 16 bits.
#define MX16MORE(off, w, high, low) \
	MX16ROWS(off, w, Y6, Y4)    \
	VPADDW Y6, high, high       \
	VPADDW Y4, low, low

#define MX16AFRESH(off, w, high, low) \
	MX16ROWS(off, w, high, Y4)    \
	VPADDW Y4, low, low

#define MX16(w, y) \
	MXAHEAD(w)                               \
	MX16X(0)                                 \
	MX16ROWS(0, w, Y0, Y2)                   \
	MX16ROWS(32, w, Y1, Y3)                  \
	MX16X(1)                                 \
	MX16MORE(64, w, Y0, Y2)                  \
	MX16MORE(96, w, Y1, Y3)                  \
	VPMADDWD digits<>+32(SB), Y0, Y14        \
	VPMADDWD digits<>+32(SB), Y1, Y15        \
	MX16X(2)                                 \
	MX16AFRESH(128, w, Y0, Y2)               \
	MX16AFRESH(160, w, Y1, Y3)               \
	VPADDD   Y12, Y14, Y14                   \
	VPADDD   Y12, Y15, Y15                   \
	MX16X(3)                                 \
	MX16MORE(192, w, Y0, Y2)                 \
	MX16MORE(224, w, Y1, Y3)                 \
	VPMADDWD digits<>+32(SB), Y0, Y0         \
	VPMADDWD digits<>+32(SB), Y1, Y1         \
	VPMADDWD digits<>(SB), Y2, Y2            \
	VPMADDWD digits<>(SB), Y3, Y3            \
	VPADDD   Y14, Y0, Y0                     \
	VPADDD   Y15, Y1, Y1                     \
	VPADDD   Y2, Y0, Y0                      \
	VPADDD   Y3, Y1, Y1                      \
	MXSCALES(w)                              \
	FOLD(68, Y0, Y4, 0, y, Y6)               \
	FOLD(68, Y1, Y5, 32, y, Y6)

// func vecMX16AVX2(a *vecArgs)
TEXT ·vecMX16AVX2(SB), NOSPLIT, $0-8
	BEGIN
	VBROADCASTI128 codes<>(SB), Y13
tile:
	TILE
blk:
	CORRECT(64, Y12, Y11)
	MX16(R8, R12)
	MX16(R9, R13)
	MX16(R10, R14)
	MX16(R11, R15)
	NEXT(272, 72)
	DECQ CX
	JNZ  blk
	ADDQ $64, DI
	DECQ DX
	JNZ  tile
	VZEROUPPER
	RET
