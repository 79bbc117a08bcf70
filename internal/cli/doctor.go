package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"ossian/internal/bench"
	"ossian/internal/cpu"
	"ossian/internal/mem"
	"ossian/internal/plan"
)

type doctorCmd struct {
	JSON bool `name:"json" help:"Print one JSON object; sizes are in bytes."`
}

func (doctorCmd) Help() string {
	return `Looks at processor, memory, container, disk, settings and the models that are here, measures for a second or two, and says what is wrong and what to do next. It connects to nothing and changes nothing.

Exit codes: 0 this machine runs at least the built-in model; 1 something prevents that.

Examples:

    ossian doctor
    ossian doctor --json | jq .problems`
}

// diagnosis is what ossian doctor finds.
type diagnosis struct {
	Program   versionInfo `json:"program"`
	Kernel    string      `json:"system_kernel,omitempty"` // its release, where that is easily read
	Processor string      `json:"processor,omitempty"`
	Cores     int         `json:"cores"`        // of the machine
	Threads   int         `json:"usable_cores"` // of them, those that the process may use
	Kernels   []string    `json:"kernels"`      // that run here, the one in use first

	Memory    int64   `json:"memory_bytes,omitempty"`
	Available int64   `json:"available_bytes,omitempty"`
	Limit     int64   `json:"container_limit_bytes,omitempty"`
	HugePages string  `json:"huge_pages,omitempty"`
	Read      float64 `json:"memory_read_bytes_per_s,omitempty"`

	Cache    string  `json:"models_folder,omitempty"`
	DiskFree int64   `json:"disk_free_bytes,omitempty"`
	DiskRead float64 `json:"disk_read_bytes_per_s,omitempty"`

	Offline  string `json:"offline_by,omitempty"` // what forbids connections
	Endpoint string `json:"hub,omitempty"`

	Models   []checked `json:"models"`
	Problems []problem `json:"problems"`
	Next     []string  `json:"next"`
}

// checked is a model that is here.
type checked struct {
	listed
	Best    *plan.Plan `json:"best"` // null: it does not fit, or cannot be read
	Problem string     `json:"problem,omitempty"`
}

// problem is something wrong, and whether it keeps the program from running at all.
type problem struct {
	Text  string `json:"text"`
	Fatal bool   `json:"fatal"`
}

func (d *diagnosis) found(fatal bool, format string, args ...any) {
	d.Problems = append(d.Problems, problem{fmt.Sprintf(format, args...), fatal})
}

func (c *doctorCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	d := sys.diagnose(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var err error
	if c.JSON {
		enc := json.NewEncoder(sys.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(d)
	} else {
		_, err = io.WriteString(sys.stdout, d.text())
	}
	for _, p := range d.Problems {
		if p.Fatal && err == nil {
			return coded(exitError)
		}
	}
	return err
}

func (s *system) diagnose(ctx context.Context) *diagnosis {
	look, mc := s.survey(), s.measured(0)
	d := &diagnosis{
		Program: newVersionInfo(), Kernel: kernelRelease(), Processor: bench.ProcessorName(), Cores: runtime.NumCPU(), Threads: mc.Threads,
		Memory: look.Total, Available: look.Available, Limit: look.Limit, HugePages: look.HugePages, Read: mc.Read,
		DiskFree: mc.Disk, Offline: s.forbidden("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"), Problems: []problem{}, Next: []string{},
	}
	for _, t := range cpu.Detect().Tiers() {
		d.Kernels = append(d.Kernels, string(t))
	}
	settings, err := s.hubSettings()
	if err != nil {
		d.found(false, "%v", err)
	}
	d.Cache, d.Endpoint = settings.Cache, settings.Endpoint
	list, err := s.listed()
	if err != nil {
		d.found(false, "%v", err)
		list = []listed{{Name: builtin, Complete: true}}
	}
	for _, l := range list {
		if m := s.check(ctx, l, &mc); ctx.Err() == nil {
			d.Models = append(d.Models, m)
		}
	}
	d.DiskRead = mc.DiskRead
	d.weigh(look)
	if name := s.getenv("OSSIAN_MODEL"); name != "" {
		if _, err := s.find(name); err != nil {
			d.found(true, "OSSIAN_MODEL: %v", err)
		}
	}
	d.advise(&mc)
	return d
}

// kernelRelease is the version of Linux; "" elsewhere.
func kernelRelease() string {
	text, _ := readSmall(os.DirFS("/proc/sys/kernel"), "osrelease")
	return strings.TrimSpace(string(text))
}

// check plans for a model that is here. The first that is read from the disk tells its rate.
func (s *system) check(ctx context.Context, l listed, mc *plan.Machine) checked {
	m := checked{listed: l}
	if !l.Complete {
		m.Problem = l.lacks
		return m
	}
	name := l.Folder
	if name == "" {
		name = l.Name
	}
	at, err := s.find(name)
	var model *plan.Model
	if err == nil {
		if mc.DiskRead == 0 {
			mc.DiskRead = s.diskRate(ctx, at)
		}
		model, err = modelAt(at)
	}
	if err != nil {
		m.Problem = err.Error()
		return m
	}
	model.Name = l.Name
	if p := model.Choose(mc, plan.Wish{}); p.Fits {
		m.Best = &p
	} else {
		m.Problem = model.Refuse(mc, plan.Wish{}, p).Error()
	}
	return m
}

// weigh finds what is wrong with the machine and the models.
func (d *diagnosis) weigh(look mem.Survey) {
	if d.Kernels[0] == string(cpu.Generic) {
		d.found(false, "this processor has none of the instruction sets that the fast kernels need (AVX2 with FMA, AVX-512, NEON); the plain ones take many times as long")
	}
	if d.HugePages == "never" {
		d.found(false, "huge pages are switched off, which slows reading gigabytes of weights down; allow them: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
	}
	if look.Limited {
		d.found(false, "the container's limit, %s, leaves less memory than the machine has; raise it for larger models", size(look.Limit))
	}
	for _, m := range d.Models {
		if m.Problem != "" {
			d.found(m.Name == builtin && m.Folder == "", "%s: %s", m.Name, m.Problem)
		}
	}
	if info, err := os.Stat(d.Cache); err == nil && !info.IsDir() {
		d.found(false, "%s is no folder, so nothing can be pulled; set HF_HUB_CACHE to one", d.Cache)
	}
}

// advise says what to do next.
func (d *diagnosis) advise(mc *plan.Machine) {
	for _, p := range d.Problems {
		if p.Fatal {
			d.Next = append(d.Next, "mend what prevents running: see the problems")
			return
		}
	}
	best := checked{}
	for _, m := range d.Models {
		if m.Best != nil && m.Bytes > best.Bytes {
			best = m
		}
	}
	offer, ok := plan.Best(mc)
	switch {
	case best.Name != "":
		d.Next = append(d.Next, fmt.Sprintf("ask %s: ossian run -m %s \"Hello\"", best.Name, best.Name))
	case ok && d.Offline == "":
		d.Next = append(d.Next, fmt.Sprintf("fetch the model that suits this machine: ossian pull %s (%s; %d tokens of context, about %s)",
			offer.Name, size(offer.Bytes), offer.Context, perToken(offer.Rate.First)))
	default:
		d.Next = append(d.Next, `ask the built-in model: ossian run "What is the capital of Japan?"`)
	}
	d.Next = append(d.Next, "what other models would need: ossian fit")
}
