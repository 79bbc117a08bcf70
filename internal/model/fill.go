package model

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"ossian/internal/num"
	"ossian/internal/safetensors"
)

// chunkBytes is the length of one read: long enough for a disk to stream, short enough
// to share a tensor among readers and to notice cancellation.
const chunkBytes = 8 << 20

// chunk is bytes lo..hi-1 of one binding's tensor, or rows of one that is packed.
type chunk struct {
	b      *binding
	lo, hi int64
	bytes  int64 // of scratch
	read   int64 // of the file
}

// fill reads every binding into its place with several readers. The first error, or
// the context's, stops all of them.
func fill(ctx context.Context, bindings []binding, readers int, progress func(done, total int64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	chunks, total := split(bindings)
	var next, done atomic.Int64
	var reporting sync.Mutex
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			var scratch []byte
			for {
				i := int(next.Add(1) - 1)
				if i >= len(chunks) || ctx.Err() != nil {
					return
				}
				c := chunks[i]
				if err := c.load(&scratch); err != nil {
					cancel(err)
					return
				}
				done.Add(c.read)
				if progress != nil {
					reporting.Lock() // read inside, so that reports never go back
					progress(done.Load(), total)
					reporting.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// split cuts the tensors into chunks, at whole rows where they are transposed.
func split(bindings []binding) (chunks []chunk, total int64) {
	for i := range bindings {
		b := &bindings[i]
		n := b.from.Bytes()
		step, end, each := int64(chunkBytes), n, int64(1)
		scratch := int64(1)
		switch b.how {
		case pack:
			n, step = int64(b.packing.m.Rows), int64(b.packing.step())
			end, each = n, b.packing.sourceBytes()/n
			if b.from.blocks != nil { // taken apart in a second half
				scratch = 2
			}
		case unblock:
			n, step = b.from.blocks.rows(), b.from.blocks.step()
			end, each = n, b.from.blocks.rowBytes()
		case transpose: // never across experts
			s := b.from.Shape
			row := s[2] * b.from.DType.Size()
			step, end = max(chunkBytes/row, 1)*row, s[1]*row
		}
		for base := int64(0); base < n; base += end {
			for lo := int64(0); lo < end; lo += step {
				hi := min(lo+step, end)
				bytes := (hi - lo) * each
				c := chunk{b, base + lo, base + hi, bytes * scratch, b.from.onDisk(bytes)}
				chunks = append(chunks, c)
				total += c.read
			}
		}
	}
	return chunks, total
}

func (c chunk) load(scratch *[]byte) error {
	t := c.b.from
	var p []byte
	if c.b.how == keep || c.b.how == scales {
		p = c.b.dst[c.lo:c.hi]
	} else {
		if int64(len(*scratch)) < c.bytes {
			*scratch = make([]byte, max(chunkBytes, c.bytes))
		}
		p = (*scratch)[:c.bytes]
	}
	if m := c.b.mapping; m != nil {
		if c.b.populate {
			m.Populate(int(t.Begin+c.lo), int(t.Begin+c.hi))
		}
		if c.b.how == scales {
			return t.checkScales(c.lo, p)
		}
		return nil
	}
	if c.b.how == unblock {
		return c.b.unblock(c.lo, c.hi, p)
	}
	if c.b.how == pack {
		return c.b.packing.load(c.b, int(c.lo), int(c.hi), p)
	}
	if err := t.read(c.lo, p); err != nil {
		return err
	}
	switch c.b.how {
	case scales:
		return t.checkScales(c.lo, p)
	case widen:
		size := t.DType.Size()
		if i := widenTo(floats(c.b.dst[4*(c.lo/size):4*(c.hi/size)]), p, t.DType); i >= 0 {
			return &LoadError{File: t.file, Tensor: t.Name, Why: fmt.Sprintf("value %d is not finite", c.lo/size+int64(i)),
				Next: "the file is damaged: fetch it again"}
		}
	case transpose:
		c.transpose(p)
	}
	return nil
}

// read fills p with the tensor's data from byte off on.
func (t located) read(off int64, p []byte) error {
	if err := t.in.ReadPart(t.Tensor, off, p); err != nil {
		return &LoadError{File: t.file, Tensor: t.Name, Why: "reading it", Err: err}
	}
	return nil
}

// checkScales looks for the one that is no number in p, the data from byte off on.
func (t located) checkScales(off int64, p []byte) error {
	i := bytes.IndexByte(p, 255)
	if i < 0 {
		return nil
	}
	at, row, expert := off+int64(i), t.Shape[2], t.Shape[1]*t.Shape[2]
	return &LoadError{File: t.file, Tensor: t.Name,
		Why:  fmt.Sprintf("the scale of expert %d, row %d, block %d is 255, which is no number", at/expert, at%expert/row, at%row),
		Next: "the file is damaged: fetch it again"}
}

// widenTo converts src to float32 and gives the index of the first value that is not
// finite, or -1.
func widenTo(dst []float32, src []byte, d safetensors.DType) int {
	bad := -1
	for i := range dst {
		switch d {
		case safetensors.BF16:
			dst[i] = num.BF16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
		case safetensors.F16:
			dst[i] = num.F16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
		default:
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
		if bad < 0 && math.Float32bits(dst[i])&0x7f800000 == 0x7f800000 {
			bad = i
		}
	}
	return bad
}

// transpose writes rows of [in, out] as columns of [out, in], in tiles that stay in
// the first-level cache. Chunks of one expert write different columns.
func (c chunk) transpose(p []byte) {
	const tile = 32
	s, size := c.b.from.Shape, int(c.b.from.DType.Size())
	in, out := int(s[1]), int(s[2])
	expert := int(c.lo) / (in * out * size)
	dst := c.b.dst[expert*in*out*size:][:in*out*size]
	first := int(c.lo)/(out*size) - expert*in // input row where the chunk begins
	n := len(p) / (out * size)
	for i0 := 0; i0 < n; i0 += tile {
		for o0 := 0; o0 < out; o0 += tile {
			for o := o0; o < min(o0+tile, out); o++ {
				for i := i0; i < min(i0+tile, n); i++ {
					from, to := (i*out+o)*size, (o*in+first+i)*size
					if size == 2 {
						dst[to], dst[to+1] = p[from], p[from+1]
					} else {
						copy(dst[to:to+size], p[from:from+size])
					}
				}
			}
		}
	}
}
