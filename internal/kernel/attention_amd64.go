package kernel

import (
	"math"
	"unsafe"
)

type pageArgs struct {
	q, keys, values, out unsafe.Pointer
	weights, state       unsafe.Pointer
	slot, slots, dim     int
	scale                float32
}

//go:noescape
func attendPage(a *pageArgs)

// quad is how many query heads share a read of a page.
const quad = 4

// tokenBlock is how many tokens share a page while it is in the first-level cache.
const tokenBlock = 16

func attentionAVX512(out, q []float32, kv *KV, lo, hi, first, last int, sinks []float32) {
	attentionSpanAVX512(out, q, 0, kv, lo, hi, last, 1, last-first+1, sinks)
}

func attentionSpanAVX512(out, q []float32, ld int, kv *KV, lo, hi, pos, n, window int, sinks []float32) {
	group := len(sinks) / kv.Heads
	if kv.HeadDim%32 != 0 || group%quad != 0 {
		attentionSpan(out, q, ld, kv, lo, hi, pos, n, window, sinks)
		return
	}
	for h := lo * group; h < hi*group; h += quad {
		for t := 0; t < n; t += tokenBlock {
			attendQuad(out[t*ld:], q[t*ld:], ld, kv, h, group, pos+t, min(tokenBlock, n-t), window, sinks)
		}
	}
}

// attendQuad does query heads h..h+3 of up to tokenBlock tokens, page by page.
func attendQuad(out, q []float32, ld int, kv *KV, h, group, pos, n, window int, sinks []float32) {
	var local struct {
		weights [quad * PageSlots]float32
		state   [tokenBlock][3 * quad]float32
	}
	d := kv.HeadDim
	args := pageArgs{dim: d, scale: float32(1 / math.Sqrt(float64(d))), weights: unsafe.Pointer(&local.weights)}
	for t := range n {
		for i := range quad {
			local.state[t][i], local.state[t][quad+i] = sinks[h+i], 1
		}
		clear(out[t*ld+h*d : t*ld+(h+quad)*d])
	}
	last := pos + n - 1
	for p := firstKey(pos, window) / PageSlots * PageSlots; p <= last; p += PageSlots {
		page := p / PageSlots % len(kv.K)
		at := h / group * PageSlots * d
		keys, values := kv.K[page][at:at+PageSlots*d], kv.V[page][at:at+PageSlots*d]
		args.keys, args.values = unsafe.Pointer(&keys[0]), unsafe.Pointer(&values[0])
		for t := range n {
			begin, end := max(p, firstKey(pos+t, window)), min(p+PageSlots, pos+t+1)
			if begin >= end {
				continue
			}
			args.slot, args.slots = begin-p, end-begin
			args.q, args.out = unsafe.Pointer(&q[t*ld+h*d]), unsafe.Pointer(&out[t*ld+h*d])
			args.state = unsafe.Pointer(&local.state[t])
			attendPage(&args)
		}
	}
	for t := range n {
		for i := range quad {
			r := 1 / local.state[t][quad+i]
			acc := out[t*ld+(h+i)*d:][:d]
			for i := range acc {
				acc[i] *= r
			}
		}
	}
}
