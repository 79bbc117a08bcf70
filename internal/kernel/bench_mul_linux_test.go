package kernel

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"ossian/internal/cpu"
	"ossian/internal/probe"
)

// BenchmarkProcessorTime measures the kernels of each tier on one core by the processor time they
// take: few vectors against the best way to read memory, many against the peak of their arithmetic,
// each in the same round, and what is done once before. It prints medians and best figures.
func BenchmarkProcessorTime(b *testing.B) {
	x := newBench(b, 1)
	for _, tier := range cpu.Detect().Tiers() {
		if tier == cpu.Generic {
			continue
		}
		o := Select(tier)
		for _, pair := range pairings {
			b.Run(fmt.Sprintf("%s/%s", o.Name, pair.name), func(b *testing.B) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				r := newRates()
				for b.Loop() {
					fewVectorsRound(x, o, pair.w, pair.x, r)
					manyVectorsRound(x, o, pair.w, pair.x, r)
				}
				r.report()
			})
		}
		b.Run(o.Name+"/before", func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			r := newRates()
			for b.Loop() {
				beforeRound(b, x, o, r)
			}
			r.report()
		})
	}
}

// rates are figures a second and the parts of a yardstick that they are, by name.
type rates struct{ values, parts map[string][]float64 }

func newRates() *rates { return &rates{map[string][]float64{}, map[string][]float64{}} }

func (r *rates) measure(name string, work, yardstick float64, f func()) float64 {
	v := work / threadTime(f)
	r.values[name] = append(r.values[name], v)
	if yardstick > 0 {
		r.parts[name] = append(r.parts[name], v/yardstick)
	}
	return v
}

// fewVectorsRound reads about 200 MB for each figure.
func fewVectorsRound(x *bench, o *Ops, w Form, f ActForm, r *rates) {
	best := 0.0
	part := x.memory[:len(x.memory)/6]
	for _, p := range probe.Patterns() {
		best = max(best, r.measure("read "+string(p), float64(len(part)), 0, func() { probe.Read(x.team, x.f, part, p) }))
	}
	ms := x.matrices(w)
	ms = ms[:max(1, len(ms)/6)]
	for _, n := range []int{1, 2, 3, 4, 6, 8} {
		a, y := benchActs(o, f, n), make([]float32, n*benchRows)
		r.measure(fmt.Sprintf("GB/s, vectors: %3d", n), float64(len(ms)*len(ms[0].Data)), best, func() { x.pass(o, ms, a, n, y) })
	}
}

// manyVectorsRound takes rows in pieces, as a share of a team does.
func manyVectorsRound(x *bench, o *Ops, w Form, f ActForm, r *rates) {
	const rows, piece = 960, 320
	kind := probe.Int8
	if w == FormBF16 {
		kind = probe.F32
		if f == ActBF16 && slices.Contains(probe.Kinds(x.f), probe.BF16) {
			kind = probe.BF16
		}
	}
	var peak float64
	wall := time.Now()
	used := threadTime(func() { peak = probe.Peak(x.team, x.f, kind, 10*time.Millisecond) })
	peak *= time.Since(wall).Seconds() / used
	r.values["peak "+string(kind)] = append(r.values["peak "+string(kind)], peak)
	m := &Packed{Form: w, Rows: rows, Cols: benchCols, Data: x.memory[:w.Bytes(rows, benchCols)]}
	for _, n := range []int{4, 6, 8, 12, 16, 32, 64, 128, 512} {
		a, y := benchActs(o, f, n), make([]float32, n*rows)
		r.measure(fmt.Sprintf("GFLOP/s, vectors: %3d", n), 2*rows*benchCols*float64(n), peak, func() {
			for lo := 0; lo < rows; lo += piece {
				o.Mul(y, rows, m, lo, lo+piece, a, nil, nil, x.scratch[0])
			}
		})
	}
}

// beforeRound packs and quantizes: bytes that are read.
func beforeRound(b *testing.B, x *bench, o *Ops, r *rates) {
	const rows = 256
	for _, f := range []Form{FormMXFP4, FormQ8, FormBF16} {
		m := &Matrix{Format: sourceOf(f), Rows: rows, Cols: benchCols, Data: x.memory[:rows*benchCols*2]}
		if f == FormMXFP4 {
			m.Data, m.Scales = x.memory[:rows*benchCols/2], x.memory[:rows*benchCols/32]
		}
		p := &Packed{Form: f, Rows: rows, Cols: benchCols, Data: make([]byte, f.Bytes(rows, benchCols))}
		fill := func() {
			if err := o.Fill(p, 0, m); err != nil {
				b.Fatal(err)
			}
		}
		fill() // so that the memory is there
		r.measure("GB/s, fill "+[]string{"mxfp4", "q8", "bf16"}[f], float64(len(m.Data)+len(m.Scales)), 0, fill)
	}
	const n = 64
	v := make([]float32, n*benchCols)
	for i := range v {
		v[i] = float32(i % 1000)
	}
	for f, name := range []string{"int8", "int16", "f32", "bf16"} {
		a := &Acts{Form: ActForm(f), Cols: benchCols, Data: make([]byte, ActForm(f).Bytes(n, benchCols))}
		quantize := func() { o.Quantize(a, 0, v, benchCols, n) }
		quantize()
		r.measure("GB/s, quantize "+name, 4*n*benchCols, 0, quantize)
	}
}

func (r *rates) report() {
	names := []string{}
	for k := range r.values {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	for _, k := range names {
		v := r.values[k]
		slices.Sort(v)
		line := fmt.Sprintf("%-32s %7.1f (max %7.1f)", k, v[len(v)/2]/1e9, v[len(v)-1]/1e9)
		if p := r.parts[k]; p != nil {
			slices.Sort(p)
			line += fmt.Sprintf("  %5.1f %%", 100*p[len(p)/2])
		}
		fmt.Println(line) // b.Log is cut after ten lines
	}
}
