package model

import (
	"errors"
	"io"
	"os"
	"time"

	"ossian/internal/mem"
	"ossian/internal/safetensors"
)

// Way is how the bytes of a checkpoint come into memory.
type Way string

const (
	// Cached reads go through the system's page cache.
	Cached Way = "read through the page cache"
	// Direct reads go past it.
	Direct Way = "read past the page cache"
	// Mapped weights stay in the files; memory holds them while the system keeps them there.
	Mapped Way = "mapped"
)

// source is what a file is read through; direct replaces it once headers are parsed.
type source struct{ io.ReaderAt }

// direct makes reads of the open files bypass the page cache where that is possible.
func (c *checkpoint) direct() Way {
	way := Cached
	for i, f := range c.open {
		if file, ok := f.(*os.File); ok {
			if r, ok := mem.Direct(file); ok {
				c.sources[i].ReaderAt = r
				way = Direct
			}
		}
	}
	return way
}

// choose decides how to read, by a short measurement where both ways are open: with room for the files
// beside the weights the page cache may hold them already, from an earlier run or
// a download.
func (c *checkpoint) choose(weights int64) Way {
	if free, known := mem.Available(); known && free < weights+c.bytes || c.directIsFaster() {
		return c.direct()
	}
	return Cached
}

// The pieces of a large file that are read both ways.
const (
	samples     = 3
	sampleBytes = 4 << 20
)

// directIsFaster times both ways on a few pieces of a large file. At equal speed direct
// reads are better: they evict nothing.
func (c *checkpoint) directIsFaster() bool {
	for _, f := range c.open {
		file, ok := f.(*os.File)
		if !ok {
			return false
		}
		info, err := file.Stat()
		if err != nil || info.Size() < 64*sampleBytes {
			continue
		}
		again, err := os.Open(file.Name())
		if err != nil {
			return false
		}
		defer again.Close()
		past, ok := mem.Direct(again)
		if !ok {
			return false
		}
		var took [2]time.Duration
		p := make([]byte, sampleBytes)
		for i := range int64(samples) {
			at := info.Size() / (samples + 1) * (i + 1)
			for way, r := range []io.ReaderAt{past, file} { // direct first: it leaves nothing in the cache
				begin := time.Now()
				if _, err := r.ReadAt(p, at); err != nil {
					return false
				}
				took[way] += time.Since(begin)
			}
		}
		return took[0] < took[1]*2
	}
	return false
}

var errNotFile = errors.New("it is no file of this machine")

// mapAll maps every file.
func (c *checkpoint) mapAll() error {
	for i, f := range c.open {
		file, ok := f.(*os.File)
		err := errNotFile
		if ok {
			var m *mem.Mapping
			if m, err = mem.Map(file); err == nil {
				c.maps = append(c.maps, m)
				continue
			}
		}
		return &LoadError{File: c.names[i], Why: "mapping it", Err: err, Next: "read the weights into memory instead"}
	}
	return nil
}

// unmap gives the files back that nobody will use.
func (c *checkpoint) unmap() {
	for _, m := range c.maps {
		_ = m.Close() // the error that led here is the one to tell
	}
	c.maps = nil
}

// mayStay refuses files whose weights cannot be used where they lie.
func (c *checkpoint) mayStay() error {
	if !c.gguf {
		return nil
	}
	return &LoadError{File: c.names[0], Why: "the experts of a GGUF file are not in the order that is computed with, so they cannot stay in the file",
		Next: "read the weights into memory (--weights read), or use the model's safetensors files"}
}

// stays says that a tensor can be used where it lies in a mapped file.
func (b *binding) stays() bool {
	return (b.how == keep || b.how == scales) && (b.from.DType != safetensors.F32 || b.from.Begin%4 == 0)
}

// mapped is where a tensor lies in its file, if it can stay there: nil otherwise.
func (c *checkpoint) mapped(b *binding) []byte {
	if c.maps == nil || !b.stays() {
		return nil
	}
	file := c.maps[b.from.nth].Bytes()
	if b.from.End > int64(len(file)) { // it was shortened since its header was read: reading it says so
		return nil
	}
	return file[b.from.Begin:b.from.End:b.from.End]
}
