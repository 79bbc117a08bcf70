package mem

import (
	"io"
	"os"
)

// Direct gives a reader of f that goes past the system's page cache, so that reading
// a file of gigabytes into an arena does not need the memory twice and evicts nothing.
// From then on f itself must not be read. ok is false, and f as it was, where system
// or file system have no such thing. The reader serves several goroutines and keeps a
// buffer for each; close f when done.
func Direct(f *os.File) (r io.ReaderAt, ok bool) { return direct(f) }
