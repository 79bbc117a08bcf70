package mem

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestDirectReadsTheSameBytes(t *testing.T) {
	data := make([]byte, 9<<20+1234)
	rng := rand.NewChaCha8([32]byte{1})
	if _, err := rng.Read(data); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, ok := Direct(f)
	if !ok {
		if _, err := f.ReadAt(make([]byte, 3), 5); err != nil {
			t.Errorf("the file is not as it was: %v", err)
		}
		t.Skip("no direct reads here")
	}
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 7))
			for range 6 {
				lo := rng.IntN(len(data))
				p := make([]byte, rng.IntN(len(data)-lo+1))
				if n, err := r.ReadAt(p, int64(lo)); n != len(p) || err != nil || !bytes.Equal(p, data[lo:lo+len(p)]) {
					t.Errorf("%d bytes at %d: %d, %v", len(p), lo, n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	p := make([]byte, 10)
	if n, err := r.ReadAt(p, int64(len(data)-4)); n != 4 || err != io.EOF || !bytes.Equal(p[:4], data[len(data)-4:]) {
		t.Errorf("across the end: %d, %v", n, err)
	}
	if n, err := r.ReadAt(p, int64(len(data))+100000); n != 0 || err != io.EOF {
		t.Errorf("beyond the end: %d, %v", n, err)
	}
	if _, err := r.ReadAt(p, -1); err == nil {
		t.Error("before the beginning")
	}
}
