package cli

import (
	"fmt"
	"strings"

	"ossian/internal/plan"
)

// machine is the line about it.
func (r *fitReport) machine() string {
	s := "this machine: "
	if r.Available > 0 {
		s += size(r.Available) + " of memory " + r.Within
	} else {
		s += "its free memory is not known"
	}
	if r.Read > 0 {
		s += fmt.Sprintf(", read at %.1f GB/s by %d threads", r.Read/1e9, r.Threads)
	}
	if r.Disk > 0 {
		s += "; " + size(r.Disk) + " free on the disk"
	}
	if r.DiskRead > 0 {
		s += fmt.Sprintf(", read at %.2f GB/s", r.DiskRead/1e9)
	}
	return s + "\n\n"
}

// list is a line for each model.
func (r *fitReport) list() string {
	var b strings.Builder
	b.WriteString(r.machine())
	fmt.Fprintf(&b, "%-24s %10s  %10s  %8s  %12s\n", "", "to fetch", "memory", "context", "writing")
	for _, m := range r.Models {
		fetch := "here"
		if m.Fetch > 0 {
			fetch = size(m.Fetch)
		}
		fmt.Fprintf(&b, "%-24s %10s  ", m.Model, fetch)
		switch {
		case m.Best != nil && m.Problem == "":
			fmt.Fprintf(&b, "%10s  %8d  %12s%s\n", size(m.Best.Need.Total()), m.Best.Context, perToken(m.Best.Rate.First), slow(m.Best))
		case m.Best != nil:
			b.WriteString("no room on the disk\n")
		default:
			fmt.Fprintf(&b, "does not fit%s\n", r.remedy(&m))
		}
	}
	b.WriteString("\nMore of each: ossian fit MODEL\n")
	return b.String()
}

// one is all there is to say of a model.
func (r *fitReport) one(c *fitCmd) string {
	m := &r.Models[0]
	var b strings.Builder
	b.WriteString(m.Model)
	switch {
	case m.Fetch > 0:
		fmt.Fprintf(&b, ": not here, %s to fetch", size(m.Fetch))
	case m.Folder != "":
		b.WriteString(": in " + m.Folder)
	default:
		b.WriteString(": built in")
	}
	b.WriteString("\n" + r.machine())
	r.table(&b, m)
	b.WriteString("\n")
	if p := m.Best; p != nil {
		fmt.Fprintf(&b, "fastest that fits: %s%s\n", r.command(m, c), slow(p))
		fmt.Fprintf(&b, "  memory   %s: %s\n", size(p.Need.Total()), p.Sum())
		if p.Need.Mapped > 0 {
			fmt.Fprintf(&b, "  files    %s more stay in memory as far as there is room\n", size(p.Need.Mapped))
		}
		if p.Rate.First > 0 {
			fmt.Fprintf(&b, "  speed    %s to write, %s with the context full", perToken(p.Rate.First), perToken(p.Rate.Last))
			if p.Users > 1 {
				fmt.Fprintf(&b, ", for each of %d users, %s together", p.Users, perToken(p.Rate.All))
			}
			if p.Rate.Prompt > 0 {
				fmt.Fprintf(&b, "; %s to read a prompt", perToken(p.Rate.Prompt))
			}
			b.WriteString(" (predicted)\n")
		}
	}
	if m.Measured != nil {
		b.WriteString(m.Measured.text())
	}
	if m.Problem != "" {
		b.WriteString(m.Problem + "\n")
	}
	if remedy := r.remedy(m); remedy != "" {
		b.WriteString("to hold the weights in memory" + remedy + "\n")
	}
	return b.String()
}

// table has a row for each way to hold the weights and a column for each context.
func (r *fitReport) table(b *strings.Builder, m *fitted) {
	names := map[plan.Hold]string{
		plan.Q8: "in memory, dense weights in 8 bits", plan.BF16: "in memory, dense weights in bf16",
		plan.Rows: "in memory, for --activations f32", plan.Map: "in the files, --weights map",
	}
	fmt.Fprintf(b, "%-36s", "memory at a context of")
	var contexts []int
	for _, p := range m.Settings {
		if p.Hold != m.Settings[0].Hold {
			break
		}
		contexts = append(contexts, p.Context)
		fmt.Fprintf(b, " %11d", p.Context)
	}
	b.WriteString("       writing\n")
	refused := false
	for i, p := range m.Settings {
		if i%len(contexts) == 0 {
			fmt.Fprintf(b, "%-36s", names[p.Hold])
		}
		text := size(p.Need.Total())
		if !p.Fits {
			text, refused = "("+text+")", true
		}
		fmt.Fprintf(b, " %11s", text)
		if i%len(contexts) == len(contexts)-1 {
			fmt.Fprintf(b, "  %12s\n", perToken(m.Settings[i+1-len(contexts)].Rate.First))
		}
	}
	if refused {
		b.WriteString("(what is in brackets does not fit)\n")
	}
}

// command is what a person types for a plan.
func (r *fitReport) command(m *fitted, c *fitCmd) string {
	p := m.Best
	s := "ossian run"
	if m.Model != builtin {
		s += " -m " + m.Model
	}
	switch p.Hold {
	case plan.BF16:
		s += " --dense bf16"
	case plan.Rows:
		s += " --activations " + c.Activations
	case plan.Map:
		s += " --weights map"
	}
	if c.Activations != "" && p.Hold != plan.Rows {
		s += " --activations " + c.Activations
	}
	if c.Context > 0 {
		s += fmt.Sprintf(" --context %d", p.Context)
	}
	return s
}

// remedy is what would hold the weights in memory.
func (r *fitReport) remedy(m *fitted) string {
	var parts []string
	if len(m.Close) > 0 {
		var names []string
		for _, h := range m.Close {
			names = append(names, fmt.Sprintf("%s (%s)", h.Name, size(h.Bytes)))
		}
		parts = append(parts, "close "+strings.Join(names, ", "))
	}
	if m.Buy > 0 {
		what := "a machine with %d GB of memory"
		if r.limited {
			what = "a limit of %d GB for the container"
		}
		parts = append(parts, fmt.Sprintf(what, m.Buy))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", or ")
}

func slow(p *plan.Plan) string {
	if p.Hold == plan.Map {
		return ", from the files, as memory does not hold the weights"
	}
	return ""
}

// perToken is a predicted speed.
func perToken(rate float64) string {
	if rate <= 0 {
		return "not known"
	}
	return fmt.Sprintf("%.*f tokens/s", map[bool]int{true: 0, false: 1}[rate >= 20], rate)
}
