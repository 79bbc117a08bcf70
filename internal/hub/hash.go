package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// published is the hash by which the hub names a file.
func published(f File) hash.Hash {
	if len(f.Hash) == 64 {
		return sha256.New()
	}
	h := sha1.New() // git's name of a small file
	fmt.Fprintf(h, "blob %d\x00", f.Size)
	return h
}

// hashOf reads bytes from..from+n into h, a piece at a time so that ctx is heard.
func hashOf(ctx context.Context, r io.ReaderAt, from, n int64, h hash.Hash, tell func(int64)) (string, error) {
	buf := make([]byte, 1<<20)
	for n > 0 {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		p := buf[:min(n, int64(len(buf)))]
		if _, err := r.ReadAt(p, from); err != nil {
			return "", err
		}
		h.Write(p)
		from, n = from+int64(len(p)), n-int64(len(p))
		if tell != nil {
			tell(int64(len(p)))
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
