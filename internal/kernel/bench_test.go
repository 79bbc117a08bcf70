package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"ossian/internal/cpu"
	"ossian/internal/par"
	"ossian/internal/probe"
)

// bench is the working set of the benchmarks: experts of the 20b's shape, more bytes than any cache.
type bench struct {
	team    *par.Team
	f       cpu.Features
	memory  []byte
	scratch [][]byte
}

var benchMemory = sync.OnceValue(func() []byte {
	b := make([]byte, 1200<<20)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range b[:1<<20] {
		b[i] = byte(100 + r.IntN(28)) // codes and scales that every form accepts
	}
	for n := 1 << 20; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
	return b
})

func newBench(b *testing.B, threads int) *bench {
	x := &bench{team: par.NewTeam(threads), f: cpu.Detect(), memory: benchMemory()}
	for range threads {
		x.scratch = append(x.scratch, make([]byte, PanelBytes(2880)))
	}
	b.Cleanup(x.team.Close)
	return x
}

const benchRows, benchCols = 5760, 2880

// matrices cuts the memory into matrices of one form.
func (x *bench) matrices(f Form) []*Packed {
	var out []*Packed
	size := f.Bytes(benchRows, benchCols)
	for at := 0; at+size <= len(x.memory); at += size {
		out = append(out, &Packed{Form: f, Rows: benchRows, Cols: benchCols, Data: x.memory[at : at+size]})
	}
	return out
}

// pass multiplies each matrix with n vectors.
func (x *bench) pass(o *Ops, ms []*Packed, a *Acts, n int, y []float32) {
	var m *Packed
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(i)
	}
	rows := func(w, lo, hi int) {
		o.Mul(y, benchRows, m, lo*TileRows, hi*TileRows, a, index, nil, x.scratch[w])
	}
	grain := benchRows / TileRows / x.team.Size() / 2
	for _, m = range ms {
		x.team.For(benchRows/TileRows, grain, rows)
	}
}

func benchActs(o *Ops, f ActForm, n int) *Acts {
	r := rand.New(rand.NewPCG(1, 1))
	v := randomVector(r, n*benchCols, 0)
	a := &Acts{Form: f, Cols: benchCols, Data: make([]byte, f.Bytes(n, benchCols))}
	o.Quantize(a, 0, v, benchCols, n)
	return a
}

func BenchmarkMul(b *testing.B) {
	o := Select(cpu.Detect().Best())
	for _, threads := range []int{1, 2} {
		for _, pair := range pairings {
			for _, n := range []int{1, 2, 4, 8, 32, 64, 128, 512} {
				b.Run(fmt.Sprintf("%s/threads=%d/n=%d", pair.name, threads, n), func(b *testing.B) {
					x := newBench(b, threads)
					ms := x.matrices(pair.w)
					a, y := benchActs(o, pair.x, n), make([]float32, n*benchRows)
					b.SetBytes(int64(len(ms[0].Data)))
					i := 0
					for b.Loop() {
						x.pass(o, ms[i%len(ms):][:1], a, n, y)
						i++
					}
					b.ReportMetric(2*benchRows*benchCols*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}

// BenchmarkAgainstProbe goes round all kernels and the probes again and again, and
// reports medians and the ratio to the best probe of the same round: on a shared or virtual machine only
// these ratios can be compared between runs. An iteration is a round of about 3 seconds.
func BenchmarkAgainstProbe(b *testing.B) {
	o := Select(cpu.Detect().Best())
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			x := newBench(b, threads)
			speeds, ratios := map[string][]float64{}, map[string][]float64{}
			for b.Loop() {
				best := 0.0
				for _, p := range probe.Patterns() {
					v := probe.Read(x.team, x.f, x.memory, p)
					speeds["read "+string(p)] = append(speeds["read "+string(p)], v)
					best = max(best, v)
				}
				for _, pair := range pairings {
					ms := x.matrices(pair.w)
					ms = ms[:max(1, len(ms)/2)]
					a, y := benchActs(o, pair.x, 1), make([]float32, benchRows)
					begin := time.Now()
					x.pass(o, ms, a, 1, y)
					v := float64(len(ms)*len(ms[0].Data)) / time.Since(begin).Seconds()
					speeds[pair.name] = append(speeds[pair.name], v)
					ratios[pair.name] = append(ratios[pair.name], v/best)
				}
				peaks := map[probe.Kind]float64{}
				for _, k := range probe.Kinds(x.f) {
					peaks[k] = probe.Peak(x.team, x.f, k, 20*time.Millisecond)
					speeds["peak "+string(k)] = append(speeds["peak "+string(k)], peaks[k])
				}
				for _, pair := range pairings {
					peak := peaks[probe.Int8]
					switch pair.x {
					case ActF32:
						peak = peaks[probe.F32]
					case ActBF16:
						peak = peaks[probe.BF16]
					}
					for _, n := range []int{8, 32, 64, 128, 512} {
						m := x.matrices(pair.w)[:1]
						a, y := benchActs(o, pair.x, n), make([]float32, n*benchRows)
						begin := time.Now()
						x.pass(o, m, a, n, y)
						v := 2 * benchRows * benchCols * float64(n) / time.Since(begin).Seconds()
						name := fmt.Sprintf("%s n=%d", pair.name, n)
						speeds[name] = append(speeds[name], v)
						ratios[name] = append(ratios[name], v/peak)
					}
				}
			}
			names := []string{}
			for k := range speeds {
				names = append(names, k)
			}
			slices.Sort(names)
			for _, k := range names {
				v := speeds[k]
				slices.Sort(v)
				line := fmt.Sprintf("%-32s %7.1f (max %7.1f)", k, v[len(v)/2]/1e9, v[len(v)-1]/1e9)
				if r := ratios[k]; r != nil {
					slices.Sort(r)
					line += fmt.Sprintf("  %5.1f %%", 100*r[len(r)/2])
				}
				fmt.Println(line) // b.Log is cut after ten lines
			}
		})
	}
}

func BenchmarkFill(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, f := range []Form{FormMXFP4, FormQ8, FormBF16} {
		m, _ := randomMatrix(r, sourceOf(f), 256, benchCols, 0)
		p := &Packed{Form: f, Rows: 256, Cols: benchCols, Data: make([]byte, f.Bytes(256, benchCols))}
		o := Select(cpu.Detect().Best())
		b.Run(pairings[2*f].name[:4], func(b *testing.B) {
			b.SetBytes(int64(len(m.Data) + len(m.Scales)))
			for b.Loop() {
				if err := o.Fill(p, 0, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
