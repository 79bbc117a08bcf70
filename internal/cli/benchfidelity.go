package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"ossian/internal/backend/cpu"
	"ossian/internal/bench"
	platform "ossian/internal/cpu"
	"ossian/internal/model"
)

// fidelityTokens is the text's length when nobody says.
const fidelityTokens = 384

// smallModel is how many parameters a model has at most for which the slow ways are compared too.
const smallModel = 50_000_000

// fidelity compares ways of computing with the exact one. Each is opened alone.
func (c *benchCmd) fidelity(ctx context.Context, sys *system, at place, r *benchReport) error {
	cfg, err := model.ReadConfig(at.fsys)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	r.model(at, &cfg)
	ids, err := proseIDs(at, &cfg)
	if err != nil {
		return err
	}
	most := fidelityTokens
	if len(c.Prompt) == 1 {
		most = c.Prompt[0]
	}
	text := bench.NewText(ids, cfg.Vocab, max(min(most, cfg.MaxContext-bench.Written), 1), c.Seed)
	ref := c.way(cpu.F32, cpu.DenseBF16, c.Kernels)
	var others []bench.Setting
	for _, w := range c.compared(&cfg) {
		others = append(others, bench.Setting{Name: w.name(), Run: func(ctx context.Context, t *bench.Text) (*bench.Output, error) {
			return c.computed(ctx, sys, at, w, t)
		}})
	}
	if total, _ := cfg.Parameters(); total <= smallModel {
		others = append(others, bench.Setting{Name: "float64 sums, model/reference", Run: func(ctx context.Context, t *bench.Text) (*bench.Output, error) {
			w, err := model.LoadFS(ctx, at.fsys, model.LoadOptions{})
			if err != nil {
				return nil, err
			}
			defer func() { _ = w.Close() }()
			return bench.ThroughReference(w, t)
		}})
	}
	r.Fidelity, err = bench.CompareSettings(ctx, text, bench.Setting{Name: ref.name(), Run: func(ctx context.Context, t *bench.Text) (*bench.Output, error) {
		return c.computed(ctx, sys, at, ref, t)
	}}, others)
	return err
}

// compared lists the settings; on a small model also those of lower tiers, which are slow.
func (c *benchCmd) compared(cfg *model.Config) (out []weightFlags) {
	if c.Quick {
		a := cpu.Activations(c.Activations)
		if a == "" && c.Weights == "map" {
			a = cpu.F32
		} else if a == "" {
			a = cpu.Mixed
		}
		return []weightFlags{c.way(a, cpu.Dense(c.Dense), c.Kernels)}
	}
	add := func(a cpu.Activations, d cpu.Dense, tier string) { out = append(out, c.way(a, d, tier)) }
	for _, a := range []cpu.Activations{cpu.Mixed, cpu.Int8, cpu.Int16} {
		add(a, cpu.DenseQ8, c.Kernels)
		add(a, cpu.DenseBF16, c.Kernels)
	}
	add(cpu.BF16, cpu.DenseBF16, c.Kernels)
	if total, _ := cfg.Parameters(); total > smallModel || c.Kernels != "" {
		return out
	}
	for _, t := range platform.Detect().Tiers()[1:] {
		add(cpu.Mixed, cpu.DenseQ8, string(t))
		add(cpu.F32, cpu.DenseBF16, string(t))
	}
	return out
}

// way is one way to hold and compute the model. It is that or an error: nothing falls
// back to another.
func (c *benchCmd) way(a cpu.Activations, d cpu.Dense, tier string) weightFlags {
	w := weightFlags{Dense: string(d), Activations: string(a), Kernels: tier, Weights: "read"}
	if w.rows() && c.Weights == "map" {
		w.Weights = "map"
	}
	return w
}

// name of a setting as the table has it.
func (f *weightFlags) name() string {
	n := f.Activations + " activations, " + f.Dense + " dense"
	if f.rows() {
		n = f.Activations + " activations, weights as published"
	}
	if f.Kernels != "" {
		n += ", " + f.Kernels + " kernels"
	}
	return n
}

// computed opens the model in one way and runs the text through it.
func (c *benchCmd) computed(ctx context.Context, sys *system, at place, w weightFlags, t *bench.Text) (*bench.Output, error) {
	flags := c.loadFlags
	flags.weightFlags, flags.Context = w, len(t.IDs)+bench.Written
	m, err := sys.openAt(ctx, at, &flags)
	if err != nil {
		return nil, err
	}
	defer m.close()
	p := sys.progress(w.name(), c.Quiet)
	p.unit = func(n int64) string { return fmt.Sprintf("%d tokens", n) }
	defer p.done()
	return bench.Through(ctx, m.backend, t, sys.now, func(done, total int) { p.update(int64(done), int64(total)) })
}

// proseIDs are the built-in text's, by the model's tokenizer; none where it has none of its
// own and the built-in vocabulary is not its.
func proseIDs(at place, cfg *model.Config) ([]uint32, error) {
	if _, err := fs.Stat(at.fsys, "tokenizer.json"); errors.Is(err, fs.ErrNotExist) && cfg.Vocab < model.GptOss20B().Vocab {
		return nil, nil
	}
	tok, err := readTokenizer(at)
	if err != nil {
		return nil, err
	}
	return tok.Encode(nil, bench.Prose()), nil
}

// fidelityText is the table for people.
func fidelityText(f *bench.Fidelity) string {
	var b strings.Builder
	wide := len(f.Reference.Name)
	for _, r := range f.Rows {
		wide = max(wide, len(r.Name))
	}
	line := func(cells ...any) {
		fmt.Fprintf(&b, "%-*s  %9s %9s %10s %12s %9s %9s\n", append([]any{wide}, cells...)...)
	}
	fmt.Fprintf(&b, "\n%d tokens of %s, %d positions compared; speeds in tokens/s, of one pass\n\n", f.Tokens, f.Text, f.Positions)
	line("", "KL, nats", "at most", "agreement", "logit error", "reading", "writing")
	line(f.Reference.Name, "reference", "", "", "", speed(f.Reference.Prefill), speed(f.Reference.Decode))
	for _, r := range f.Rows {
		d := differences(r.Difference)
		line(r.Name, d[0], d[1], d[2], d[3], speed(r.Prefill), speed(r.Decode))
	}
	return b.String()
}

// fidelityMarkdown is the table of a record.
func fidelityMarkdown(f *bench.Fidelity) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d tokens of %s, %d positions compared; speeds in tokens/s, of one pass.\n\n| | KL, nats | at most | agreement | logit error | reading | writing |\n|---|---|---|---|---|---|---|\n", f.Tokens, f.Text, f.Positions)
	fmt.Fprintf(&b, "| %s | reference | | | | %s | %s |\n", f.Reference.Name, speed(f.Reference.Prefill), speed(f.Reference.Decode))
	for _, r := range f.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Name, strings.Join(differences(r.Difference), " | "), speed(r.Prefill), speed(r.Decode))
	}
	return b.String()
}

func differences(d bench.Difference) []string {
	return []string{fmt.Sprintf("%.2g", d.KL), fmt.Sprintf("%.2g", d.WorstKL), fmt.Sprintf("%.1f %%", 100*d.Agreement), fmt.Sprintf("%.2g %%", 100*d.Logit)}
}

func speed(x float64) string {
	if x == 0 {
		return "-"
	}
	return figure(x)
}
