package mem

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// maxProbe bounds what is read of a file in /proc or /sys.
const maxProbe = 1 << 20

func peakRSS() (int64, bool) { return field(os.DirFS("/"), "proc/self/status", "VmHWM") }

func available() (int64, bool) { return availableIn(os.DirFS("/")) }

func look() Survey { return lookIn(os.DirFS("/")) }

// availableIn reads the system files under root; tests bring their own.
func availableIn(root fs.FS) (int64, bool) {
	n, ok := field(root, "proc/meminfo", "MemAvailable")
	for _, g := range groups(root) {
		if left, limited := g.left(root); limited && (!ok || left < n) {
			n, ok = left, true
		}
	}
	return n, ok
}

func lookIn(root fs.FS) (s Survey) {
	s.Total, _ = field(root, "proc/meminfo", "MemTotal")
	s.Available, _ = availableIn(root)
	machine, known := field(root, "proc/meminfo", "MemAvailable")
	s.Limited = s.Available > 0 && (!known || s.Available < machine)
	for _, g := range groups(root) {
		if limit, limited := g.most(root); limited && (s.Limit == 0 || limit < s.Limit) {
			s.Limit = limit
		}
	}
	for line := range lines(root, "sys/kernel/mm/transparent_hugepage/enabled") {
		_, rest, _ := strings.Cut(line, "[")
		s.HugePages, _, _ = strings.Cut(rest, "]")
	}
	return s
}

// field reads "Name:   123 kB".
func field(root fs.FS, file, name string) (int64, bool) {
	for line := range lines(root, file) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err == nil && kb >= 0 && kb < 1<<50
		}
	}
	return 0, false
}

// group is one level of a control group: limit and use, and the prefix of those keys of memory.stat
// whose bytes the kernel can take back (page cache) although they count as used.
type group struct{ limit, used, stat, prefix string }

// most is the group's limit.
func (g group) most(root fs.FS) (n int64, limited bool) {
	n, limited = number(root, g.limit)
	return n, limited && n < 1<<60 // version 1 writes a number near 2^63 for no limit
}

// left is the room under the group's limit; limited is false without a limit.
func (g group) left(root fs.FS) (n int64, limited bool) {
	limit, limited := g.most(root)
	if !limited {
		return 0, false
	}
	used, ok := number(root, g.used)
	if !ok {
		return 0, false
	}
	for line := range lines(root, g.stat) {
		name, v, _ := strings.Cut(line, " ")
		if name == g.prefix+"inactive_file" || name == g.prefix+"active_file" {
			if cache, err := strconv.ParseInt(v, 10, 64); err == nil && cache > 0 {
				used -= min(cache, used)
			}
		}
	}
	return max(limit-used, 0), true
}

// groups are the levels of the process's own memory group, from itself up to the root
// of the mount: each may set a limit. A container sees its group as the mount's root,
// while /proc/self/cgroup may give the path on the host, so the root is always tried.
func groups(root fs.FS) []group {
	var out []group
	for line := range lines(root, "proc/self/cgroup") {
		_, rest, _ := strings.Cut(line, ":")
		controllers, dir, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		v1 := strings.Contains(","+controllers+",", ",memory,")
		if !v1 && controllers != "" {
			continue
		}
		for dir = path.Clean("/" + dir); ; dir = path.Dir(dir) {
			if v1 {
				p := "sys/fs/cgroup/memory" + strings.TrimSuffix(dir, "/") + "/memory."
				out = append(out, group{p + "limit_in_bytes", p + "usage_in_bytes", p + "stat", "total_"})
			} else {
				p := "sys/fs/cgroup" + strings.TrimSuffix(dir, "/") + "/memory."
				out = append(out, group{p + "max", p + "current", p + "stat", ""})
			}
			if dir == "/" {
				break
			}
		}
	}
	return out
}

// number reads a file that holds one number; "max" and whatever else is none.
func number(root fs.FS, file string) (int64, bool) {
	for line := range lines(root, file) {
		n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		return n, err == nil && n >= 0
	}
	return 0, false
}

func lines(root fs.FS, file string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		data, err := fs.ReadFile(root, file)
		if err != nil || len(data) > maxProbe {
			return
		}
		for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
			if !yield(s.Text()) {
				return
			}
		}
	}
}
