package cli

import (
	"io/fs"

	"ossian/models/nano"
)

// embedded is the model inside the program.
func (s *system) embedded() (place, error) {
	files, err := fs.Sub(nano.Files, "checkpoint")
	return place{name: builtin, fsys: files}, err
}
