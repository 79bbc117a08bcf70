package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"ossian/internal/mem"
	"ossian/internal/plan"
)

// fitWorld is a machine with so much memory and disk.
func fitWorld(t *testing.T, survey mem.Survey, disk int64) *world {
	t.Helper()
	w := newWorld(t, "", "")
	w.survey = func() mem.Survey { return survey }
	w.diskFree = func(string) (int64, bool) { return disk, true }
	w.prober = func(int) (prober, error) { return &gauge{}, nil }
	w.holders = func(int) []mem.Holder {
		return []mem.Holder{{Name: "browser", Bytes: 4e9}, {Name: "editor", Bytes: 2e9}}
	}
	return w
}

func TestBestOffer(t *testing.T) {
	for available, want := range map[int64]string{0: "", 8e9: "", 15e9: "gpt-oss-20b", 90e9: "gpt-oss-120b"} {
		w := fitWorld(t, mem.Survey{Available: available}, 100e9)
		probed := false
		w.prober = func(int) (prober, error) { probed = true; return &gauge{}, nil }
		o, ok := w.bestOffer()
		if o.Name != want || ok != (want != "") {
			t.Errorf("%d bytes: %+v", available, o)
		}
		if ok && (o.Rate.First <= 0 || o.Context < 2048 || o.Bytes < 1e10) || ok != probed {
			t.Errorf("%+v, probed: %v", o, probed)
		}
	}
}

// TestFit: what is said of models that are not here, on machines of several sizes.
func TestFit(t *testing.T) {
	container := mem.Survey{Available: 8e9, Limit: 8e9, Limited: true}
	for name, c := range map[string]struct {
		survey mem.Survey
		disk   int64
		args   string
		code   int
		want   []string
		hold   plan.Hold
	}{
		"roomy": {mem.Survey{Available: 64e9}, 1e12, "gpt-oss-20b", 0,
			[]string{"13.79 GB to fetch", "fastest that fits: ossian run -m gpt-oss-20b\n", "32768", "tokens/s to write", "to read a prompt"}, plan.Q8},
		"a bit short": {mem.Survey{Available: 11e9}, 1e12, "GPT-OSS-20B", 0,
			[]string{"--weights map", "close browser (4.00 GB), or a machine with 16 GB", "brackets does not fit"}, plan.Map},
		"container": {container, 1e12, "gpt-oss-20b", 0,
			[]string{"8.00 GB of memory are left of the container's limit of 8.00 GB", "--weights map", "memory: a limit of 16 GB for the container"}, plan.Map},
		"far too small": {mem.Survey{Available: 3e8}, 1e12, "gpt-oss-120b", 1, []string{"too little", "300.0 MB"}, ""},
		"no disk":       {mem.Survey{Available: 64e9}, 9e9, "openai/gpt-oss-20b", 1, []string{"make room for 4.79 GB"}, plan.Q8},
		"users": {mem.Survey{Available: 64e9}, 1e12, "gpt-oss-20b --users 4 --context 8192", 0,
			[]string{"for each of 4 users", "together", "--context 8192"}, plan.Q8},
		"nano": {mem.Survey{Available: 64e9}, 1e12, "nano", 0, []string{"nano: built in", "fastest that fits: ossian run\n"}, plan.Q8},
		"file": {mem.Survey{Available: 64e9}, 1e12, "../../testdata/gguf/wide-q8_0.gguf", 0, []string{"ossian run -m ../../testdata/gguf/wide-q8_0.gguf"}, plan.Q8},
	} {
		w := fitWorld(t, c.survey, c.disk)
		if code := w.run(t, append([]string{"fit"}, strings.Fields(c.args)...)...); code != c.code {
			t.Errorf("%s: exit code %d: %s", name, code, &w.err)
		}
		for _, want := range c.want {
			if !strings.Contains(w.out.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, &w.out)
			}
		}
		w = fitWorld(t, c.survey, c.disk)
		w.run(t, append([]string{"fit", "--json"}, strings.Fields(c.args)...)...)
		var r fitReport
		if err := json.Unmarshal(w.out.Bytes(), &r); err != nil || len(r.Models) != 1 || r.Available != c.survey.Available {
			t.Errorf("%s: %v, %+v", name, err, r)
			continue
		}
		if best := r.Models[0].Best; (best == nil) != (c.hold == "") || best != nil && best.Hold != c.hold {
			t.Errorf("%s: %+v", name, best)
		}
	}
}

// TestFitLists: without a name all of the catalogue and the built-in model.
func TestFitLists(t *testing.T) {
	w := fitWorld(t, mem.Survey{Available: 20e9}, 30e9)
	if code := w.run(t, "fit"); code != 0 {
		t.Fatal(code, &w.err)
	}
	for _, want := range []string{"nano                           here", "gpt-oss-20b", "gpt-oss-120b", "no room on the disk", "gpt-oss-safeguard-20b"} {
		if !strings.Contains(w.out.String(), want) {
			t.Errorf("no %q in\n%s", want, &w.out)
		}
	}
}

// TestFitMeasures: the plan is held against a load. Other tests have grown the process before, so
// that there is only a least.
func TestFitMeasures(t *testing.T) {
	w := fitWorld(t, mem.Survey{Available: 20e9}, 30e9)
	if code := w.run(t, "fit", "--measure", "--context", "4096", "--users", "2", "--json", "nano"); code != 0 {
		t.Fatal(code, &w.err)
	}
	var r fitReport
	if err := json.Unmarshal(w.out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	m := r.Models[0]
	if m.Measured == nil || m.Measured.Planned != m.Best.Need.Peak() || m.Measured.Measured < m.Best.Need.Weights+m.Best.Need.KV {
		t.Errorf("%+v", m.Measured)
	}
}

func TestFitRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"fit nothing": "no model", "fit --context=-1": "counts", "fit --context 200000 gpt-oss-20b": "beyond the limit", "fit --users 5000": "beyond",
		"fit --measure": "needs a model", "fit --measure gpt-oss-120b": "cannot be measured", "fit --weights map nano": "needs a model in a folder",
	} {
		w := fitWorld(t, mem.Survey{Available: 20e9}, 30e9)
		if code := w.run(t, strings.Fields(args)...); code == 0 || !strings.Contains(w.err.String(), want) {
			t.Errorf("%s: %d, %q", args, code, &w.err)
		}
	}
}
