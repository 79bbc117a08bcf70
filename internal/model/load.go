package model

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"ossian/internal/mem"
)

// LoadOptions are for callers that want to watch or bound the loading.
type LoadOptions struct {
	// Progress hears the bytes read so far and the bytes of all tensors, never two
	// calls at once, from any goroutine.
	Progress func(done, total int64)
	// Readers is the number of goroutines that read; 0: four to eight, by processors: more
	// than processors, because most of them wait for the disk.
	Readers int
	// Map leaves in the files what can be used as it lies there. It excludes a Packer.
	Map bool
	// Packer, if not nil, chooses how matrices lie in memory; nil: as the checkpoint has them.
	Packer Packer
	// MemoryLimit is the most the weights may take; 0: what mem.Available says.
	MemoryLimit int64
}

// Load reads the model in a folder: Hugging Face's layout (one file, or several with or
// without an index), the same with bfloat16 experts, or OpenAI's original/ (the folder
// itself or the one above it), or one GGUF file in one or more parts. Everything is checked against the configuration; experts stay
// MXFP4, dense weights stay bfloat16 (or float32) unless a Packer says otherwise, vectors become float32. Files that
// would not fit beside the weights in memory are read past the page cache.
//
// Errors are *LoadError, *MemoryError, *ConfigError or the context's.
func Load(ctx context.Context, dir string, opt LoadOptions) (*Weights, error) {
	w, err := LoadFS(ctx, os.DirFS(dir), opt)
	if err != nil {
		return nil, fmt.Errorf("loading the model in %s: %w", dir, err)
	}
	return w, nil
}

// Open is LoadFS without cancellation.
func Open(fsys fs.FS, opt LoadOptions) (*Weights, error) {
	return LoadFS(context.Background(), fsys, opt)
}

// LoadFS is Load from any file system, such as an embedded one. Files that cannot be
// read at an offset are read whole first.
func LoadFS(ctx context.Context, fsys fs.FS, opt LoadOptions) (*Weights, error) {
	c, err := openCheckpoint(fsys)
	if err != nil {
		return nil, err
	}
	defer c.close()
	w, bindings, err := bind(c, opt.Packer)
	if err != nil {
		return nil, err
	}
	if opt.Map {
		if err := c.mayStay(); err != nil {
			return nil, err
		}
		if opt.Packer != nil {
			return nil, &LoadError{Why: "weights that stay in their files cannot be packed", Next: "choose one of the two"}
		}
		if err := c.mapAll(); err != nil {
			c.unmap()
			return nil, err
		}
		w.maps = c.maps
	}
	if err := w.reserve(c, bindings, opt.MemoryLimit); err != nil {
		_ = w.Close() // the first error is the one to tell
		return nil, err
	}
	w.way = Mapped
	if !opt.Map {
		w.way = c.choose(w.arena.Size())
	}
	if err := fill(ctx, bindings, readersOf(opt.Readers), opt.Progress); err != nil {
		_ = w.Close() // the first error is the one to tell
		return nil, err
	}
	return w, nil
}

// alignment of every tensor: a cache line, and any vector register.
const alignment = 64

func aligned(n int64) int64 { return (n + alignment - 1) &^ (alignment - 1) }

// reserve takes one arena for all bindings that do not stay in their files, and makes the
// views. Memory is asked for only after it is known to be there.
func (w *Weights) reserve(c *checkpoint, bindings []binding, limit int64) error {
	total := int64(0)
	for i := range bindings {
		b := &bindings[i]
		if b.dst = c.mapped(b); b.dst == nil {
			total += aligned(b.size)
		} else {
			b.mapping = c.maps[b.from.nth]
		}
	}
	source := "the limit given"
	known := limit > 0
	if !known {
		limit, known = mem.Available()
		source = "what this machine has available"
	}
	for i := range bindings {
		bindings[i].populate = !known || total+c.bytes <= limit
	}
	if known && total > limit {
		return &MemoryError{Need: total, Have: limit, Source: source, MustRead: c.gguf}
	}
	arena, err := mem.NewArena(total)
	if err != nil {
		return &LoadError{Why: fmt.Sprintf("taking %s for the weights", gib(total)), Err: err}
	}
	w.arena = arena
	for i := range bindings {
		b := &bindings[i]
		if b.dst == nil {
			if b.dst, err = arena.Alloc(int(b.size), alignment); err != nil {
				return &LoadError{Tensor: b.from.Name, Why: "taking memory for it", Err: err}
			}
		}
		b.set(b.dst)
	}
	return nil
}

// MemoryError says that the weights do not fit.
type MemoryError struct {
	Need, Have int64
	Source     string // of Have
	MustRead   bool   // the weights cannot stay in their files
}

func (e *MemoryError) Error() string {
	remedy := "close other programs, leave the weights in their files (--weights map), or use"
	if e.MustRead {
		remedy = "close other programs, or use"
	}
	return fmt.Sprintf("model: the weights need %s of memory, and %s is %s: %s too little; %s a machine with more memory or a smaller model",
		gib(e.Need), e.Source, gib(e.Have), gib(e.Need-e.Have), remedy)
}

func gib(n int64) string { return fmt.Sprintf("%.2f GiB (%d bytes)", float64(n)/(1<<30), n) }

// Way is how the weights came into memory.
func (w *Weights) Way() Way { return w.way }

// Bytes is the memory the weights take, but for what stays in the files.
func (w *Weights) Bytes() int64 {
	if w.arena == nil {
		return 0
	}
	return w.arena.Used()
}
