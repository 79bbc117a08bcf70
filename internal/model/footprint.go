package model

import (
	"io/fs"
	"runtime"
)

// Footprint is what weights will take once they are loaded in one way, told before any
// memory is taken for them.
type Footprint struct {
	Memory  int64 // of their own, outside the Go heap
	Mapped  int64 // staying in the files
	Token   int64 // of both, what a decoded token reads
	Loading int64 // beside Memory while it is filled: the buffers of the readers
	Packed  bool  // a Packer took some matrices
	Gather  bool  // some experts keep their rows
}

// Headers are a checkpoint's configuration and the places of its tensors: enough to tell
// what loading it will take.
type Headers struct {
	Config Config
	Files  int64 // bytes of all files
	c      *checkpoint
}

// ReadHeaders reads the headers of the model in a folder, and nothing else. Errors are as
// those of Load.
func ReadHeaders(fsys fs.FS) (*Headers, error) {
	c, err := openCheckpoint(fsys)
	if err != nil {
		return nil, err
	}
	c.close()
	return &Headers{Config: c.config, Files: c.bytes, c: c}, nil
}

// Footprint is what Load would take with that Packer, or with Map.
func (h *Headers) Footprint(packer Packer, mapped bool) (Footprint, error) {
	if mapped {
		packer = nil
		if err := h.c.mayStay(); err != nil {
			return Footprint{}, err
		}
	}
	_, bindings, err := bind(h.c, packer)
	if err != nil {
		return Footprint{}, err
	}
	f, largest := Footprint{}, int64(0)
	for i := range bindings {
		b := &bindings[i]
		if mapped && b.stays() {
			f.Mapped += b.size
		} else {
			f.Memory += aligned(b.size)
			largest = max(largest, b.from.Bytes())
		}
		switch {
		case b.use.looked:
		case b.use.experts > 0:
			f.Token += b.size * int64(h.Config.ActiveExperts) / int64(b.use.experts)
			f.Gather = f.Gather || b.how != pack && b.how != widen // not its biases
		default:
			f.Token += b.size
		}
		f.Packed = f.Packed || b.how == pack
	}
	f.Loading = ReadingBytes(largest)
	return f, nil
}

// readersOf is how many goroutines read where nobody says.
func readersOf(n int) int {
	if n > 0 {
		return n
	}
	return min(max(2*runtime.GOMAXPROCS(0), 4), 8)
}

// ReadingBytes is about what the readers take while they read tensors of which the largest has
// so many bytes: a chunk each, and a buffer through which it comes past the page cache.
func ReadingBytes(largest int64) int64 { return int64(readersOf(0)) * min(largest, chunkBytes) * 3 / 2 }
