package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ossian/internal/disk"
)

// Record is a thing to keep.
type Record struct {
	Kind, ID string
	Data     json.RawMessage // one JSON value; nil deletes
}

type name struct{ kind, id string }

// place is where a record's line is.
type place struct {
	at, length int64
	time       int64
}

// Store is an open file of records.
type Store struct {
	path string
	now  func() time.Time
	lock io.Closer

	mu      sync.Mutex
	file    *os.File
	index   map[name]place
	order   []name // as they came; some may be gone
	end     int64  // length of the file
	live    int64  // of lines that count
	written int64  // generation of the last write
	// patience is the length before which making room is not tried again.
	patience int64
	broken   error // the disk failed: nothing more is promised
	damaged  int

	syncing sync.Mutex
	synced  int64 // generation that the disk has
}

// maxLine bounds what one record may take.
const maxLine = 256 << 20

// Open reads the file's index, or begins a new file. A line that a crash cut off is
// removed: it was not acknowledged.
func Open(path string, now func() time.Time) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock, err := disk.Lock(path + ".lock")
	if errors.Is(err, disk.ErrLocked) {
		return nil, fmt.Errorf("%s is in use by another server; give this one a place of its own, or none", path)
	}
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, now: now, lock: lock, index: map[name]place{}}
	if err := s.open(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open() (err error) {
	if s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	disk.SyncDir(filepath.Dir(s.path))
	in := bufio.NewReaderSize(s.file, 1<<16)
	for {
		raw, err := readLine(in)
		if err == io.EOF {
			break
		}
		if err != nil {
			_ = s.file.Close()
			return fmt.Errorf("%s: %w", s.path, err)
		}
		if l, ok := decode(raw); ok {
			s.note(l, int64(len(raw)))
		} else {
			s.damaged++
		}
		s.end += int64(len(raw))
	}
	return s.file.Truncate(s.end)
}

// readLine reads a line with its end. One without an end is as if it were not there.
func readLine(in *bufio.Reader) ([]byte, error) {
	var all []byte
	for {
		part, err := in.ReadSlice('\n')
		all = append(all, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(all) <= maxLine:
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, errors.New("a line is longer than any record; it is no file of this program")
		case err != nil:
			return nil, err
		default:
			return all, nil
		}
	}
}

// note puts a line of the file, at its present end, into the index.
func (s *Store) note(l line, length int64) {
	n := name{l.Kind, l.ID}
	if old, ok := s.index[n]; ok {
		s.live -= old.length
		delete(s.index, n)
	}
	if l.Data == nil {
		return
	}
	s.index[n] = place{at: s.end, length: length, time: l.Time}
	s.order = append(s.order, n)
	s.live += length
}

// Put keeps records, all that are given with one wait for the disk. When it returns
// without an error they are there for good.
func (s *Store) Put(records ...Record) error {
	generation, err := s.append(records)
	if err != nil {
		return err
	}
	return s.sync(generation)
}

func (s *Store) append(records []Record) (generation int64, err error) {
	now := s.now().Unix()
	lines, raws := make([]line, len(records)), make([][]byte, len(records))
	var all []byte
	for i, r := range records {
		lines[i] = line{Kind: r.Kind, ID: r.ID, Time: now, Data: r.Data}
		if raws[i], err = lines[i].encode(); err != nil {
			return 0, err
		}
		if len(raws[i]) > maxLine {
			return 0, fmt.Errorf("store: %s %s has %d bytes; at most %d can be kept", r.Kind, r.ID, len(raws[i]), maxLine)
		}
		all = append(all, raws[i]...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return 0, s.broken
	}
	if _, err := s.file.WriteAt(all, s.end); err != nil {
		// What got there is beyond the end that counts, and is written over next time.
		if err := s.file.Truncate(s.end); err != nil {
			s.broken = fmt.Errorf("store: %w", err)
		}
		return 0, fmt.Errorf("store: %w", err)
	}
	for i, l := range lines {
		s.note(l, int64(len(raws[i])))
		s.end += int64(len(raws[i]))
	}
	s.written++
	return s.written, nil
}

// sync waits until the disk has what was written up to a generation. Those who come
// while it works are served together by the next round.
func (s *Store) sync(generation int64) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if s.synced >= generation {
		return nil
	}
	s.mu.Lock()
	upTo, file, broken := s.written, s.file, s.broken
	s.mu.Unlock()
	if broken != nil {
		return broken
	}
	if err := file.Sync(); err != nil {
		// After a failed sync nobody knows what the disk has, and trying again would say nothing.
		s.mu.Lock()
		defer s.mu.Unlock()
		s.broken = fmt.Errorf("store: the disk failed: %w", err)
		return s.broken
	}
	s.synced = upTo
	s.shrink()
	return nil
}

// Get reads a record.
func (s *Store) Get(kind, id string) (json.RawMessage, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.index[name{kind, id}]
	if !ok {
		return nil, false, nil
	}
	raw := make([]byte, p.length)
	if _, err := s.file.ReadAt(raw, p.at); err != nil {
		return nil, false, fmt.Errorf("store: %w", err)
	}
	l, ok := decode(raw)
	if !ok {
		return nil, false, fmt.Errorf("store: the record %s %s is damaged on the disk", kind, id)
	}
	return l.Data, true, nil
}

// Delete removes records; those that are not there are passed over.
func (s *Store) Delete(kind string, ids ...string) error {
	var records []Record
	s.mu.Lock()
	for _, id := range ids {
		if _, ok := s.index[name{kind, id}]; ok {
			records = append(records, Record{Kind: kind, ID: id})
		}
	}
	s.mu.Unlock()
	if len(records) == 0 {
		return nil
	}
	return s.Put(records...)
}

// List gives the ids of a kind that are older than a time, oldest first; of all if it is zero.
func (s *Store) List(kind string, before time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	seen := map[name]bool{}
	for _, n := range s.order {
		p, ok := s.index[n]
		if ok && n.kind == kind && !seen[n] && (before.IsZero() || p.time < before.Unix()) {
			ids = append(ids, n.id)
		}
		seen[n] = true
	}
	return ids
}

// Damaged is how many lines could not be read when the file was opened.
func (s *Store) Damaged() int { return s.damaged }

// Close ends the use of the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = errors.New("store: it is closed")
	return errors.Join(s.file.Close(), s.lock.Close())
}
