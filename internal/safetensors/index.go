package safetensors

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxIndex bounds the index of a sharded checkpoint; the 120b's has about 60 kB.
const MaxIndex = 64 << 20

// Index says which file of a folder holds each tensor of a sharded checkpoint.
type Index struct {
	WeightMap map[string]string // tensor name -> plain file name
	TotalSize int64             // bytes of all tensors; 0 when the index does not say
}

// Files are the names of the shards, sorted, each once.
func (x *Index) Files() []string {
	seen := map[string]bool{}
	var out []string
	for _, f := range x.WeightMap {
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

// ParseIndex reads model.safetensors.index.json. Every file it names is a plain name
// in the index's own folder.
func ParseIndex(data []byte) (*Index, error) {
	if len(data) > MaxIndex {
		return nil, damaged("index", "it has %d bytes, more than %d", len(data), MaxIndex)
	}
	if !utf8.Valid(data) {
		return nil, damaged("index", "it is not UTF-8")
	}
	x := &Index{}
	s := &scanner{text: string(data)}
	seen := map[string]bool{}
	err := s.object(func(key string) error {
		if seen[key] {
			return damaged("index", "%q appears twice", key)
		}
		switch key {
		case "weight_map":
			seen[key] = true
			return x.parseMap(s)
		case "metadata":
			seen[key] = true
			if s.peek() == '{' {
				return s.object(func(key string) error { return x.parseMetadata(s, key) })
			}
		}
		return s.skip(1)
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, asError("index", err)
	}
	if len(x.WeightMap) == 0 {
		return nil, damaged("index", "it has no weight_map, or an empty one")
	}
	return x, nil
}

// parseMetadata keeps total_size when it is a whole number and skips the rest.
func (x *Index) parseMetadata(s *scanner, key string) error {
	if key == "total_size" {
		start := s.pos
		if n, err := s.integer(); err == nil {
			x.TotalSize = n
			return nil
		}
		s.pos = start
	}
	return s.skip(2)
}

func (x *Index) parseMap(s *scanner) error {
	x.WeightMap = map[string]string{}
	return s.object(func(name string) error {
		if _, dup := x.WeightMap[name]; dup {
			return damaged(quoted("index: tensor", name), "it appears twice")
		}
		if len(x.WeightMap) == MaxTensors {
			return damaged("index", "it names more than %d tensors", MaxTensors)
		}
		file, err := s.str()
		if err != nil {
			return err
		}
		if !plainName(file) {
			return &Error{What: quoted("index: file", file), Why: "it is not a plain file name",
				Next: "do not use this checkpoint: its index points outside its own folder"}
		}
		x.WeightMap[name] = file
		return nil
	})
}

// plainName refuses separators of any system, drive letters, streams and dot names.
func plainName(s string) bool {
	return s != "" && len(s) <= 255 && !strings.HasPrefix(s, ".") && !strings.Contains(s, "..") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) })
}
