package grammar

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ossian/internal/schema"
)

type suiteGroup struct {
	Description string
	Schema      json.RawMessage
	Tests       []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

// narrower tells the valid instances that a format does not write, as the documentation
// says: leap seconds away from UTC, and host names in punycode, whose validity takes tables.
func narrower(format, instance string) bool {
	switch format {
	case "format/date-time", "format/time":
		return strings.Contains(instance, ":60") && !strings.Contains(instance, "23:59:60")
	case "format/hostname":
		return strings.Contains(instance, "xn--")
	}
	return false
}

// TestSuite walks the instances of the JSON-Schema-Test-Suite. What a schema allows must be
// accepted and what it forbids refused, for every schema that is not refused itself; the
// table of what is refused is in the documentation, and -update rewrites it.
func TestSuite(t *testing.T) {
	files, _ := filepath.Glob(testdata + "suite/*.json")
	more, _ := filepath.Glob(testdata + "suite/format/*.json")
	if len(files) < 40 || len(more) < 10 {
		t.Fatal("the suite is not there")
	}
	table := "| keyword | schemas enforced | instances right | refused, or without a valid instance |\n| --- | --- | --- | --- |\n"
	for _, file := range append(files, more...) {
		name, _ := strings.CutPrefix(strings.TrimSuffix(file, ".json"), testdata+"suite/")
		var groups []suiteGroup
		if err := json.Unmarshal(readFile(t, file), &groups); err != nil {
			t.Fatal(err)
		}
		done, instances, refused := 0, 0, map[string]bool{}
		for _, g := range groups {
			gr, err := FromSchema(g.Schema)
			if err != nil {
				refused[reason(err)] = true
				for _, test := range g.Tests {
					if test.Valid && reason(err) == unsatisfiable {
						t.Errorf("%s: %s: %v", name, g.Description, err)
					}
				}
				continue
			}
			done++
			for _, test := range g.Tests {
				instances++
				got := takes(gr, decodeJSON(t, test.Data))
				if got != test.Valid && !(test.Valid && narrower(name, string(test.Data))) {
					t.Errorf("%s: %s: %s: %s\n\tschema %s\n\taccepted: %v", name, g.Description, test.Description, test.Data, g.Schema, got)
				}
			}
		}
		table += fmt.Sprintf("| %s | %d of %d | %d | %s |\n", name, done, len(groups), instances, strings.Join(slices.Sorted(maps.Keys(refused)), "; "))
	}
	const doc, begin, end = "../../docs/structured-output.md", "<!-- suite -->\n", "<!-- end -->"
	text := string(readFile(t, doc))
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if want := head + begin + table + end + tail; !ok || !ok2 || want != text {
		if !*update || !ok || !ok2 {
			t.Fatalf("%s does not say what is so; go test ./internal/grammar -run TestSuite -update", doc)
		}
		if err := os.WriteFile(doc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range schema.Formats() {
		if !strings.Contains(text, "`"+f+"`") {
			t.Errorf("%s does not name the format %s", doc, f)
		}
	}
}

const unsatisfiable = "nothing satisfies it"

// reason is why a schema was refused, for the table.
func reason(err error) string {
	var e *schema.Error
	switch {
	case !errors.As(err, &e):
		return unsatisfiable
	case e.Limit:
		return "`" + e.Keyword + "`: too large"
	case e.Keyword == "$ref":
		return "`$ref` to another document"
	}
	return "`" + e.Keyword + "`"
}
