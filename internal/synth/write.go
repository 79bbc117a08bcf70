package synth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"ossian/internal/disk"
	"ossian/internal/safetensors"
)

// partial marks files that are not complete.
const partial = ".partial"

// unitBytes is what a worker makes and writes at a time.
const unitBytes = 4 * blockBytes

// Write makes the checkpoint in dir, which is created if need be. It refuses to touch
// a folder that holds any of the files, and asks for disk space first. Files get their
// names only when all are complete; after an error or cancellation none is left.
// progress, if any, hears the bytes written and the bytes of all tensors, never two
// calls at once.
func Write(ctx context.Context, dir string, c *Checkpoint, seed uint64, progress func(done, total int64)) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &Error{What: dir, Why: "creating the folder", Err: err}
	}
	if err := c.vacant(dir); err != nil {
		return err
	}
	total := c.Bytes()
	if free, ok := disk.Free(dir); ok && free < total+spare {
		return &Error{What: dir, Why: fmt.Sprintf("the checkpoint has %d bytes and the disk %d free", total, free), Next: "choose another disk, or make room"}
	}
	defer func() {
		if err != nil {
			for _, name := range c.names() {
				_ = os.Remove(filepath.Join(dir, name+partial)) // best effort; the first error is told
			}
		}
	}()
	var done atomic.Int64
	var reporting sync.Mutex
	report := func(n int64) {
		if progress == nil {
			done.Add(n)
			return
		}
		reporting.Lock()
		defer reporting.Unlock()
		progress(done.Add(n), total)
	}
	for _, f := range c.Files {
		if err := f.write(ctx, filepath.Join(dir, f.Name+partial), seed, report); err != nil {
			return err
		}
	}
	for _, s := range c.Side {
		if err := os.WriteFile(filepath.Join(dir, s.Name+partial), s.Data, 0o644); err != nil {
			return &Error{What: s.Name, Why: "writing it", Err: err}
		}
	}
	for _, name := range c.names() { // config.json comes last: without it nothing loads
		path := filepath.Join(dir, name)
		if err := os.Rename(path+partial, path); err != nil {
			return &Error{What: name, Why: "giving it its name", Err: err}
		}
	}
	return nil
}

// spare is disk space for headers, index and the file system's own needs.
const spare = 64 << 20

func (c *Checkpoint) names() []string {
	var out []string
	for _, f := range c.Files {
		out = append(out, f.Name)
	}
	for _, s := range c.Side {
		out = append(out, s.Name)
	}
	return out
}

func (c *Checkpoint) vacant(dir string) error {
	for _, name := range c.names() {
		for _, n := range []string{name, name + partial} {
			if _, err := os.Lstat(filepath.Join(dir, n)); !errors.Is(err, fs.ErrNotExist) {
				return &Error{What: dir, Why: "it already has " + n, Next: "choose an empty folder, or remove the old checkpoint first"}
			}
		}
	}
	return nil
}

// unitOf is one worker's task: bytes of a tensor and their place in the file.
type unitOf struct {
	t      Tensor
	off, n int64
	at     int64
}

// write makes one file; workers write their pieces at their places, in any order.
func (f File) write(ctx context.Context, path string, seed uint64, report func(int64)) (err error) {
	specs := make([]safetensors.TensorSpec, len(f.Tensors))
	for i, t := range f.Tensors {
		specs[i] = t.TensorSpec
	}
	head, _, err := safetensors.Header(specs, map[string]string{"format": "pt"})
	if err != nil {
		return &Error{What: f.Name, Why: "its header", Err: err}
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return &Error{What: f.Name, Why: "creating it", Err: err}
	}
	defer func() {
		if closed := out.Close(); err == nil && closed != nil {
			err = &Error{What: f.Name, Why: "closing it", Err: closed}
		}
	}()
	if _, err := out.WriteAt(head, 0); err != nil {
		return &Error{What: f.Name, Why: "writing its header", Err: err}
	}
	var units []unitOf
	at := int64(len(head))
	for _, t := range f.Tensors {
		for off := int64(0); off < t.bytes(); off += unitBytes {
			units = append(units, unitOf{t, off, min(unitBytes, t.bytes()-off), at + off})
		}
		at += t.bytes()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	table := codeTable()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			buf := make([]byte, unitBytes)
			for ctx.Err() == nil {
				i := int(next.Add(1) - 1)
				if i >= len(units) {
					return
				}
				u := units[i]
				u.t.piece(buf[:u.n], seed, u.off, &table)
				if _, err := out.WriteAt(buf[:u.n], u.at); err != nil {
					cancel(&Error{What: f.Name, Why: "writing it", Err: err})
					return
				}
				report(u.n)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
