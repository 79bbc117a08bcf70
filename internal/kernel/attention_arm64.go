package kernel

import (
	"math"
	"unsafe"
)

// pageArgs are the arguments of attendPage.
type pageArgs struct {
	q, keys, values, out unsafe.Pointer
	weights, state       unsafe.Pointer
	slot, slots, dim     int
	scale                float32
}

//go:noescape
func attendPage(a *pageArgs)

// quad is how many query heads a call of attendPage takes.
const quad = 4

// pageUnits is how many calls, one for each quad of each token, share a page while it is in the
// cache. Not tuned: no hardware was at hand.
const pageUnits = 32

func attentionNEON(out, q []float32, kv *KV, lo, hi, first, last int, sinks []float32) {
	attentionSpanNEON(out, q, 0, kv, lo, hi, last, 1, last-first+1, sinks)
}

func attentionSpanNEON(out, q []float32, ld int, kv *KV, lo, hi, pos, n, window int, sinks []float32) {
	group := len(sinks) / kv.Heads
	if kv.HeadDim%16 != 0 || group%quad != 0 || group > quad*pageUnits {
		attentionSpan(out, q, ld, kv, lo, hi, pos, n, window, sinks)
		return
	}
	step := pageUnits / (group / quad)
	for h := lo; h < hi; h++ {
		for t := 0; t < n; t += step {
			attendHead(out[t*ld:], q[t*ld:], ld, kv, h, pos+t, min(step, n-t), window, sinks)
		}
	}
}

// attendHead does the query heads of key head kh for a few tokens, page by page.
func attendHead(out, q []float32, ld int, kv *KV, kh, pos, n, window int, sinks []float32) {
	var local struct {
		weights [quad * PageSlots]float32
		state   [pageUnits][3 * quad]float32
	}
	d, group := kv.HeadDim, len(sinks)/kv.Heads
	h0, quads := kh*group, group/quad
	args := pageArgs{dim: d, scale: float32(1 / math.Sqrt(float64(d))), weights: unsafe.Pointer(&local.weights)}
	for t := range n {
		for u := range quads {
			state := &local.state[t*quads+u]
			for i := range quad {
				state[i], state[quad+i] = sinks[h0+u*quad+i], 1
			}
		}
		clear(out[t*ld+h0*d : t*ld+(h0+group)*d])
	}
	last := pos + n - 1
	for p := firstKey(pos, window) / PageSlots * PageSlots; p <= last; p += PageSlots {
		page := p / PageSlots % len(kv.K)
		args.keys = unsafe.Pointer(&kv.K[page][kh*PageSlots*d:][:PageSlots*d][0])
		args.values = unsafe.Pointer(&kv.V[page][kh*PageSlots*d:][:PageSlots*d][0])
		for t := range n {
			begin, end := max(p, firstKey(pos+t, window)), min(p+PageSlots, pos+t+1)
			if begin >= end {
				continue
			}
			args.slot, args.slots = begin-p, end-begin
			for u := range quads {
				at := t*ld + (h0+u*quad)*d
				args.q, args.out = unsafe.Pointer(&q[at:][:quad*d][0]), unsafe.Pointer(&out[at:][:quad*d][0])
				args.state = unsafe.Pointer(&local.state[t*quads+u])
				attendPage(&args)
			}
		}
	}
	for t := range n {
		for h := range group {
			r := 1 / local.state[t*quads+h/quad][quad+h%quad]
			acc := out[t*ld+(h0+h)*d:][:d]
			for i := range acc {
				acc[i] *= r
			}
		}
	}
}
