package bundle

import (
	"debug/buildinfo"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBuildInfo holds our reader against the standard library's, on this very executable.
func TestBuildInfo(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	got, err := buildInfo(self)
	if err != nil {
		t.Fatal(err)
	}
	want.GoVersion, got.GoVersion = "", "" // which stands in another string
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBuildInfoHostile gives it files that only look like one.
func TestBuildInfoHostile(t *testing.T) {
	marker := "\xff Go build" + "inf:"
	for name, text := range map[string]string{
		"empty": "", "short": marker, "flags alone": marker + "\x08\x02",
		"no strings": marker + "\x08\x02" + strings.Repeat("\x00", 16), "long string": marker + "\x08\x02" + strings.Repeat("\x00", 16) + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"old form": marker + "\x08\x00" + strings.Repeat("\x00", 64), "between": "x" + marker + "\x08\x02" + strings.Repeat("\x01", 64),
		"far": strings.Repeat(" ", 1<<20) + marker + "\x08\x02" + strings.Repeat("\x01", 20),
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := buildInfo(path); !errors.Is(err, errNotGo) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
