#include "textflag.h"

// The order is a key's own: sixteen lanes over its width, then the lanes; so a score does not
// depend on how many keys there are, and a value is added key by key.

// HSUM is the sum of 16 lanes into lane 0.
#define HSUM(Z, Y, X) \
	VEXTRACTF64X4 $1, Z, Y28 \
	VADDPS        Y28, Y, Y  \
	VEXTRACTF32X4 $1, Y, X28 \
	VADDPS        X28, X, X  \
	VPERMILPD     $1, X, X28 \
	VADDPS        X28, X, X  \
	VMOVSHDUP     X, X28     \
	VADDSS      X28, X, X

// func scores16(s, q, keys *float32, n, d int, scale float32)
// s[j] = scale * q·key j for n keys of d values, d a multiple of 16.
TEXT ·scores16(SB), NOSPLIT, $0-44
	MOVQ        s+0(FP), DI
	MOVQ        q+8(FP), R8
	MOVQ        keys+16(FP), SI
	MOVQ        n+24(FP), CX
	MOVQ        d+32(FP), R10
	VMOVSS      scale+40(FP), X16
	MOVQ        R10, R12
	SHLQ        $2, R12
	LEAQ        (R12)(R12*2), R13
	SHRQ        $4, R10
four:
	CMPQ        CX, $4
	JLT         one
	MOVQ        R8, BX
	MOVQ        R10, AX
	VPXORD      Z0, Z0, Z0
	VPXORD      Z1, Z1, Z1
	VPXORD      Z2, Z2, Z2
	VPXORD      Z3, Z3, Z3
dot4:
	VMOVUPS     (BX), Z4
	VFMADD231PS (SI), Z4, Z0
	VFMADD231PS (SI)(R12*1), Z4, Z1
	VFMADD231PS (SI)(R12*2), Z4, Z2
	VFMADD231PS (SI)(R13*1), Z4, Z3
	ADDQ        $64, BX
	ADDQ        $64, SI
	DECQ        AX
	JNZ         dot4
	ADDQ        R13, SI
	HSUM(Z0, Y0, X0)
	HSUM(Z1, Y1, X1)
	HSUM(Z2, Y2, X2)
	HSUM(Z3, Y3, X3)
	VMULSS      X16, X0, X0
	VMULSS      X16, X1, X1
	VMULSS      X16, X2, X2
	VMULSS      X16, X3, X3
	VMOVSS      X0, (DI)
	VMOVSS      X1, 4(DI)
	VMOVSS      X2, 8(DI)
	VMOVSS      X3, 12(DI)
	ADDQ        $16, DI
	SUBQ        $4, CX
	JMP         four
one:
	TESTQ       CX, CX
	JZ          done
	MOVQ        R8, BX
	MOVQ        R10, AX
	VPXORD      Z0, Z0, Z0
dot1:
	VMOVUPS     (BX), Z4
	VFMADD231PS (SI), Z4, Z0
	ADDQ        $64, BX
	ADDQ        $64, SI
	DECQ        AX
	JNZ         dot1
	HSUM(Z0, Y0, X0)
	VMULSS      X16, X0, X0
	VMOVSS      X0, (DI)
	ADDQ        $4, DI
	DECQ        CX
	JMP         one
done:
	VZEROUPPER
	RET

// func accumulate16(acc, p, values *float32, n, d int)
// acc += p[j] * value j in the order of j, for n > 0 values of d elements, d a multiple of 16.
TEXT ·accumulate16(SB), NOSPLIT, $0-40
	MOVQ        acc+0(FP), DI
	MOVQ        values+16(FP), SI
	MOVQ        d+32(FP), R10
	MOVQ        R10, R12
	SHLQ        $2, R12
wide:
	CMPQ        R10, $64
	JLT         narrow
	MOVQ        p+8(FP), BX
	MOVQ        n+24(FP), CX
	MOVQ        SI, R8
	VMOVUPS     (DI), Z0
	VMOVUPS     64(DI), Z1
	VMOVUPS     128(DI), Z2
	VMOVUPS     192(DI), Z3
keys4:
	VBROADCASTSS (BX), Z4
	VFMADD231PS (R8), Z4, Z0
	VFMADD231PS 64(R8), Z4, Z1
	VFMADD231PS 128(R8), Z4, Z2
	VFMADD231PS 192(R8), Z4, Z3
	ADDQ        $4, BX
	ADDQ        R12, R8
	DECQ        CX
	JNZ         keys4
	VMOVUPS     Z0, (DI)
	VMOVUPS     Z1, 64(DI)
	VMOVUPS     Z2, 128(DI)
	VMOVUPS     Z3, 192(DI)
	ADDQ        $256, DI
	ADDQ        $256, SI
	SUBQ        $64, R10
	JMP         wide
narrow:
	TESTQ       R10, R10
	JZ          done
	MOVQ        p+8(FP), BX
	MOVQ        n+24(FP), CX
	MOVQ        SI, R8
	VMOVUPS     (DI), Z0
keys1:
	VBROADCASTSS (BX), Z4
	VFMADD231PS (R8), Z4, Z0
	ADDQ        $4, BX
	ADDQ        R12, R8
	DECQ        CX
	JNZ         keys1
	VMOVUPS     Z0, (DI)
	ADDQ        $64, DI
	ADDQ        $64, SI
	SUBQ        $16, R10
	JMP         narrow
done:
	VZEROUPPER
	RET
