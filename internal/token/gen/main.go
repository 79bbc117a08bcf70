// Command gen writes the data that package token embeds. Run it with
// `go generate ./internal/token`.
//
// o200k.bin is made from assets/o200k_base.tiktoken of the Go module named below (MIT,
// the vocabulary as OpenAI publishes it), fetched by the go command and checked by hash;
// nothing else of that module is used, and ours does not depend on it. Each token is
// written as two earlier tokens that spell it, the pair whose later half is earliest;
// the low, middle and high bytes of the ids lie apart because only the low ones are noise.
//
// class.bin is the class of each code point, as runs, from Go's Unicode 15 tables and
// the letters, digits and marks which Unicode 15.1 and 16 added (added.go).
//
// The hashes of both files are in the package's tests.
package main

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

const (
	module = "github.com/pkoukk/tiktoken-go-loader@v0.0.2"
	asset  = "assets/o200k_base.tiktoken"
	digest = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
)

func main() {
	for name, make := range map[string]func() ([]byte, error){"o200k.bin": vocabulary, "class.bin": classes} {
		data, err := make()
		if err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "gen: %s: %v\n", name, err)
			os.Exit(1)
		}
		fmt.Printf("%s: %d bytes, sha256 %x\n", name, len(data), sha256.Sum256(data))
	}
}

func vocabulary() ([]byte, error) {
	source, err := download()
	if err != nil {
		return nil, err
	}
	var tokens []string
	ranks := map[string]int{}
	for line := range strings.Lines(string(source)) {
		text, rank, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		token, err := base64.StdEncoding.DecodeString(text)
		if err != nil || rank != strconv.Itoa(len(tokens)) {
			return nil, fmt.Errorf("line %d: not a token and its rank", len(tokens)+1)
		}
		ranks[string(token)] = len(tokens)
		tokens = append(tokens, string(token))
	}
	var singles []byte
	n := len(tokens) - 256
	planes := make([]byte, 6*n)
	for id, token := range tokens {
		if id < 256 {
			if len(token) != 1 {
				return nil, fmt.Errorf("token %d is not a single byte", id)
			}
			singles = append(singles, token...)
			continue
		}
		left, right, later := 0, 0, id
		for i := 1; i < len(token); i++ {
			l, okL := ranks[token[:i]]
			r, okR := ranks[token[i:]]
			if okL && okR && max(l, r) < later {
				left, right, later = l, r, max(l, r)
			}
		}
		if later == id {
			return nil, fmt.Errorf("token %d is not made of two earlier ones", id)
		}
		for plane := range 3 {
			planes[plane*n+id-256] = byte(left >> (8 * plane))
			planes[(3+plane)*n+id-256] = byte(right >> (8 * plane))
		}
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(append(singles, planes...)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// download asks the go command for the module and reads the file, checking its hash.
func download() ([]byte, error) {
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download %s: %w", module, err)
	}
	var got struct{ Dir string }
	if err := json.Unmarshal(out, &got); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(got.Dir, filepath.FromSlash(asset)))
	if err != nil {
		return nil, err
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(data)); sum != digest {
		return nil, fmt.Errorf("%s of %s has sha256 %s, not %s", asset, module, sum, digest)
	}
	return data, nil
}

// The numbers of the classes, as in package token.
const (
	symbol = iota
	number
	upper
	lower
	caseless
	mark
	space
	newline
)

func classes() ([]byte, error) {
	if unicode.Version != "15.0.0" {
		return nil, fmt.Errorf("the tables of Go are Unicode %s; the list in added.go is what 16 adds to 15.0.0, so use Go 1.26", unicode.Version)
	}
	all := make([]byte, unicode.MaxRune+1)
	for r := range all {
		all[r] = class(rune(r))
	}
	for _, a := range added {
		for r := a.lo; r <= a.hi; r++ {
			if all[r] != symbol {
				return nil, fmt.Errorf("%U is assigned already", r)
			}
			all[r] = a.class
		}
	}
	var out []byte
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		out = binary.AppendUvarint(append(out, all[i]), uint64(j-i))
		i = j
	}
	return out, nil
}

func class(r rune) byte {
	switch {
	case r == '\r' || r == '\n':
		return newline
	case unicode.Is(unicode.White_Space, r):
		return space
	case unicode.Is(unicode.N, r):
		return number
	case unicode.In(r, unicode.Lu, unicode.Lt):
		return upper
	case unicode.Is(unicode.Ll, r):
		return lower
	case unicode.In(r, unicode.Lm, unicode.Lo):
		return caseless
	case unicode.Is(unicode.M, r):
		return mark
	}
	return symbol
}
