package bundle

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ossian/internal/disk"
)

// Trust says whose bundles are taken.
type Trust struct {
	Keys []PublicKey
	// Fingerprint is one key more, given by its fingerprint; "" for none.
	Fingerprint string
	Unsigned    bool // those of nobody, and no others
}

func (t Trust) covers(k PublicKey) bool {
	return t.Fingerprint != "" && k.Fingerprint() == t.Fingerprint || slices.ContainsFunc(t.Keys, k.Equal)
}

// IsFingerprint reports whether text is one, not the name of a key's file.
func IsFingerprint(text string) bool {
	sum, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimPrefix(text, fingerprintPrefix))
	return strings.HasPrefix(text, fingerprintPrefix) && err == nil && len(sum) == 32
}

// ReadTrusted reads the keys that are remembered in a file, a line each.
func ReadTrusted(path string) (keys []PublicKey, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{What: path, Why: "reading the trusted keys", Next: "make it readable, or remove it", Err: err}
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, 1<<20))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		key, err := base64.StdEncoding.Strict().DecodeString(fields[0])
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, failed(path, "remove the line, or the file", "line %d holds no key", n)
		}
		keys = append(keys, key)
	}
	if err := lines.Err(); err != nil {
		return nil, &Error{What: path, Why: "reading the trusted keys", Next: "make it readable, or remove it", Err: err}
	}
	return keys, nil
}

// Remember adds a key to those of a file, with its fingerprint for people.
func Remember(path string, key PublicKey) error {
	keys, err := ReadTrusted(path)
	if err != nil || slices.ContainsFunc(keys, key.Equal) {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 && !bytes.HasSuffix(old, []byte("\n")) {
		old = append(old, '\n')
	}
	line := fmt.Sprintf("%s %s\n", base64.StdEncoding.EncodeToString(key), key.Fingerprint())
	err = os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = disk.Replace(path, append(old, line...), 0o600)
	}
	if err != nil {
		return &Error{What: path, Why: "remembering the key", Next: "make it writable", Err: err}
	}
	return nil
}
