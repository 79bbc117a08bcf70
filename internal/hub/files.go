package hub

import (
	"path"
	"slices"
	"strings"
)

// File is one file of a repository, as the hub lists it.
type File struct {
	Path string // slash-separated, checked
	Size int64
	// Hash is the published one, by which the cache names the file: sha256 of a large
	// file's bytes (64 digits), or the git object's SHA-1 of a small one's (40).
	Hash string
}

// Bounds on what a listing may say.
const (
	maxFiles    = 10_000
	maxFileSize = 1 << 40
)

// Choose picks the files a model needs to run: configuration, tokenizer, template and
// licence, and the weights, at the root or, if asked, in original/. The two hold the
// same weights; both would be twice the bytes.
func Choose(files []File, original bool) []File {
	var out []File
	for _, f := range files {
		dir, name := path.Split(f.Path)
		switch {
		case dir == "" && weights(name):
			if !original {
				out = append(out, f)
			}
		case dir == "" && beside(name), dir == "original/" && original:
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b File) int { // weights last: the rest says whether they are wanted
		aw, bw := weights(path.Base(a.Path)), weights(path.Base(b.Path))
		switch {
		case aw && !bw:
			return 1
		case bw && !aw:
			return -1
		}
		return strings.Compare(a.Path, b.Path)
	})
	return out
}

func weights(name string) bool {
	return strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".safetensors.index.json")
}

func beside(name string) bool {
	switch name {
	case "config.json", "generation_config.json", "special_tokens_map.json", "vocab.json", "merges.txt", "LICENSE", "USAGE_POLICY", "README.md":
		return true
	}
	return strings.HasPrefix(name, "tokenizer") || strings.HasPrefix(name, "chat_template")
}

// plainPath accepts a path that stays below its folder on any system.
func plainPath(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || len(part) > 200 || part == "." || strings.Contains(part, "..") || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") ||
			strings.ContainsFunc(part, func(r rune) bool { return r < 0x20 || r == 0x7f || strings.ContainsRune(`\:*?"<>|`, r) }) {
			return false
		}
	}
	return len(p) <= 1000
}

// total is the size of files together.
func total(files []File) (n int64) {
	for _, f := range files {
		n += f.Size
	}
	return n
}
