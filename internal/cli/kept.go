package cli

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"ossian/internal/backend/cpu"
	"ossian/internal/disk"
)

// restore takes in what an earlier run knew of prompts. Without it prompts are read anew, so trouble is told and no more.
func (c *serveCmd) restore(sys *system, m *loaded) {
	if c.PromptFile == "" {
		return
	}
	f, err := os.Open(c.PromptFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = errors.Join(m.chat.Engine.Restore(f, m.owner()), f.Close())
	}
	if err != nil {
		fmt.Fprintf(sys.stderr, "ossian: %s: %v\n", c.PromptFile, err)
	}
}

// save keeps what is known of prompts for the next run.
func (c *serveCmd) save(sys *system, m *loaded) {
	if c.PromptFile == "" {
		return
	}
	err := disk.ReplaceBy(c.PromptFile, 0o600, func(w io.Writer) error { return m.chat.Engine.Save(w, m.owner(), c.PromptBytes) })
	if err != nil {
		fmt.Fprintf(sys.stderr, "ossian: %s was not written: %v\n", c.PromptFile, err)
	}
}

// owner names all that keys and values depend on: the program, the shape, the files, and how weights and vectors are kept.
func (m *loaded) owner() string {
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n%+v\n", newVersionInfo(), *m.backend.Config())
	if m.fsys != nil {
		for _, name := range weightFileNames(m.fsys) {
			if info, err := fs.Stat(m.fsys, name); err == nil {
				fmt.Fprintln(h, name, info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	if b, ok := m.backend.(*cpu.Backend); ok {
		fmt.Fprintln(h, b.Activations(), b.Kernels())
	}
	if m.weights != nil {
		fmt.Fprintln(h, m.weights.Unembed.Packed, m.weights.Unembed.Form)
	}
	return fmt.Sprintf("%s %x", m.name, h.Sum(nil)[:8])
}
