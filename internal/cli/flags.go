package cli

import (
	"time"

	"ossian/internal/harmony"
	"ossian/internal/sample"
)

// modelFlag chooses the model.
type modelFlag struct {
	Model string `short:"m" placeholder:"MODEL" env:"OSSIAN_MODEL" help:"A model folder, a .gguf file, or the name of one in ~/.ossian/models ($$OSSIAN_HOME/models) or of one that was pulled; without it the built-in nano."`
}

// loadFlags say how to hold a model.
type loadFlags struct {
	modelFlag
	weightFlags
	Context int  `placeholder:"N" help:"Most tokens of prompt and answer together (default: 32768, or what the model or the free memory allow)."`
	Threads int  `placeholder:"N" help:"Worker threads (default: all usable cores)."`
	Quiet   bool `short:"q" help:"No progress messages."`

	users int // conversations at the same time; 0: one
}

// maxThreads bounds what the threads' own memory comes to; no machine has so many cores.
const maxThreads = 1024

func (f *loadFlags) check() error {
	if f.Context < 0 || f.Threads < 0 {
		return usage("--context and --threads are counts, from 0 up")
	}
	if f.Threads > maxThreads {
		return usage("--threads %d is beyond %d; more than this machine has cores do not help", f.Threads, maxThreads)
	}
	return f.weightFlags.check()
}

// talkFlags say what the model is told and how its tokens are chosen.
type talkFlags struct {
	Effort       string   `enum:"low,medium,high" default:"medium" help:"How long the model reasons: ${enum} (default: ${default})."`
	Instructions string   `aliases:"system" placeholder:"TEXT" help:"Instructions for the model, what other programs call the system prompt (also --system)."`
	Date         string   `placeholder:"YYYY-MM-DD" help:"The date the model is told (default: today)."`
	MaxTokens    int      `placeholder:"N" help:"Most tokens of an answer, its reasoning included (default: what the context holds)."`
	Temperature  *float64 `placeholder:"X" help:"0 always takes the likeliest token (default: what the model recommends; 1 for gpt-oss)."`
	TopP         *float64 `placeholder:"X" help:"Keep the likeliest tokens that make up this share, above 0 up to 1 (default: 1)."`
	TopK         *int     `placeholder:"N" help:"Keep the N likeliest tokens; 0 keeps all (default: 0)."`
	MinP         *float64 `placeholder:"X" help:"Keep tokens at least X times as likely as the likeliest (default: 0)."`
	Seed         *uint64  `placeholder:"N" help:"Same seed, same answer (default: a new one each time; --stats shows it)."`
	Draft        bool     `negatable:"" default:"true" help:"Guess ahead where text repeats and that is faster; the answer is the same (default: yes)."`
	Reasoning    bool     `name:"show-reasoning" negatable:"hide-reasoning" default:"true" help:"Print the reasoning on standard error (default: yes)."`
	Stats        bool     `help:"Print token counts, rates, load time and peak memory on standard error."`
}

func (f *talkFlags) check() error {
	if f.MaxTokens < 0 {
		return usage("--max-tokens %d is negative", f.MaxTokens)
	}
	if f.Date != "" {
		if _, err := time.Parse(time.DateOnly, f.Date); err != nil {
			return usage("--date %q is not a date as 2026-01-31", f.Date)
		}
	}
	if f.TopP != nil && !(*f.TopP > 0 && *f.TopP <= 1) {
		return usage("--top-p %v is not above 0 and at most 1; for the likeliest token alone use --temperature 0", *f.TopP)
	}
	if f.Temperature != nil && *f.Temperature > 100 {
		return usage("--temperature %v is beyond 100", *f.Temperature)
	}
	p := f.sampling(sample.Params{})
	if err := p.Check(1 << 30); err != nil {
		return usage("%v", err)
	}
	return nil
}

// sampling is the model's recommendation with the flags over it.
func (f *talkFlags) sampling(p sample.Params) sample.Params {
	if f.Temperature != nil {
		p.Temperature = *f.Temperature
	}
	if f.TopP != nil {
		p.TopP = *f.TopP
	}
	if f.TopK != nil {
		p.TopK = *f.TopK
	}
	if f.MinP != nil {
		p.MinP = *f.MinP
	}
	if f.Seed != nil {
		p.Seed = *f.Seed
	}
	return p
}

func (f *talkFlags) effort() harmony.Effort { return harmony.Effort(f.Effort) }
