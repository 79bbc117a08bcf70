package hub

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"ossian/internal/disk"
)

// journal is the list of a file's chunks that are on the disk, with their hashes. It is
// text: a line about the file, then a line for each chunk, each with a check of itself,
// so that a line cut by a crash is seen and left out.
type journal struct {
	file  File
	chunk int64

	mu   sync.Mutex
	f    *os.File // nil when it is only read
	sums map[int64]string
}

// chunks is how many there are; an empty file has none.
func (j *journal) chunks() int64 { return (j.file.Size + j.chunk - 1) / j.chunk }

// span is where chunk i lies: from its first byte to its last.
func (j *journal) span(i int64) (from, to int64) {
	return i * j.chunk, min((i+1)*j.chunk, j.file.Size) - 1
}

func (j *journal) missing() (list []int64) {
	for i := range j.chunks() {
		if j.sums[i] == "" {
			list = append(list, i)
		}
	}
	return list
}

// done is how many bytes its chunks have.
func (j *journal) done() (n int64) {
	for i := range j.sums {
		from, to := j.span(i)
		n += to - from + 1
	}
	return n
}

func (j *journal) header() string {
	return sealed(fmt.Sprintf("ossian-chunks 1 %s %d %d", j.file.Hash, j.file.Size, j.chunk))
}

// sealed is a line with its check.
func sealed(line string) string {
	sum := sha256.Sum256([]byte(line))
	return line + " " + hex.EncodeToString(sum[:4]) + "\n"
}

// unsealed is the line without its check, if that is right.
func unsealed(line string) (string, bool) {
	i := strings.LastIndexByte(line, ' ')
	return line[:max(i, 0)], i > 0 && sealed(line[:i]) == line+"\n"
}

const (
	maxJournal = 256 << 20
	maxChunk   = 1 << 30
)

// readJournal reads what is sound of a journal; keep is how many bytes that is, 0 if
// it is another file's or none.
func readJournal(path string, file File, chunk int64) (j *journal, keep int64, err error) {
	j = &journal{file: file, chunk: chunk, sums: map[int64]string{}}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return j, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxJournal))
	if err != nil {
		return nil, 0, err
	}
	for first := true; ; first = false {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return j, keep, nil
		}
		line, ok := unsealed(string(data[:end]))
		if first {
			ok = ok && j.adopt(line)
		} else {
			ok = ok && j.note(line)
		}
		if !ok {
			return j, keep, nil
		}
		keep += int64(end) + 1
		data = data[end+1:]
	}
}

// adopt takes the chunk size of a journal about the same file.
func (j *journal) adopt(line string) bool {
	f := strings.Fields(line)
	if len(f) != 5 || f[0] != "ossian-chunks" || f[1] != "1" || f[2] != j.file.Hash || f[3] != strconv.FormatInt(j.file.Size, 10) {
		return false
	}
	n, err := strconv.ParseInt(f[4], 10, 64)
	if err != nil || n < 1 || n > maxChunk {
		return false
	}
	j.chunk = n
	return true
}

func (j *journal) note(line string) bool {
	index, sum, ok := strings.Cut(line, " ")
	i, err := strconv.ParseInt(index, 10, 64)
	if !ok || err != nil || i < 0 || i >= j.chunks() || !isHex(sum, 64) {
		return false
	}
	j.sums[i] = sum
	return true
}

// openJournal reads a journal to go on with it: what was cut is removed.
func openJournal(path string, file File, chunk int64) (*journal, error) {
	j, keep, err := readJournal(path, file, chunk)
	if err != nil {
		return nil, err
	}
	if keep == 0 {
		return j, j.rewrite(path)
	}
	if err := os.Truncate(path, keep); err != nil {
		return nil, err
	}
	j.f, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	return j, err
}

// rewrite replaces the journal by one that says what j says, in one step.
func (j *journal) rewrite(path string) error {
	j.close()
	var b strings.Builder
	b.WriteString(j.header())
	for i := range j.chunks() {
		if sum := j.sums[i]; sum != "" {
			b.WriteString(sealed(fmt.Sprint(i, " ", sum)))
		}
	}
	if err := disk.Replace(path, []byte(b.String()), 0o644); err != nil {
		return err
	}
	var err error
	j.f, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	return err
}

// add writes down that a chunk is on the disk, which the caller has seen to.
func (j *journal) add(i int64, sum string, sync func(*os.File) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.f.WriteString(sealed(fmt.Sprint(i, " ", sum))); err != nil {
		return err
	}
	if err := sync(j.f); err != nil {
		return err
	}
	j.sums[i] = sum
	return nil
}

func (j *journal) close() {
	if j.f != nil {
		_ = j.f.Close() // every line was synced when it was written
		j.f = nil
	}
}
