package model

import (
	"math"
	"testing"
)

// spec section 4: recomputed from openai/gpt-oss torch/model.py in double precision.
var goldenInvFreq = []float64{
	1, 0.689044306, 0.474782055, 0.327145872, 0.225418000, 0.155322989, 0.107024421, 0.0737445682,
	0.0508132748, 0.0317056962, 0.0193350011, 0.0115920493, 0.00679495949, 0.00386035932, 0.00209379238, 0.00105260210,
	4.56483919e-4, 1.29318701e-4, 3.83088124e-5, 2.63964690e-5, 1.81883367e-5, 1.25325698e-5, 8.63549588e-6, 5.95023926e-6,
	4.09997848e-6, 2.82506683e-6, 1.94659621e-6, 1.34129104e-6, 9.24208950e-7, 6.36820915e-7, 4.38797825e-7, 3.02351143e-7,
}

func TestRopeGolden(t *testing.T) {
	for _, cfg := range []Config{GptOss20B(), GptOss120B()} {
		inv, c := Rope(cfg)
		if len(inv) != len(goldenInvFreq) {
			t.Fatalf("%d pairs, want %d", len(inv), len(goldenInvFreq))
		}
		for i, want := range goldenInvFreq {
			if math.Abs(inv[i]/want-1) > 5e-9 { // half a unit of the ninth digit, leading 1
				t.Errorf("invFreq[%d] = %.10g, want %.9g", i, inv[i], want)
			}
		}
		if math.Abs(c-1.3465735902799727) > 1e-15 {
			t.Errorf("concentration %.17g", c)
		}
	}
	low, high := yarnBounds(GptOss20B())
	if math.Abs(low-8.092779115512402) > 1e-12 || math.Abs(high-17.39802450158856) > 1e-12 {
		t.Errorf("bounds %.16g %.16g", low, high)
	}
}

// Rounded bounds change pairs 9..17 by the percentages the specification lists.
func TestRopeTruncated(t *testing.T) {
	cfg := GptOss20B()
	exact, _ := Rope(cfg)
	cfg.YarnTruncate = true
	rounded, _ := Rope(cfg)
	percent := map[int]float64{9: -0.27, 10: 0.60, 11: 1.73, 12: 3.25, 13: 5.42, 14: 8.76, 15: 14.6, 16: 27.3, 17: 76.3}
	for i := range exact {
		if got := (rounded[i]/exact[i] - 1) * 100; math.Abs(got-percent[i]) > 0.05 {
			t.Errorf("pair %d: %+.2f percent, want %+.2f", i, got, percent[i])
		}
	}
}

func TestRopePlain(t *testing.T) {
	cfg := GptOss20B()
	cfg.YarnFactor = 1
	inv, c := Rope(cfg)
	if c != 1 || math.Abs(inv[1]-math.Pow(150000, -1.0/32)) > 1e-15 {
		t.Errorf("plain table: %v, %v", c, inv[1])
	}
}
