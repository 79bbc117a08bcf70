package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// record adds the report to a file as a section of Markdown, as the files in bench/ have them.
func (r *benchReport) record(name string) (err error) {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text := r.markdown()
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		text = "\n" + text
	}
	if _, err := f.WriteString(text); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// markdown is a section: what ran where, and the figures.
func (r *benchReport) markdown() string {
	var b strings.Builder
	title := "The machine alone"
	if r.Model != nil {
		title = r.Model.Name
	}
	fmt.Fprintf(&b, "## %s, %s\n\n", title, r.Date[:len("2026-01-31")])
	for _, f := range r.head() {
		fmt.Fprintf(&b, "- %s: %s\n", f.name, f.text)
	}
	if s := r.Speed; s != nil {
		fmt.Fprintf(&b, "- plan: prompts of %s; %d tokens written at depths %s; %d repetitions\n", list(s.Plan.Prompts), s.Plan.Tokens, list(s.Plan.Depths), s.Plan.Repeat)
		b.WriteString("\n| | tokens/s, median | min to max | a token | in all | share, median | min to max | of |\n|---|---|---|---|---|---|---|---|\n")
		for _, row := range s.Rows {
			c := rowCells(row)
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", c.name, c.rate, c.rates, c.each, c.used, c.share, c.shares, c.of)
		}
	}
	if r.Fidelity != nil {
		b.WriteString(fidelityMarkdown(r.Fidelity))
	}
	fmt.Fprintf(&b, "\nRepeat with `%s`.\n", r.Command)
	return b.String()
}

// command is how to measure the same again. Of a folder it keeps the name alone.
func (c *benchCmd) command() string {
	out := "ossian bench"
	add := func(flag string, value any) { out += fmt.Sprintf(" --%s %v", flag, value) }
	if c.Model != "" {
		out += " -m " + filepath.Base(c.Model)
	}
	for _, b := range []struct {
		on   bool
		name string
	}{{c.ProbeOnly, "probe-only"}, {c.Fidelity, "fidelity"}, {c.Quick, "quick"}, {c.Disk, "disk"}} {
		if b.on {
			out += " --" + b.name
		}
	}
	for _, l := range []struct {
		name string
		ns   []int
	}{{"prompt", c.Prompt}, {"depth", c.Depth}} {
		if len(l.ns) > 0 {
			add(l.name, strings.ReplaceAll(list(l.ns), ", ", ","))
		}
	}
	if c.Tokens != nil {
		add("tokens", *c.Tokens)
	}
	if c.Repeat != 0 {
		add("repeat", c.Repeat)
	}
	if c.Seed != 0 {
		add("seed", c.Seed)
	}
	if c.Threads != 0 {
		add("threads", c.Threads)
	}
	for _, f := range [][2]string{{"activations", c.Activations}, {"dense", c.Dense}, {"weights", c.Weights}, {"kernels", c.Kernels}} {
		if f[1] != "" && f != [2]string{"dense", "q8"} && f != [2]string{"weights", "auto"} {
			add(f[0], f[1])
		}
	}
	return out
}

func list(ns []int) string {
	if len(ns) == 0 {
		return "none"
	}
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(ns)), ", "), "[]")
}
