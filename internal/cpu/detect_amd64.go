package cpu

import "golang.org/x/sys/cpu"

func detect() Features {
	x := &cpu.X86
	return Features{
		AVX2: x.HasAVX2, FMA: x.HasFMA, F16C: x.HasAVX && x.HasF16C, AVXVNNI: x.HasAVXVNNI,
		AVX512:     x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL,
		AVX512VBMI: x.HasAVX512VBMI, AVX512VNNI: x.HasAVX512VNNI, AVX512BF16: x.HasAVX512BF16,
	}
}
