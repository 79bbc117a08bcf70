package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"ossian/internal/mem"
	"ossian/internal/plan"
)

type fitCmd struct {
	Model string `arg:"" optional:"" help:"A model folder, a .gguf file, an installed name, or a name of the catalogue that is not here yet (gpt-oss-20b, gpt-oss-120b); without it the catalogue and the built-in nano."`
	weightFlags
	Context int  `placeholder:"N" help:"Most tokens of prompt and answer together (default: some lengths)."`
	Users   int  `placeholder:"N" help:"How many conversations at the same time, each with such a context (default: 1)."`
	Threads int  `placeholder:"N" help:"Worker threads (default: all usable cores)."`
	Measure bool `help:"Instead of measuring speeds, load the model, fill its contexts, and compare what the process took with the plan."`
	JSON    bool `name:"json" help:"Print one JSON object; sizes are in bytes."`
}

func (fitCmd) Help() string {
	return `Says before anything is fetched or loaded whether a model fits into this machine's memory and disk, in which settings, and how fast it will be. Memory is what is free now, within the container's limits, and a plan's is that of the whole process with its contexts full and 3 % in reserve. Speeds are predicted from the memory's and the processor's, which are measured for a second. Every load is held against the same plan.

Exit codes: 0 it fits; 1 the model does not fit in any setting, or the disk has no room for it.

Examples:

    ossian fit
    ossian fit gpt-oss-120b
    ossian fit --context 16384 --users 4 ~/models/gpt-oss-20b
    ossian fit --dense bf16 --context 32768 --measure gpt-oss-20b
    ossian fit --json gpt-oss-20b | jq .models[0].best
    ossian fit gpt-oss-20b && ossian pull gpt-oss-20b`
}

func (c *fitCmd) Validate() error {
	if c.Context < 0 || c.Users < 0 || c.Threads < 0 {
		return usage("--context, --users and --threads are counts, from 0 up")
	}
	if c.Users > maxUsers {
		return usage("--users %d is beyond %d", c.Users, maxUsers)
	}
	if c.Threads > maxThreads {
		return usage("--threads %d is beyond %d", c.Threads, maxThreads)
	}
	if c.Measure && c.Context == 1 {
		return usage("--measure needs a --context of 2 or more")
	}
	if c.Measure && c.Model == "" {
		return usage("--measure needs a model to load: ossian fit --measure MODEL")
	}
	return c.weightFlags.check()
}

// maxUsers bounds what sums may come to.
const maxUsers = 1024

// fitReport is what ossian fit says.
type fitReport struct {
	Available int64    `json:"available_bytes"`
	Within    string   `json:"-"`
	Limit     int64    `json:"container_limit_bytes,omitempty"`
	Disk      int64    `json:"disk_free_bytes"`
	Read      float64  `json:"memory_read_bytes_per_s"`
	DiskRead  float64  `json:"disk_read_bytes_per_s,omitempty"`
	Threads   int      `json:"threads"`
	Models    []fitted `json:"models"`
	limited   bool     // by the container
}

// fitted is how one model fits.
type fitted struct {
	Model    string       `json:"model"`
	Folder   string       `json:"folder,omitempty"`
	Fetch    int64        `json:"fetch_bytes"` // not here yet
	Settings []plan.Plan  `json:"settings"`
	Best     *plan.Plan   `json:"best"` // the fastest that fits; null: none does
	Problem  string       `json:"problem,omitempty"`
	Close    []mem.Holder `json:"close,omitempty"`             // programs that would make room for the weights in memory
	Buy      int          `json:"machine_memory_gb,omitempty"` // of a machine that would hold them
	Measured *peak        `json:"measured,omitempty"`
}

func (c *fitCmd) Run(ctx context.Context, sys *system) error {
	ctx, stop := sys.interrupt(ctx)
	defer stop()
	models, err := sys.planned(c.Model)
	if err != nil {
		return err
	}
	for _, m := range models {
		if c.Context > m.Config.MaxContext && c.Model != "" {
			return fmt.Errorf("--context %d is beyond the limit of %s, %d", c.Context, m.Name, m.Config.MaxContext)
		}
	}
	mc := sys.machine(c.Threads)
	if !c.Measure { // which memory for probing would disturb
		mc = sys.measured(c.Threads)
	}
	if len(models) == 1 && models[0].place != nil && !c.Measure {
		mc.DiskRead = sys.diskRate(ctx, *models[0].place)
	}
	r := fitReport{Available: mc.Available, Within: mc.Within, Limit: sys.survey().Limit, limited: mc.Limited, Disk: mc.Disk, Read: mc.Read, DiskRead: mc.DiskRead, Threads: mc.Threads}
	for _, m := range models {
		f, err := sys.fit(m, &mc, c)
		if err != nil {
			return err
		}
		r.Models = append(r.Models, f)
	}
	if c.Measure {
		m := &r.Models[0]
		if m.Fetch > 0 || m.Best == nil {
			return fmt.Errorf("%s cannot be measured: it is not here, or does not fit", m.Model)
		}
		if m.Measured, err = c.measure(ctx, sys, c.Model, m.Best); err != nil {
			return explain(err)
		}
	}
	if c.JSON {
		enc := json.NewEncoder(sys.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	} else {
		text := r.list()
		if c.Model != "" {
			text = r.one(c)
		}
		_, err = io.WriteString(sys.stdout, text)
	}
	if err == nil && c.Model != "" && (r.Models[0].Best == nil || r.Models[0].Problem != "") {
		return coded(exitError)
	}
	return err
}
