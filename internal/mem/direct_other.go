//go:build !linux

package mem

import (
	"io"
	"os"
)

func direct(*os.File) (io.ReaderAt, bool) { return nil, false }
