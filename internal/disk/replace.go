package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Replace writes a small file so that after a crash it is the old or the new one.
func Replace(path string, data []byte, mode os.FileMode) error {
	return ReplaceBy(path, mode, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// ReplaceBy is Replace for what is written piece by piece.
func ReplaceBy(path string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_ = f.Chmod(mode) // FAT has no modes; elsewhere the file was made for its owner alone, which is no risk
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	SyncDir(filepath.Dir(path))
	return nil
}

// SyncDir makes renames in a folder lasting, where the system can.
func SyncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
