package cli

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
)

// kept is where the hashes of a folder are written down.
type kept struct {
	folder string // absolute, without links
	file   string
}

// hashes tells where those of a folder, or of a GGUF file, are: with the program's own
// files, since folders may be somebody else's.
func (s *system) hashes(path string) (kept, error) {
	home, err := s.ossianHome()
	if err != nil {
		return kept{}, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return kept{}, err
	}
	name := fmt.Sprintf("%.40s-%x.json", filepath.Base(real), sha256.Sum256([]byte(real)))
	return kept{folder: real, file: filepath.Join(home, "hashes", name)}, nil
}
