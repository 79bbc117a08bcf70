package cli

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ossian/internal/bench"
	"ossian/internal/probe"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// gauge is a machine of known limits.
type gauge struct {
	reads, closed int
	onRead        func(n int)
}

func (g *gauge) Read() float64 {
	if g.reads++; g.onRead != nil {
		g.onRead(g.reads)
	}
	return 50e9
}
func (g *gauge) Peaks() []bench.Peak {
	return []bench.Peak{{Kind: probe.Int8, Rate: 2e12}, {Kind: probe.F32, Rate: 500e9}}
}
func (g *gauge) Memory() int64 { return 1 }
func (g *gauge) Close() error  { g.closed++; return nil }

// newBench is a world with the built-in model, a clock that goes a second each time it is
// asked, and a machine of known limits.
func newBench(t *testing.T) (*world, *gauge) {
	w, g := newWorld(t, "", ""), &gauge{}
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	w.now = func() time.Time { now = now.Add(time.Second); return now }
	w.prober = func(int) (prober, error) { return g, nil }
	return w, g
}

func TestBench(t *testing.T) {
	w, g := newBench(t)
	record := filepath.Join(t.TempDir(), "record.md")
	for range 2 {
		w.out.Reset()
		if code := w.run(t, "bench", "-q", "--prompt", "5", "--depth", "0,12", "--tokens", "2", "--repeat", "2", "--json", "--record", record); code != 0 || w.err.Len() != 0 {
			t.Fatal(code, &w.err)
		}
	}
	var got benchReport
	if err := json.Unmarshal(w.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, r := range got.Speed.Rows {
		names += " " + r.Name
	}
	if names != " tg2 pp5 pp5@7 tg2@12" || !got.Speed.Complete || got.Model.Name != "nano" || got.Model.FileBytes == 0 || got.Load.Seconds <= 0 || got.Settings.Threads < 1 {
		t.Errorf("%s, %+v", names, got)
	}
	row, _ := got.Speed.Row("tg2")
	held := got.Speed.Held
	bytes := float64(held.Dense+held.Unembed+held.Rest+6*2*held.Expert) + 1.5*6*float64(held.KV) // six layers see one position, then two
	if row.Rate.Median != 2 || len(row.Repetitions) != 2 || row.PerToken != bytes || row.Share.Median != 2*bytes/50e9 {
		t.Errorf("a token reads %g bytes: %+v", bytes, row)
	}
	if g.closed != 2 {
		t.Error("the machine was not closed")
	}
	text, err := os.ReadFile(record)
	if err != nil || strings.Count(string(text), "## nano, 2026-01-31\n\n") != 2 || strings.Count(string(text), "\n| tg2@12 | 2.00 |") != 2 ||
		got.Command != "ossian bench --prompt 5 --depth 0,12 --tokens 2 --repeat 2" {
		t.Errorf("%s, %v", text, err)
	}
}

// TestBenchInterrupted presses Ctrl-C in the second of three rounds.
func TestBenchInterrupted(t *testing.T) {
	w, g := newBench(t)
	g.onRead = func(n int) {
		if n == 3 {
			w.break_()
		}
	}
	code := w.run(t, "bench", "-q", "--prompt", "5", "--depth", "0", "--tokens", "2", "--json")
	var got benchReport
	if err := json.Unmarshal(w.out.Bytes(), &got); err != nil {
		t.Fatal(err, &w.err)
	}
	if code != exitInterrupted || got.Speed.Complete || len(got.Speed.Rows) != 2 || got.PeakMemory <= 0 || !strings.Contains(w.err.String(), "interrupted") {
		t.Errorf("%d, %q, %s", code, &w.err, &w.out)
	}
	w, g = newBench(t)
	g.onRead = func(int) { w.break_() }
	if code := w.run(t, "bench", "-q", "--prompt", "0"); code != exitInterrupted || !strings.Contains(w.out.String(), "\nload  ") || strings.Contains(w.out.String(), "tokens/s") {
		t.Errorf("%d, %q, %q", code, &w.out, &w.err)
	}
	w, g = newBench(t)
	w.prober = func(int) (prober, error) { w.break_(); return g, nil }
	if code := w.run(t, "bench", "-q"); code != exitInterrupted || w.out.Len() != 0 || w.err.String() != "ossian: interrupted\n" {
		t.Errorf("%d, %q, %q", code, &w.out, &w.err)
	}
}

func TestBenchProbeOnly(t *testing.T) {
	w, _ := newBench(t)
	code := w.run(t, "bench", "--probe-only")
	for _, want := range []string{"memory reads  50.0 GB/s (50.0 to 50.0)\n", "peak of int8  2000 Gop/s", "peak of f32   500 Gop/s"} {
		if code != 0 || !strings.Contains(w.out.String(), want) {
			t.Errorf("%d: %q is not in\n%s", code, want, &w.out)
		}
	}
}

// TestBenchDisk: files are read before they are loaded.
func TestBenchDisk(t *testing.T) {
	w, _ := newBench(t)
	dir := filepath.Join("..", "..", "testdata", "golden", "narrow", "hf")
	if code := w.run(t, "bench", "-m", dir, "--disk", "--json", "--prompt", "4", "--tokens", "0", "--repeat", "1"); code != 0 {
		t.Fatal(code, &w.err)
	}
	var got benchReport
	if err := json.Unmarshal(w.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Disk == nil || got.Disk.Bytes != got.Model.FileBytes || got.Disk.Seconds <= 0 || len(got.Speed.Rows) != 1 {
		t.Errorf("%s", &w.out)
	}
	w, _ = newBench(t)
	if code := w.run(t, "bench", "--disk"); code != exitUsage || !strings.Contains(w.err.String(), "--disk needs a model in a folder") {
		t.Errorf("%d, %q", code, &w.err)
	}
}

func TestBenchUsage(t *testing.T) {
	for args, want := range map[string]string{
		"--prompt 0 --tokens 0":      "nothing to measure",
		"--prompt=-3":                "a prompt of -3 tokens",
		"--depth 5,5":                "5 is listed twice",
		"--repeat=-1":                "-1 repetitions",
		"--tokens=-1":                "-1 tokens to decode",
		"--probe-only --quick":       "--probe-only measures the machine alone",
		"--fidelity --depth 5":       "--fidelity measures quality",
		"--fidelity --prompt 0":      "--fidelity needs a text",
		"--fidelity --prompt 5,6":    "--fidelity measures quality",
		"--context 100":              "the plan needs 4288 positions, --context allows 100",
		"--prompt many":              "expected",
		"--threads -1":               "--threads",
		"--kernels sse2 --prompt 12": "--kernels sse2",
	} {
		w, _ := newBench(t)
		if code := w.run(t, append([]string{"bench"}, strings.Fields(args)...)...); code != exitUsage || !strings.Contains(w.err.String(), want) {
			t.Errorf("%s: %d, %q", args, code, &w.err)
		}
	}
	w, _ := newBench(t)
	if code := w.run(t, "bench", "--prompt", "140000", "--tokens", "0"); code != exitError || !strings.Contains(w.err.String(), "needs 140000 positions, the model's limit is 131072; give shorter prompts") {
		t.Errorf("%d, %q", code, &w.err)
	}
}

// TestBenchReport holds what people read.
func TestBenchReport(t *testing.T) {
	limits := bench.Limits{Read: bench.SeriesOf(48e9, 51e9, 50e9), Peaks: []bench.PeakSeries{{Kind: probe.Int8, Rate: bench.SeriesOf(2.1e12, 2e12)}}}
	r := &benchReport{
		Date: "2026-01-31T12:00:00Z", Command: "ossian bench -m 20b --quick", Processor: "Some Processor", PeakMemory: 13_870_000_000,
		Program:  versionInfo{Version: "v1.0.0", Revision: "0123456789abcdef0123", Modified: true, Go: "go1.26.8", Platform: "linux/amd64", Cores: 2, Tier: "avx512"},
		Model:    &benchModel{Name: "20b", Shape: "gpt-oss-20b", Files: 3, FileBytes: 13_761_000_000, WeightBytes: 12_500_000_000},
		Settings: &benchSettings{Threads: 2, Kernels: "avx512", Activations: "int8", Held: "weights read, dense weights in 8 bits; activations int8; avx512 kernels on 2 threads"},
		Load:     &benchLoad{17.25, 13_761_000_000, 797e6},
		Disk:     &bench.Disk{Bytes: 13_761_000_000, Seconds: 11, Rate: 1.25e9, Direct: true},
		LeftOut:  []string{"tg64@4096"},
		Speed: &bench.Result{Plan: bench.QuickPlan(), Limits: limits, Rows: []*bench.Row{
			{Name: "pp512", Of: "int8", PerToken: 7.25e9, Rate: bench.SeriesOf(151.2, 149, 160), Used: bench.SeriesOf(1.1e12), Share: bench.SeriesOf(0.55, 0.5, 0.56)},
			{Name: "tg32", Of: bench.Read, PerToken: 2.57e9, Rate: bench.SeriesOf(15.6, 9.91), Used: bench.SeriesOf(40.1e9), Share: bench.SeriesOf(0.8),
				Repetitions: []bench.Repetition{{Seconds: 2, Processor: 1.44}}},
		}},
	}
	golden(t, "bench.text.golden", r.text())
	f := &bench.Fidelity{Text: "prose", Tokens: 384, Positions: 83, Complete: true, Rows: []bench.ComparedRow{{}}}
	f.Reference = bench.SettingRow{Name: "f32 activations, weights as published", Speed: bench.Speed{Prefill: 31, Decode: 9.5}}
	f.Rows[0] = bench.ComparedRow{SettingRow: bench.SettingRow{Name: "int8 activations, q8 dense"}, Difference: bench.Difference{KL: 0.0123, WorstKL: 0.4, Agreement: 0.984, Logit: 0.0171}}
	golden(t, "fidelity.text.golden", (&benchReport{Date: r.Date, Command: "ossian bench --fidelity", Program: r.Program, Fidelity: f}).text())
	golden(t, "fidelity.markdown.golden", (&benchReport{Date: r.Date, Command: "ossian bench --fidelity", Program: r.Program, Fidelity: f}).markdown())
	golden(t, "bench.markdown.golden", r.markdown())
}

// TestBenchFidelity compares all ways on a small checkpoint; the default one alone with --quick.
func TestBenchFidelity(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "golden", "narrow", "hf")
	for _, c := range []struct {
		args string
		rows int
	}{{"--prompt 40", 6}, {"--prompt 20 --quick --activations int16", 1}} {
		w, g := newBench(t)
		record := filepath.Join(t.TempDir(), "record.md")
		if code := w.run(t, append([]string{"bench", "-q", "--fidelity", "--json", "-m", dir, "--record", record}, strings.Fields(c.args)...)...); code != 0 {
			t.Fatal(code, &w.err)
		}
		var got benchReport
		if err := json.Unmarshal(w.out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		f := got.Fidelity
		if f == nil || !f.Complete || len(f.Rows) < c.rows || f.Text != "random ids" || g.reads != 0 || got.Model.Name != "hf" {
			t.Fatalf("%s: %s", c.args, &w.out)
		}
		for _, r := range f.Rows {
			if r.Positions != f.Tokens || r.Logit <= 0 && !strings.Contains(r.Name, "kernels") || r.Logit > 0.8 || r.KL > 0.1 || r.Agreement < 0.6 {
				t.Errorf("%s: %+v", c.args, r)
			}
		}
		text, err := os.ReadFile(record)
		if want := "| f32 activations, weights as published | reference |"; err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s, %v", text, err)
		}
		if want := "ossian bench -m hf --fidelity --prompt 40"; c.rows > 1 && got.Command != want {
			t.Errorf("%q, want %q", got.Command, want)
		}
		if c.rows == 1 && f.Rows[0].Name != "int16 activations, q8 dense" {
			t.Errorf("%+v", f.Rows)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\nis not what %s holds; run with -update if that is meant", got, file)
	}
}
