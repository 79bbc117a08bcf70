package grammar

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
// table of what is refused is in docs/structured-output.md.
func TestSuite(t *testing.T) {
	files, _ := filepath.Glob(testdata + "suite/*.json")
	more, _ := filepath.Glob(testdata + "suite/format/*.json")
	if len(files) < 40 || len(more) < 10 {
		t.Fatal("the suite is not there")
	}
	var table []string
	for _, file := range append(files, more...) {
		name, _ := strings.CutPrefix(strings.TrimSuffix(file, ".json"), testdata+"suite/")
		var groups []suiteGroup
		if err := json.Unmarshal(readFile(t, file), &groups); err != nil {
			t.Fatal(err)
		}
		done, instances, refused := 0, 0, map[string]int{}
		for _, g := range groups {
			gr, err := FromSchema(g.Schema)
			if err != nil {
				refused[err.Error()]++
				if gr == nil && strings.Contains(err.Error(), "nothing satisfies") {
					for _, test := range g.Tests {
						if test.Valid {
							t.Errorf("%s: %s: %v", name, g.Description, err)
						}
					}
				}
				continue
			}
			done++
			for _, test := range g.Tests {
				where := name + ": " + g.Description + ": " + test.Description
				instances++
				got := takes(gr, decodeJSON(t, test.Data))
				if got != test.Valid && !(test.Valid && narrower(name, string(test.Data))) {
					t.Errorf("%s: %s\n\tschema %s\n\taccepted: %v", where, test.Data, g.Schema, got)
				}
			}
		}
		table = append(table, fmt.Sprintf("| %s | %d of %d | %d |", name, done, len(groups), instances))
		for _, e := range slices.Sorted(maps.Keys(refused)) {
			table = append(table, "      "+e)
		}
	}
	t.Log("\n" + strings.Join(table, "\n"))
}
