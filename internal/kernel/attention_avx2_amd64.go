package kernel

import (
	"math"
	"unsafe"
)

// unitAVX2 is quad query heads of one token on one page. Its places are bytes from those of pageArgsAVX2:
// pointers into the same struct would move it to the heap.
type unitAVX2 struct {
	q, out, weights, state int
	first, end             int // slots
}

// pageArgsAVX2 is a page and the units that see it.
type pageArgsAVX2 struct {
	keys, values           unsafe.Pointer
	units                  unsafe.Pointer
	over                   int // bytes of all units
	first, end             int // of all units
	dim                    int
	ahead                  unsafe.Pointer
	step                   int
	scale                  float32
	q, out, weights, state unsafe.Pointer
}

//go:noescape
func attendScores(a *pageArgsAVX2)

//go:noescape
func attendValues(a *pageArgsAVX2)

// spanUnits is how many units go through a page together. Sixteen keys, or 16 dimensions of all values,
// are in the first-level cache while all units use them.
const spanUnits = 16

func attentionAVX2(out, q []float32, kv *KV, lo, hi, first, last int, sinks []float32) {
	attentionSpanAVX2(out, q, 0, kv, lo, hi, last, 1, last-first+1, sinks)
}

func attentionSpanAVX2(out, q []float32, ld int, kv *KV, lo, hi, pos, n, window int, sinks []float32) {
	group := len(sinks) / kv.Heads
	if kv.HeadDim%16 != 0 || group%quad != 0 || group > quad*spanUnits {
		attentionSpan(out, q, ld, kv, lo, hi, pos, n, window, sinks)
		return
	}
	var s spanAVX2
	step := spanUnits / (group / quad)
	for h := lo; h < hi; h++ {
		for t := 0; t < n; t += step {
			s.attend(out[t*ld:], q[t*ld:], ld, kv, h, pos+t, min(step, n-t), window, sinks)
		}
	}
}

// spanAVX2 is what the units of a few tokens keep from page to page, and their weights on the present one.
type spanAVX2 struct {
	units   [spanUnits]unitAVX2
	state   [spanUnits][3 * quad]float32
	weights [spanUnits][quad * PageSlots]float32
}

// attend does the query heads of key head kh for n tokens, page by page.
func (s *spanAVX2) attend(out, q []float32, ld int, kv *KV, kh, pos, n, window int, sinks []float32) {
	d, group := kv.HeadDim, len(sinks)/kv.Heads
	h0, quads := kh*group, group/quad
	for i := range n * quads {
		for j, v := range sinks[h0+i%quads*quad:][:quad] {
			s.state[i][j], s.state[i][quad+j] = v, 1
		}
	}
	for t := range n {
		clear(out[t*ld+h0*d:][:group*d])
	}
	args := pageArgsAVX2{
		dim: d, scale: float32(1 / math.Sqrt(float64(d))), units: unsafe.Pointer(&s.units),
		q: unsafe.Pointer(&q[0]), out: unsafe.Pointer(&out[0]), weights: unsafe.Pointer(&s.weights), state: unsafe.Pointer(&s.state),
	}
	start, last := firstKey(pos, window)/PageSlots, (pos+n-1)/PageSlots
	for p := start; p <= last; p++ {
		units := 0
		args.first, args.end = PageSlots, 0
		for i := range n * quads {
			t := i / quads
			first, end := max(firstKey(pos+t, window)-p*PageSlots, 0), min(PageSlots, pos+t+1-p*PageSlots)
			if first >= end {
				continue
			}
			at := t*ld + (h0+i%quads*quad)*d
			s.units[units] = unitAVX2{4 * at, 4 * at, units * int(unsafe.Sizeof(s.weights[0])), i * int(unsafe.Sizeof(s.state[0])), first, end}
			args.first, args.end = min(args.first, first&^15), max(args.end, end)
			units++
		}
		args.over = units * int(unsafe.Sizeof(s.units[0]))
		keys, values := kv.part(p, kh)
		args.keys, args.values = unsafe.Pointer(&keys[0]), unsafe.Pointer(&values[0])
		// What to ask for while the keys are used, then the values: those of the next page or the next head.
		switch {
		case p < last:
			keys, values = kv.part(p+1, kh)
		case kh+1 < kv.Heads:
			keys, values = kv.part(start, kh+1)
		}
		args.step = (PageSlots*PageSlots-1)/((args.end-args.first)*units) + 1
		args.ahead = unsafe.Pointer(&keys[0])
		attendScores(&args)
		args.ahead = unsafe.Pointer(&values[0])
		attendValues(&args)
	}
	for i := range n * quads {
		for j := range quad {
			r := 1 / s.state[i][quad+j]
			acc := out[i/quads*ld+(h0+i%quads*quad+j)*d:][:d]
			for k := range acc {
				acc[k] *= r
			}
		}
	}
}

// part is the keys and the values of a head in page p.
func (kv *KV) part(p, h int) (keys, values []float32) {
	p %= len(kv.K)
	size := PageSlots * kv.HeadDim
	return kv.K[p][h*size:][:size], kv.V[p][h*size:][:size]
}
