package bundle

import (
	"path"
	"strings"
)

// plain accepts a path that is the same file on every system a stick may meet: ASCII,
// no hidden names, nothing that a shell or Windows gives a meaning to, and no way out
// of its folder.
func plain(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || len(part) > 120 || part[0] == '.' || part[0] == '-' || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") || reserved(part) ||
			strings.ContainsFunc(part, func(r rune) bool { return r < 0x20 || r > 0x7e || strings.ContainsRune(`\:*?"<>|`, r) }) {
			return false
		}
	}
	return len(p) <= 240 && strings.Count(p, "/") < 8
}

// reserved are the names that Windows keeps for devices, with any ending.
func reserved(part string) bool {
	name, _, _ := strings.Cut(strings.ToUpper(part), ".")
	name = strings.TrimRight(name, " ")
	switch name {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(name) == 4 && (name[:3] == "COM" || name[:3] == "LPT") && name[3] >= '0' && name[3] <= '9'
}

// tree collects names and refuses two that one folder could not hold: the same but for
// case, or a file where another needs a folder.
type tree struct {
	files, dirs map[string]bool // folded
}

func (t *tree) add(name string) bool {
	if t.files == nil {
		t.files, t.dirs = map[string]bool{}, map[string]bool{}
	}
	name = strings.ToLower(name)
	if t.files[name] || t.dirs[name] {
		return false
	}
	t.files[name] = true
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if t.files[dir] {
			return false
		}
		t.dirs[dir] = true
	}
	return true
}
