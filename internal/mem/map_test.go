package mem

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestMapGivesTheFilesBytes(t *testing.T) {
	data := make([]byte, 3<<20+77)
	if _, err := rand.NewChaCha8([32]byte{2}).Read(data); err != nil {
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
	m, err := Map(f)
	if errors.Is(err, errNoMap) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { m.Populate(i*len(data)/4, (i+1)*len(data)/4) })
	}
	wg.Wait()
	m.Populate(5, 5)
	if !bytes.Equal(m.Bytes(), data) {
		t.Error("other bytes")
	}
	if err := m.Close(); err != nil || m.Close() != nil || m.Bytes() != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestMapRefusesNothing(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "empty"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Map(f); err == nil {
		t.Error("an empty file was mapped")
	}
}
