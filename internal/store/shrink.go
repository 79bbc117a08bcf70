package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ossian/internal/disk"
)

// slack is what may be dead in the file before it is worth a rewrite.
const slack = 4 << 20

// shrink rewrites the file without what was deleted, if that is more than half of it.
// Only the caller's goroutine syncs meanwhile. If it cannot, the file is as it was, and
// it is not tried again before the file has doubled.
func (s *Store) shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dead := s.end - s.live; dead <= s.live || dead <= slack || s.end < s.patience || s.broken != nil {
		return
	}
	s.patience = 2 * s.end
	out, err := os.CreateTemp(filepath.Dir(s.path), ".store-*") // only the owner may read it
	if err != nil {
		return
	}
	defer os.Remove(out.Name()) // if it is still there
	index, order, end, err := s.copyTo(out)
	if errors.Join(err, out.Sync(), out.Close()) != nil {
		return
	}
	// Some systems rename no file that is open.
	_ = s.file.Close()
	err = os.Rename(out.Name(), s.path)
	disk.SyncDir(filepath.Dir(s.path))
	var again error
	if s.file, again = os.OpenFile(s.path, os.O_RDWR, 0o600); again != nil {
		s.broken = fmt.Errorf("store: %w", again)
		return
	}
	if err == nil {
		s.index, s.order, s.end, s.live, s.patience = index, order, end, end, 0
	}
}

// copyTo writes the lines that count in the order in which they came.
func (s *Store) copyTo(out *os.File) (map[name]place, []name, int64, error) {
	index, order, end := make(map[name]place, len(s.index)), make([]name, 0, len(s.index)), int64(0)
	w := bufio.NewWriterSize(out, 1<<16)
	for _, n := range s.order {
		p, ok := s.index[n]
		if _, done := index[n]; !ok || done {
			continue
		}
		raw := make([]byte, p.length)
		if _, err := s.file.ReadAt(raw, p.at); err != nil {
			return nil, nil, 0, err
		}
		if _, err := w.Write(raw); err != nil {
			return nil, nil, 0, err
		}
		index[n], order = place{at: end, length: p.length, time: p.time}, append(order, n)
		end += p.length
	}
	return index, order, end, w.Flush()
}
