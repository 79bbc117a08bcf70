package kernel

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ossian/internal/cpu"
	"ossian/internal/par"
	"ossian/internal/probe"
)

// threadTime is the processor time of the calling thread, which neighbours on a shared machine
// do not lengthen as they do the time on the wall.
func threadTime(f func()) float64 {
	var a, b unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &a)
	f()
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &b)
	return float64(b.Nano()-a.Nano()) / 1e9
}

// opsCase is a kernel at work on more memory than the caches hold: f does one of copies.
type opsCase struct {
	name         string
	bytes, flops float64 // of one call
	copies       int
	f            func(i int)
}

func attentionCases(o *Ops, r *rand.Rand) []opsCase {
	const heads, group, d, layers = 8, 8, 64, 8
	var out []opsCase
	for _, c := range []struct{ depth, n, window int }{{128, 1, 128}, {4096, 1, 0}, {4096, 64, 0}, {4096, 64, 128}} {
		kvs := make([]*KV, layers)
		for i := range kvs {
			kvs[i], _, _ = newKV(r, heads, d, 0, c.depth/PageSlots+1)
			for p := range kvs[i].K {
				for j := range kvs[i].K[p] {
					kvs[i].K[p][j], kvs[i].V[p][j] = r.Float32(), r.Float32()
				}
			}
		}
		ld := heads * group * d
		q, sinks, y := randomVector(r, c.n*ld, 0), randomVector(r, heads*group, 0), make([]float32, c.n*ld)
		keys := 0
		for t := range c.n {
			last := c.depth - c.n + t
			keys += last - firstKey(last, c.window) + 1
		}
		out = append(out, opsCase{
			fmt.Sprintf("attention depth=%d n=%d window=%d", c.depth, c.n, c.window),
			float64(c.depth-firstKey(c.depth-c.n, c.window)) * heads * d * 8,
			float64(keys) * heads * group * d * 4, layers,
			func(i int) { o.AttentionSpan(y, q, ld, kvs[i], 0, heads, c.depth-c.n, c.n, c.window, sinks) },
		})
	}
	return out
}

func matMulCases(o *Ops, memory []byte) []opsCase {
	var out []opsCase
	for _, f := range []Format{BF16, MXFP4} {
		data, scales := 2*benchRows*benchCols, 0
		if f == MXFP4 {
			data, scales = benchRows*benchCols/2, benchRows*benchCols/block
		}
		var ms []*Matrix
		for b := memory[:min(len(memory), 400<<20)]; len(b) >= data+scales; b = b[data+scales:] {
			ms = append(ms, &Matrix{Format: f, Rows: benchRows, Cols: benchCols, Data: b[:data], Scales: b[data : data+scales]})
		}
		scratch := make([]float32, ScratchFloats(benchCols))
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range []int{1, 4, 8, 16, 64} {
			x, y := randomVector(r, n*benchCols, 0), make([]float32, n*benchRows)
			copies := len(ms)
			if n > 1 {
				copies = 1
			}
			out = append(out, opsCase{
				fmt.Sprintf("matmul %s n=%d", []string{"bf16", "f32", "mxfp4"}[f], n),
				float64(data + scales), 2 * benchRows * benchCols * float64(n), copies,
				func(i int) { o.MatMul(y, benchRows, ms[i], 0, benchRows, x, benchCols, n, nil, scratch) },
			})
		}
	}
	return out
}

func elementCases(o *Ops, r *rand.Rand) []opsCase {
	x, w, y := randomVector(r, 2*benchCols, 0), randomVector(r, benchCols, 0), make([]float32, 64*64)
	logits, half := randomVector(r, 201088, 0), randomVector(r, 32, 0)
	const n = benchCols
	return []opsCase{
		{"rmsnorm 2880", 16 * n, 5 * n, 500, func(int) { o.RMSNorm(y[:n], x[:n], w, 1e-5) }},
		{"addscaled 2880", 12 * n, 2 * n, 500, func(int) { o.AddScaled(y[:n], x[:n], 0.5) }},
		{"swiglu 2880", 12 * n, n, 100, func(int) { o.SwiGLU(y[:n], x, 7, 1.702) }},
		{"rope 64 heads", 8 * 4096, 6 * 2048, 500, func(int) { o.Rope(y, half, half) }},
		{"argmax 201088", 4 * 201088, 201088, 20, func(int) { o.Argmax(logits) }},
	}
}

// BenchmarkOpsAgainstProbe goes round the kernels of float32 activations and the probes, on one
// thread and by its processor time, and reports medians: bytes and operations a second, and their parts of
// the best read and of the float32 peak of the same round. An iteration is a round of a second or two.
func BenchmarkOpsAgainstProbe(b *testing.B) {
	o, r := Select(cpu.Detect().Best()), rand.New(rand.NewPCG(1, 1))
	b.Run("attention", func(b *testing.B) { againstProbe(b, attentionCases(o, r)) })
	b.Run("matmul", func(b *testing.B) { againstProbe(b, matMulCases(o, benchMemory())) })
	b.Run("elements", func(b *testing.B) { againstProbe(b, elementCases(o, r)) })
}

func againstProbe(b *testing.B, cases []opsCase) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	team, f, memory := par.NewTeam(1), cpu.Detect(), benchMemory()[:200<<20]
	defer team.Close()
	figures := make([][4][]float64, len(cases))
	var reads, peaks []float64
	for b.Loop() {
		read := 0.0
		for _, p := range probe.Patterns() {
			read = max(read, float64(len(memory))/threadTime(func() { probe.Read(team, f, memory, p) }))
		}
		var peak, wall float64
		busy := threadTime(func() {
			begin := time.Now()
			peak = probe.Peak(team, f, probe.F32, 20*time.Millisecond)
			wall = time.Since(begin).Seconds()
		})
		peak *= wall / busy
		reads, peaks = append(reads, read), append(peaks, peak)
		for i, c := range cases {
			t := threadTime(func() {
				for j := range c.copies {
					c.f(j)
				}
			}) / float64(c.copies)
			for k, v := range []float64{c.bytes / t, c.bytes / t / read, c.flops / t, c.flops / t / peak} {
				figures[i][k] = append(figures[i][k], v)
			}
		}
	}
	fmt.Printf("read %.1f GB/s, f32 %.1f GFLOP/s\n", median(reads)/1e9, median(peaks)/1e9) // b.Log is cut after ten lines
	for i, c := range cases {
		v := &figures[i]
		fmt.Printf("%-40s %6.1f GB/s %5.1f %% %7.1f GFLOP/s %5.1f %%\n", c.name,
			median(v[0])/1e9, 100*median(v[1]), median(v[2])/1e9, 100*median(v[3]))
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
