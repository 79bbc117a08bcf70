package egress

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maxLog is where the log is moved aside to path.1, so that the two together stay
// below twice this. A connection takes some 300 bytes.
const maxLog = 1 << 20

// Event is what became of a connection.
type Event string

const (
	Opening Event = "opening" // about to be made
	Closed  Event = "closed"  // with what went through it
	Failed  Event = "failed"  // it came to nothing
	Refused Event = "refused" // forbidden, nothing was sent
)

// Entry is one line of the log. The lines of one connection share an ID.
type Entry struct {
	Time     time.Time `json:"time"`
	ID       string    `json:"id"`
	Event    Event     `json:"event"`
	Purpose  string    `json:"purpose"`
	Host     string    `json:"host"`           // as asked for, with its port
	Addr     string    `json:"addr,omitempty"` // what answered
	Sent     int64     `json:"sent"`           // bytes, encryption included
	Received int64     `json:"received"`
	Error    string    `json:"error,omitempty"`
}

type journal struct {
	path string
	now  func() time.Time
	mu   sync.Mutex
}

func (*journal) id() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// write appends one line in one call, which several processes may do at once.
func (j *journal) write(e Entry) error {
	if j.path == "" {
		return nil
	}
	e.Time = j.now().UTC().Truncate(time.Millisecond)
	if len(e.Error) > 500 {
		e.Error = e.Error[:500]
	}
	line, err := json.Marshal(e)
	if err != nil {
		return &LogError{Path: j.path, Err: err}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if info, err := os.Stat(j.path); err == nil && info.Size() > maxLog {
		_ = os.Rename(j.path, j.path+".1") // if it fails the log grows, and is kept
	}
	if err := os.MkdirAll(filepath.Dir(j.path), 0o700); err != nil {
		return &LogError{Path: j.path, Err: err}
	}
	f, err := os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return &LogError{Path: j.path, Err: err}
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return &LogError{Path: j.path, Err: err}
	}
	return nil
}

// Read gives the connections of a log, oldest first, each as its last line left it:
// one that is still Opening was never closed, or is open now. Damaged lines are
// counted, not hidden.
func Read(path string) (entries []Entry, damaged int, err error) {
	at := map[string]int{}
	for _, p := range []string{path + ".1", path} {
		f, err := os.Open(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 2*maxLog)
		for lines.Scan() {
			var e Entry
			if json.Unmarshal(lines.Bytes(), &e) != nil || e.ID == "" {
				damaged++
				continue
			}
			if i, seen := at[e.ID]; seen {
				e.Time = entries[i].Time
				entries[i] = e
				continue
			}
			at[e.ID] = len(entries)
			entries = append(entries, e)
		}
		if err := errors.Join(lines.Err(), f.Close()); err != nil {
			return nil, 0, err
		}
	}
	return entries, damaged, nil
}
