package mem

import (
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// maxProcesses bounds how many are looked at.
const maxProcesses = 10000

func holders(n int) []Holder { return holdersIn(os.DirFS("/"), os.Getpid(), n) }

func holdersIn(root fs.FS, self, most int) []Holder {
	entries, _ := fs.ReadDir(root, "proc")
	held := map[string]int64{}
	for _, e := range entries[:min(len(entries), maxProcesses)] {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == self {
			continue
		}
		file := "proc/" + e.Name() + "/status"
		bytes, ok := field(root, file, "RssAnon") // what is shared with files is not freed by ending one
		if !ok {
			continue
		}
		for line := range lines(root, file) {
			if name, found := strings.CutPrefix(line, "Name:"); found {
				held[strings.TrimSpace(name)] += bytes
				break
			}
		}
	}
	var all []Holder
	for name, bytes := range held {
		all = append(all, Holder{name, bytes})
	}
	slices.SortFunc(all, func(a, b Holder) int {
		if a.Bytes != b.Bytes {
			return int(max(min(b.Bytes-a.Bytes, 1), -1))
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all[:min(len(all), most)]
}
