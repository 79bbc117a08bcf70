package cli

import (
	"fmt"
	"strings"
)

// text is the diagnosis for people.
func (d *diagnosis) text() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	version := d.Program.Version
	if len(d.Program.Revision) >= 12 {
		version += ", revision " + d.Program.Revision[:12]
	}
	kernel := ""
	if d.Kernel != "" {
		kernel = " " + d.Kernel
	}
	row("program", "ossian %s, %s on %s%s", version, d.Program.Go, d.Program.Platform, kernel)
	name := d.Processor
	if name == "" {
		name = "name not known"
	}
	cores := fmt.Sprintf("%d cores", d.Cores)
	if d.Threads < d.Cores {
		cores += fmt.Sprintf(", of which %d may be used", d.Threads)
	}
	row("processor", "%s, %s; %s", name, cores, d.Program.Features)
	others := ""
	if len(d.Kernels) > 1 {
		others = " (with --kernels also " + strings.Join(d.Kernels[1:], ", ") + ")"
	}
	row("kernels", "%s%s", d.Kernels[0], others)
	row("memory", "%s", d.memory())
	if d.Limit > 0 {
		row("container", "memory limited to %s", size(d.Limit))
	}
	row("disk", "%s", d.disk())
	switch {
	case d.Offline != "":
		row("network", "closed by %s", d.Offline)
	default:
		row("network", "used by ossian pull and verify --repair only, through %s; --offline forbids it", d.Endpoint)
	}
	b.WriteString("\nmodels\n")
	for _, m := range d.Models {
		says := "does not run here, see below"
		if m.Best != nil {
			says = fmt.Sprintf("fits: %s with %d tokens of context, about %s%s", size(m.Best.Need.Total()), m.Best.Context, perToken(m.Best.Rate.First), slow(m.Best))
		}
		fmt.Fprintf(&b, "  %-24s %s\n", m.Name, says)
	}
	list := func(title string, texts []string) {
		if len(texts) > 0 {
			fmt.Fprintf(&b, "\n%s\n", title)
		}
		for _, t := range texts {
			fmt.Fprintf(&b, "  - %s\n", t)
		}
	}
	var problems []string
	for _, p := range d.Problems {
		text := p.Text
		if p.Fatal {
			text = "prevents running: " + text
		}
		problems = append(problems, text)
	}
	list("problems", problems)
	list("next", d.Next)
	return b.String()
}

func (d *diagnosis) memory() string {
	if d.Available == 0 {
		return "not known on this system"
	}
	s := size(d.Available) + " free"
	if d.Memory > 0 {
		s += " of " + size(d.Memory)
	}
	if d.Read > 0 {
		s += fmt.Sprintf(", read at %.1f GB/s", d.Read/1e9)
	}
	if d.HugePages != "" {
		s += "; huge pages: " + d.HugePages
	}
	return s
}

func (d *diagnosis) disk() string {
	s := "free space not known"
	if d.DiskFree > 0 {
		s = size(d.DiskFree) + " free"
	}
	if d.Cache != "" {
		s += " for " + d.Cache
	}
	if d.DiskRead > 0 {
		s += fmt.Sprintf("; models are read at %.2f GB/s", d.DiskRead/1e9)
	}
	return s
}
