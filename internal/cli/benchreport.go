package cli

import (
	"fmt"
	"strings"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/bench"
	"ossian/internal/model"
)

// benchReport is everything a bench has to say, as --json prints it.
type benchReport struct {
	Date      string         `json:"date"`
	Command   string         `json:"command"` // that measures the same again
	Program   versionInfo    `json:"program"`
	Processor string         `json:"processor,omitempty"`
	Model     *benchModel    `json:"model,omitempty"`
	Settings  *benchSettings `json:"settings,omitempty"`
	Load      *benchLoad     `json:"load,omitempty"`
	Disk      *bench.Disk    `json:"disk,omitempty"`
	Limits    *bench.Limits  `json:"limits,omitempty"` // of --probe-only; else they are in speed
	Speed     *bench.Result  `json:"speed,omitempty"`
	LeftOut   []string       `json:"left_out,omitempty"` // beyond the model's context

	Fidelity *bench.Fidelity `json:"fidelity,omitempty"`

	PeakMemory int64 `json:"peak_memory_bytes,omitempty"` // without what the probes take
}

type benchModel struct {
	Name        string `json:"name"`
	Shape       string `json:"shape,omitempty"`
	Files       int    `json:"files"`
	FileBytes   int64  `json:"file_bytes"`
	WeightBytes int64  `json:"weight_bytes,omitempty"` // in memory
}

type benchSettings struct {
	Threads     int    `json:"threads"`
	Kernels     string `json:"kernels"`
	Activations string `json:"activations"`
	Held        string `json:"held"` // all of it, and how the weights are kept, for people
}

type benchLoad struct {
	Seconds float64 `json:"seconds"`
	Bytes   int64   `json:"bytes"` // of the files
	Rate    float64 `json:"bytes_per_s"`
}

func newBenchReport(sys *system) *benchReport {
	return &benchReport{Date: sys.now().UTC().Format(time.RFC3339), Program: newVersionInfo(), Processor: bench.ProcessorName()}
}

// worth says that there is something to print.
func (r *benchReport) worth() bool {
	return r.Disk != nil || r.Load != nil || r.Limits != nil && len(r.Limits.Read.Samples) > 0 ||
		r.Fidelity != nil && len(r.Fidelity.Rows) > 0
}

// loaded notes the model, and how it is computed.
func (r *benchReport) loaded(m *opened) {
	r.model(m.place, m.backend.Config())
	r.Model.WeightBytes = m.weights.Bytes()
	r.Load = &benchLoad{Seconds: m.loadTime.Seconds(), Bytes: r.Model.FileBytes, Rate: perSecond(r.Model.FileBytes, m.loadTime)}
	r.Settings = &benchSettings{Held: m.held}
	if b, ok := m.backend.(*cpu.Backend); ok {
		r.Settings.Threads, r.Settings.Kernels, r.Settings.Activations = b.Threads(), b.Kernels(), string(b.Activations())
	}
}

func (r *benchReport) model(at place, cfg *model.Config) {
	r.Model = &benchModel{Name: at.name, Shape: cfg.Name()}
	r.Model.Files, r.Model.FileBytes = weightFiles(at.fsys)
}

// limits are those of the run, or of the probe alone.
func (r *benchReport) limits() *bench.Limits {
	if r.Speed != nil {
		return &r.Speed.Limits
	}
	return r.Limits
}

// crowded is the part of the time below which a person should know that figures may not be the machine's.
const crowded = 0.8

// field is a name and what there is to say about it.
type field struct{ name, text string }

// head is what is to be known beside the figures.
func (r *benchReport) head() (out []field) {
	add := func(name, format string, args ...any) { out = append(out, field{name, fmt.Sprintf(format, args...)}) }
	v := r.Program
	processor := r.Processor
	if processor == "" {
		processor = "unknown processor"
	}
	add("machine", "%s, %d cores, best tier %s, %s", processor, v.Cores, v.Tier, v.Platform)
	revision := ""
	if v.Revision != "" {
		revision = ", revision " + v.Revision[:min(12, len(v.Revision))]
		if v.Modified {
			revision += " with changes since"
		}
	}
	add("program", "ossian %s%s, %s", v.Version, revision, v.Go)
	if m := r.Model; m != nil {
		name := m.Name
		if m.Shape != "" && m.Shape != m.Name {
			name += ", of the shape of " + m.Shape
		}
		held := ""
		if m.WeightBytes > 0 {
			held = fmt.Sprintf(", %s in memory", size(m.WeightBytes))
		}
		add("model", "%s; %s in %s%s", name, size(m.FileBytes), plural(m.Files, "file"), held)
	}
	if s := r.Settings; s != nil {
		add("settings", "%s", s.Held)
		add("load", "%.2f s, %s", r.Load.Seconds, amount(r.Load.Rate, "B/s"))
	}
	if d := r.Disk; d != nil {
		way := "past the system's cache"
		if !d.Direct {
			way = "through the system's cache"
		}
		add("disk", "%s in %.2f s, %s, %s", size(d.Bytes), d.Seconds, amount(d.Rate, "B/s"), way)
	}
	if r.PeakMemory > 0 {
		add("peak memory", "%s", size(r.PeakMemory))
	}
	if l := r.limits(); l != nil {
		if len(l.Read.Samples) > 0 {
			add("memory reads", "%s", spread(l.Read, "B/s"))
		}
		for _, p := range l.Peaks {
			add("peak of "+string(p.Kind), "%s", spread(p.Rate, "op/s"))
		}
	}
	if r.Speed != nil && r.Settings != nil {
		if ours := r.Speed.Ours(r.Settings.Threads); ours > 0 && ours < crowded {
			add("crowded", "our threads ran for %.0f %% of the time: other programs had the processors, or the model is too small for so many threads", 100*ours)
		}
	}
	if len(r.LeftOut) > 0 {
		add("left out", "%s, beyond the model's context", strings.Join(r.LeftOut, ", "))
	}
	if r.Speed != nil && !r.Speed.Complete || r.Fidelity != nil && !r.Fidelity.Complete {
		add("incomplete", "it ended early")
	}
	return out
}

// text is the report for people.
func (r *benchReport) text() string {
	var b strings.Builder
	for _, f := range r.head() {
		fmt.Fprintf(&b, "%-13s %s\n", f.name, f.text)
	}
	if r.Fidelity != nil {
		b.WriteString(fidelityText(r.Fidelity))
	}
	if r.Speed == nil || len(r.Speed.Rows) == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "\n%-12s %9s  %-17s %10s %13s  %6s  %-10s\n", "", "tokens/s", "min to max", "a token", "in all", "share", "min to max")
	for _, row := range r.Speed.Rows {
		c := rowCells(row)
		fmt.Fprintf(&b, "%-12s %9s  %-17s %10s %13s  %6s  %-10s of %s\n", c.name, c.rate, c.rates, c.each, c.used, c.share, c.shares, c.of)
	}
	return b.String()
}
