package lint

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "record the present hashes of generated files and their sources")

// generatedList names every generated file and what it is made from, a line each:
// output, recipe, sha256 of output, sha256 of recipe. `make generate` rewrites the hashes.
const generatedList = "internal/lint/generated.txt"

// TestGenerated notices a recipe changed without its output, or an output edited by hand.
func TestGenerated(t *testing.T) {
	dir := root(t)
	list, err := os.ReadFile(filepath.Join(dir, generatedList))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		line := lines.Text()
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
			continue
		}
		if len(f) < 2 || (len(f) != 4 && !*update) {
			t.Fatalf("%s: %q is not `output recipe sha256 sha256`", generatedList, line)
		}
		o, r := digest(t, filepath.Join(dir, f[0])), digest(t, filepath.Join(dir, f[1]))
		if *update {
			fmt.Fprintln(&out, f[0], f[1], o, r)
			continue
		}
		if o != f[2] {
			t.Errorf("%s was changed since it was generated.\n\tRemedy: change %s and run `make generate`; never edit the output.", f[0], f[1])
		}
		if r != f[3] {
			t.Errorf("%s changed, but %s was not made again.\n\tRemedy: run `make generate` (or follow the recipe's README) and commit both.", f[1], f[0])
		}
	}
	if *update {
		if err := os.WriteFile(filepath.Join(dir, generatedList), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func digest(t *testing.T, p string) string {
	t.Helper()
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
