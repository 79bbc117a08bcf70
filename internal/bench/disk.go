package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ossian/internal/mem"
)

// Disk is how fast files were read.
type Disk struct {
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"bytes_per_s"`
	Direct  bool    `json:"direct"` // past the system's page cache; else they may have come from it
}

// diskPiece is what one reader asks for at a time, diskReaders how many there are.
const (
	diskPiece   = 4 << 20
	diskReaders = 8
)

// ReadFiles reads files once from end to end, several pieces at a time, and drops what it
// read. Progress may be nil; it is called from several goroutines.
func ReadFiles(ctx context.Context, fsys fs.FS, names []string, now func() time.Time, progress func(done, total int64)) (Disk, error) {
	return readFiles(ctx, fsys, names, 1<<62, now, progress)
}

// ReadSome is ReadFiles that stops after the first bytes of each file.
func ReadSome(ctx context.Context, fsys fs.FS, names []string, each int64, now func() time.Time) (Disk, error) {
	return readFiles(ctx, fsys, names, each, now, nil)
}

func readFiles(ctx context.Context, fsys fs.FS, names []string, each int64, now func() time.Time, progress func(done, total int64)) (Disk, error) {
	d := Disk{Direct: true}
	var files []io.ReaderAt
	var sizes []int64
	for _, name := range names {
		f, err := fsys.Open(name)
		if err != nil {
			return d, fmt.Errorf("bench: reading the disk: %w", err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return d, fmt.Errorf("bench: reading the disk: %w", err)
		}
		at, direct, err := direct(f)
		if err != nil {
			return d, fmt.Errorf("bench: reading the disk: %s: %w", name, err)
		}
		size := min(info.Size(), each)
		files, sizes = append(files, at), append(sizes, size)
		d.Bytes += size
		d.Direct = d.Direct && direct
	}
	start := now()
	if err := readAll(ctx, files, sizes, func(done int64) {
		if progress != nil {
			progress(done, d.Bytes)
		}
	}); err != nil {
		return d, err
	}
	d.Seconds = now().Sub(start).Seconds()
	d.Rate = ratio(float64(d.Bytes), d.Seconds)
	return d, nil
}

// direct reads f past the page cache where that is possible.
func direct(f fs.File) (at io.ReaderAt, ok bool, err error) {
	if file, isFile := f.(*os.File); isFile {
		if at, ok = mem.Direct(file); ok {
			return at, true, nil
		}
	}
	at, ok = f.(io.ReaderAt)
	if !ok {
		return nil, false, errors.New("it is no file on a disk")
	}
	return at, false, nil
}

// readAll deals the pieces of all files out to the readers.
func readAll(ctx context.Context, files []io.ReaderAt, sizes []int64, progress func(done int64)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	type piece struct {
		file   io.ReaderAt
		at, to int64
	}
	todo := make(chan piece)
	var done atomic.Int64
	var readers sync.WaitGroup
	for range diskReaders {
		readers.Go(func() {
			buf := make([]byte, diskPiece)
			for p := range todo {
				n, err := p.file.ReadAt(buf[:p.to-p.at], p.at)
				if err != nil && !(err == io.EOF && int64(n) == p.to-p.at) {
					stop(fmt.Errorf("bench: reading the disk: %w", err))
				}
				progress(done.Add(int64(n)))
			}
		})
	}
	for i, f := range files {
		for at := int64(0); at < sizes[i] && ctx.Err() == nil; at += diskPiece {
			todo <- piece{f, at, min(at+diskPiece, sizes[i])}
		}
	}
	close(todo)
	readers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
