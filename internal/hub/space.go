package hub

import (
	"os"
	"path/filepath"
)

// Space is the room on the disk of a folder, or of the folder that it would be made in,
// where that is known.
func Space(dir string) (bytes int64, known bool) {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return freeSpace(dir)
		}
		dir = filepath.Dir(dir)
	}
}
