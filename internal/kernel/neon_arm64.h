// Instructions that the assembler does not know, and, so that macros can compute with register
// numbers, those that it does: all take the numbers of vector registers, sources first as in
// Go, and mean all 128 bits. A suffix says the lanes: B, H, S, D for 8, 16, 32, 64 bits.

#define OP2(op, n, d) WORD $((op) | (n)<<5 | (d))
#define OP3(op, m, n, d) WORD $((op) | (m)<<16 | (n)<<5 | (d))
// With lane i of m.
#define LANE(op, m, i, n, d) WORD $((op) | (m)<<16 | ((i)&1)<<21 | ((i)>>1)<<11 | (n)<<5 | (d))

// Four products of bytes are added to each lane.
#define SDOTE(m, i, n, d) LANE(0x4f80e000, m, i, n, d)

// Rows of 8 bytes: the two of n times the two of m are added to d, those of n's first row first.
#define SMMLA(m, n, d) OP3(0x4e80a400, m, n, d)

// d += n*m, rounded once; E with a lane of m.
#define FMLA(m, n, d) OP3(0x4e20cc00, m, n, d)
#define FMLS(m, n, d) OP3(0x4ea0cc00, m, n, d)
#define FMLA2(m, n, d) OP3(0x4e60cc00, m, n, d)
#define FMLAE(m, i, n, d) LANE(0x4f801000, m, i, n, d)
#define FMULE(m, i, n, d) LANE(0x4f809000, m, i, n, d)

// d = n op m.
#define FMUL(m, n, d) OP3(0x6e20dc00, m, n, d)
#define FADD(m, n, d) OP3(0x4e20d400, m, n, d)
#define FSUB(m, n, d) OP3(0x4ea0d400, m, n, d)
#define FDIV(m, n, d) OP3(0x6e20fc00, m, n, d)
#define FMAX(m, n, d) OP3(0x4e20f400, m, n, d)
#define FMIN(m, n, d) OP3(0x4ea0f400, m, n, d)
#define FCMGT(m, n, d) OP3(0x6ea0e400, m, n, d)
#define FCMEQ(m, n, d) OP3(0x4e20e400, m, n, d)
#define FADD2(m, n, d) OP3(0x4e60d400, m, n, d)
#define ADDS4(m, n, d) OP3(0x4ea08400, m, n, d)
#define SUBS4(m, n, d) OP3(0x6ea08400, m, n, d)
#define UMAX(m, n, d) OP3(0x6ea06400, m, n, d)
#define CMHI(m, n, d) OP3(0x6ea03400, m, n, d)
// Ones where a bit of m is in n.
#define CMTST(m, n, d) OP3(0x4ea08c00, m, n, d)
#define AND16(m, n, d) OP3(0x4e201c00, m, n, d)
#define EOR16(m, n, d) OP3(0x6e201c00, m, n, d)
#define ORR16(m, n, d) OP3(0x4ea01c00, m, n, d)
#define MOV(n, d) ORR16(n, n, d)
// Where m has ones, d = n; IF: where it has zeros.
#define BIT(m, n, d) OP3(0x6ea01c00, m, n, d)
#define BIF(m, n, d) OP3(0x6ee01c00, m, n, d)

// Sums of neighbours: first those of n, then those of m.
#define ADDPH(m, n, d) OP3(0x4e60bc00, m, n, d)
#define FADDP(m, n, d) OP3(0x6e20d400, m, n, d)
#define FMAXP(m, n, d) OP3(0x6e20f400, m, n, d)
#define FADDP2(m, n, d) OP3(0x6e60d400, m, n, d)

// Products of the lower and the upper 8 bytes, to 16 bits; pairs of 16 bits added to 32.
#define SMULL(m, n, d) OP3(0x0e20c000, m, n, d)
#define SMULL2(m, n, d) OP3(0x4e20c000, m, n, d)
#define SADALP(n, d) OP2(0x4e606800, n, d)

// Byte i of d is byte index[i] of the table.
#define TBL(index, table, d) OP3(0x4e000000, index, table, d)
#define ZIP1B(m, n, d) OP3(0x4e003800, m, n, d)
#define ZIP2B(m, n, d) OP3(0x4e007800, m, n, d)
#define ZIP1S(m, n, d) OP3(0x4e803800, m, n, d)
#define ZIP2S(m, n, d) OP3(0x4e807800, m, n, d)
#define ZIP1D(m, n, d) OP3(0x4ec03800, m, n, d)
#define ZIP2D(m, n, d) OP3(0x4ec07800, m, n, d)
#define UZP1B(m, n, d) OP3(0x4e001800, m, n, d)
#define UZP1H(m, n, d) OP3(0x4e401800, m, n, d)
#define DUPD(i, n, d) WORD $(0x4e080400 | (i)<<20 | (n)<<5 | (d))
#define DUPS(i, n, d) WORD $(0x4e040400 | (i)<<19 | (n)<<5 | (d))

// Shifts by s.
#define USHRB(s, n, d) WORD $(0x6f000400 | (16-(s))<<16 | (n)<<5 | (d))
#define SHL(s, n, d) WORD $(0x4f005400 | (32+(s))<<16 | (n)<<5 | (d))
#define SSHR(s, n, d) WORD $(0x4f000400 | (64-(s))<<16 | (n)<<5 | (d))
// Widened from B to H and shifted by s < 8; from H to S and shifted by 16: the lower and the
// upper half of n.
#define USHLLB(s, n, d) WORD $(0x2f00a400 | (8+(s))<<16 | (n)<<5 | (d))
#define USHLL2B(s, n, d) WORD $(0x6f00a400 | (8+(s))<<16 | (n)<<5 | (d))
#define SHLLH(n, d) OP2(0x2e613800, n, d)
#define SHLL2H(n, d) OP2(0x6e613800, n, d)

#define FRINTN(n, d) OP2(0x4e218800, n, d)
#define FCVTNS(n, d) OP2(0x4e21a800, n, d)
#define SCVTF(n, d) OP2(0x4e21d800, n, d)
#define FNEG(n, d) OP2(0x6ea0f800, n, d)
#define FCVTL(n, d) OP2(0x0e617800, n, d)
#define FCVTL2(n, d) OP2(0x4e617800, n, d)
#define UMAXV(n, d) OP2(0x6eb0a800, n, d)
#define ADDV(n, d) OP2(0x4eb1b800, n, d)
#define ZERO(d) WORD $(0x6f00e400 | (d))
