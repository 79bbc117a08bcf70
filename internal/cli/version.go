package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"ossian/internal/cpu"
)

type versionCmd struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

func (versionCmd) Help() string {
	return `Example:

    ossian version`
}

type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Cores    int    `json:"cores"`
	Tier     string `json:"cpu_tier"`
	Features string `json:"cpu_features"`
}

func newVersionInfo() versionInfo {
	f := cpu.Detect()
	v := versionInfo{
		Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Cores: runtime.GOMAXPROCS(0), Tier: string(f.Best()), Features: f.String(),
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if build.Main.Version != "" && build.Main.Version != "(devel)" {
		v.Version = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (c *versionCmd) Run(sys *system) error {
	v := newVersionInfo()
	if c.JSON {
		enc := json.NewEncoder(sys.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	fmt.Fprintf(sys.stdout, "ossian %s\n", v.Version)
	if v.Revision != "" {
		changed := ""
		if v.Modified {
			changed = ", with changes since"
		}
		fmt.Fprintf(sys.stdout, "revision %s of %s%s\n", v.Revision, v.Time, changed)
	}
	_, err := fmt.Fprintf(sys.stdout, "%s on %s, %d cores\ncpu tier %s: %s\n", v.Go, v.Platform, v.Cores, v.Tier, v.Features)
	return err
}
