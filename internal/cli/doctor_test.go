package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ossian/internal/mem"
)

// TestDoctor: what it finds on several machines, and when that is fatal.
func TestDoctor(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, "models", "broken"), 0o755); err != nil {
		t.Fatal(err)
	}
	golden, err := filepath.Abs("../../testdata/golden/wide/hf")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(golden, filepath.Join(home, "models", "wide")); err != nil {
		t.Skip(err)
	}
	env := map[string]string{"OSSIAN_HOME": home, "HF_HOME": filepath.Join(home, "hf")}
	for name, c := range map[string]struct {
		survey mem.Survey
		args   []string
		env    string
		code   int
		want   []string
	}{
		"well": {mem.Survey{Total: 32e9, Available: 30e9, HugePages: "madvise"}, nil, "", 0,
			[]string{"30.00 GB free of 32.00 GB, read at 50.0 GB/s; huge pages: madvise", "nano                     fits", "wide                     fits",
				"broken                   does not run here", "broken: ", "ask wide: ossian run -m wide", "--offline forbids it"}},
		"container": {mem.Survey{Total: 32e9, Available: 6e9, Limit: 8e9, Limited: true}, nil, "", 0,
			[]string{"memory limited to 8.00 GB", "raise it for larger models"}},
		"no memory": {mem.Survey{Total: 1e9, Available: 10e6}, nil, "", 1, []string{"prevents running: nano: ", "too little", "mend what prevents running"}},
		"offline":   {mem.Survey{Available: 30e9, HugePages: "never"}, []string{"--offline"}, "", 0, []string{"closed by --offline", "huge pages are switched off"}},
		"variable":  {mem.Survey{Available: 30e9}, nil, "lost", 1, []string{`prevents running: OSSIAN_MODEL: no model "lost"`}},
	} {
		setup := func() *world {
			w := fitWorld(t, c.survey, 1e12)
			w.getenv = func(name string) string {
				if name == "OSSIAN_MODEL" {
					return c.env
				}
				return env[name]
			}
			return w
		}
		w := setup()
		if code := w.run(t, append([]string{"doctor"}, c.args...)...); code != c.code {
			t.Errorf("%s: exit code %d: %s", name, code, &w.err)
		}
		for _, want := range c.want {
			if !strings.Contains(w.out.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, &w.out)
			}
		}
		w = setup()
		w.run(t, append([]string{"doctor", "--json"}, c.args...)...)
		var d diagnosis
		if err := json.Unmarshal(w.out.Bytes(), &d); err != nil || len(d.Models) != 3 || len(d.Kernels) == 0 || d.DiskFree != 1e12 || len(d.Next) == 0 {
			t.Errorf("%s: %v, %+v", name, err, d)
		}
	}
}

// TestDoctorOffers: a machine without a model is offered the one that suits it.
func TestDoctorOffers(t *testing.T) {
	w := fitWorld(t, mem.Survey{Available: 20e9}, 1e12)
	w.getenv = func(name string) string {
		return map[string]string{"OSSIAN_HOME": t.TempDir(), "HF_HOME": t.TempDir()}[name]
	}
	if code := w.run(t, "doctor"); code != 0 || !strings.Contains(w.out.String(), "ossian pull gpt-oss-20b (13.79 GB; 32768 tokens of context, about ") {
		t.Error(code, &w.out)
	}
}
