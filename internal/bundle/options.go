package bundle

import (
	"os"

	"ossian/internal/disk"
)

// Options are what the work is done with. Zero values stand for the defaults.
type Options struct {
	Chunk int64 // bytes hashed together in a new manifest; 16 MiB
	// Free is the room on the disk of a folder, Largest what a file may have there, each
	// where it is known.
	Free    func(dir string) (bytes int64, known bool)
	Largest func(dir string) (bytes int64, limited bool)
	// Sync makes what was written last; tests that cut no power leave it out.
	Sync func(f *os.File) error
	// Note is told, in a sentence, what a person should know although the work goes on.
	Note func(text string)
	// Progress is told how far a stage ("checking", "copying") is.
	Progress func(stage string, done, total int64)
}

func (o Options) filled() Options {
	if o.Chunk <= 0 {
		o.Chunk = 16 << 20
	}
	if o.Free == nil {
		o.Free = disk.Free
	}
	if o.Largest == nil {
		o.Largest = disk.Largest
	}
	if o.Sync == nil {
		o.Sync = (*os.File).Sync
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	return o
}

// counting gives a function that adds to a stage's progress.
func (o Options) counting(stage string, all int64) func(int64) {
	done := int64(0)
	return func(n int64) {
		done += n
		o.Progress(stage, done, all)
	}
}
