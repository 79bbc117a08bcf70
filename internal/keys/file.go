package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ossian/internal/disk"
)

// maxFile bounds the file; a key takes some 300 bytes.
const maxFile = 16 << 20

// File is the file of keys.
type File struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	looked  time.Time // when the file was last looked at
	changed time.Time // its modification time then
	size    int64
	byHash  map[string]Key
}

// Open names a file; it need not exist.
func Open(path string, now func() time.Time) *File {
	return &File{path: path, now: now}
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// List gives all keys, revoked ones included, oldest first.
func (f *File) List() ([]Key, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, more than keys take; move it away and create keys anew", f.path, info.Size())
	}
	var list []Key
	if err := json.NewDecoder(file).Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w; move it away and create keys anew", f.path, err)
	}
	return list, nil
}

// Create makes a key. The secret is returned this once and kept nowhere.
func (f *File) Create(name string, limits Limits) (secret string, k Key, err error) {
	secret = newSecret()
	h := hash(secret)
	k = Key{ID: h[:8], Name: name, Hash: h, Created: f.now().UTC().Truncate(time.Second), Limits: limits}
	err = f.change(func(list []Key) ([]Key, error) { return append(list, k), nil })
	return secret, k, err
}

// UnknownError is a key that is not there.
type UnknownError struct{ Key string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("no key %q that is in force; ossian keys list shows them", e.Key)
}

// Revoke ends a key, named by id or by a name that only one key in force has.
func (f *File) Revoke(which string) (k Key, err error) {
	err = f.change(func(list []Key) ([]Key, error) {
		at := -1
		for i := range list {
			if list[i].Revoked != nil || list[i].ID != which && list[i].Name != which {
				continue
			}
			if at >= 0 {
				return nil, fmt.Errorf("several keys are named %q; give the id", which)
			}
			at = i
		}
		if at < 0 {
			return nil, &UnknownError{which}
		}
		now := f.now().UTC().Truncate(time.Second)
		list[at].Revoked = &now
		k = list[at]
		return list, nil
	})
	return k, err
}

// change replaces the file by a changed one, while a lock file keeps others out.
func (f *File) change(edit func([]Key) ([]Key, error)) error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	lock, err := disk.Lock(f.path + ".lock")
	if errors.Is(err, disk.ErrLocked) {
		return errors.New("another command is changing the keys at this moment; try again")
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	list, err := f.List()
	if err != nil {
		return err
	}
	if list, err = edit(list); err != nil {
		return err
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return disk.Replace(f.path, append(data, '\n'), 0o600)
}

// recheck is how old the memory of the file may be: how long a revoked key may live on.
const recheck = time.Second

// Check says whose key a secret is. An error means that the file cannot be read, and
// nobody may come in.
func (f *File) Check(secret string) (Key, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refresh(); err != nil {
		return Key{}, false, err
	}
	// The map is searched by hash, so the time it takes says nothing of any key.
	k, ok := f.byHash[hash(secret)]
	return k, ok && strings.HasPrefix(secret, Prefix), nil
}

// Any reports whether any key is in force.
func (f *File) Any() (bool, error) {
	list, err := f.List()
	return slices.ContainsFunc(list, func(k Key) bool { return k.Revoked == nil }), err
}

func (f *File) refresh() error {
	now := f.now()
	if f.byHash != nil && now.Sub(f.looked) < recheck {
		return nil
	}
	var changed time.Time
	var size int64
	if info, err := os.Stat(f.path); err == nil {
		changed, size = info.ModTime(), info.Size()
	}
	if f.byHash == nil || !changed.Equal(f.changed) || size != f.size {
		list, err := f.List()
		if err != nil {
			f.byHash = nil
			return err
		}
		f.byHash = map[string]Key{}
		for _, k := range list {
			if k.Revoked == nil {
				f.byHash[k.Hash] = k
			}
		}
	}
	f.looked, f.changed, f.size = now, changed, size
	return nil
}
