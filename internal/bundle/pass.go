package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"
)

// pass reads a file once, chunk by chunk, and hands each chunk with its hash to each.
// It returns the hash of the whole. Two cores share the hashing.
func pass(ctx context.Context, r io.ReaderAt, size, chunk int64, each func(i int64, data []byte, sum string) error, tell func(int64)) (string, error) {
	whole := sha256.New()
	buf := make([]byte, min(chunk, size))
	for i := range chunks(size, chunk) {
		at := i * chunk
		data := buf[:min(chunk, size-at)]
		if err := fill(ctx, r, data, at, tell); err != nil {
			return "", err
		}
		var other sync.WaitGroup
		other.Go(func() { whole.Write(data) })
		sum := sha256.Sum256(data)
		other.Wait()
		if err := each(i, data, hex.EncodeToString(sum[:])); err != nil {
			return "", err
		}
	}
	return hexOf(whole), nil
}

// fill reads a chunk a piece at a time, so that an interrupt is heard and progress is
// seen on slow sticks.
func fill(ctx context.Context, r io.ReaderAt, data []byte, at int64, tell func(int64)) error {
	for done := 0; done < len(data); {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p := data[done:min(len(data), done+1<<20)]
		n, err := r.ReadAt(p, at+int64(done))
		if n < len(p) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		done += n
		tell(int64(n))
	}
	return nil
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// describe is a file as a manifest lists it.
func describe(ctx context.Context, r io.ReaderAt, path string, size, chunk int64, tell func(int64)) (File, error) {
	f := File{Path: path, Size: size}
	var err error
	f.SHA256, err = pass(ctx, r, size, chunk, func(_ int64, _ []byte, sum string) error {
		f.Chunks = append(f.Chunks, sum)
		return nil
	}, tell)
	if len(f.Chunks) == 1 {
		f.Chunks = nil
	}
	return f, err
}
