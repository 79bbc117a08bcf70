package cli

import (
	"fmt"
	"io"
	"time"

	"ossian/internal/chat"
	"ossian/internal/mem"
)

// figures are the counts of one turn, as --json prints them.
type figures struct {
	PromptTokens     int     `json:"prompt_tokens"`
	CompletionTokens int     `json:"completion_tokens"`
	ReasoningTokens  int     `json:"reasoning_tokens"`
	PrefillSeconds   float64 `json:"prefill_s"`
	PrefillRate      float64 `json:"prefill_tokens_per_s"`
	DecodeSeconds    float64 `json:"decode_s"`
	DecodeRate       float64 `json:"decode_tokens_per_s"`
	Steps            int     `json:"decode_steps"`
	Drafted          int     `json:"drafted_tokens"`
	Accepted         int     `json:"accepted_tokens"`
	FirstToken       float64 `json:"first_token_s"`
	LoadSeconds      float64 `json:"load_s"`
	PeakMemory       int64   `json:"peak_memory_bytes,omitempty"`
	Held             string  `json:"held"` // how weights and vectors are kept
}

func figuresOf(t chat.Turn, m *opened) figures {
	f := figures{
		PromptTokens: t.PromptTokens, CompletionTokens: t.CompletionTokens, ReasoningTokens: t.ReasoningTokens,
		Steps: t.Drafts.Steps, Drafted: t.Drafts.Drafted, Accepted: t.Drafts.Accepted,
		PrefillSeconds: t.Timings.Prefill.Seconds(), DecodeSeconds: t.Timings.Decode.Seconds(),
		FirstToken: t.Timings.FirstToken.Seconds(), LoadSeconds: m.loadTime.Seconds(), Held: m.held,
	}
	if t.CompletionTokens > 0 { // the prompt was read to its end
		f.PrefillRate = rate(t.PromptTokens, t.Timings.Prefill)
	}
	f.DecodeRate = rate(t.CompletionTokens-1, t.Timings.Decode) // the first came with the prompt
	if peak, ok := mem.PeakRSS(); ok {
		f.PeakMemory = peak
	}
	return f
}

func rate(n int, d time.Duration) float64 {
	if n <= 0 || d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

func (f figures) print(w io.Writer, seed uint64, finish chat.Finish) {
	fmt.Fprintf(w, "prompt     %6d tokens %9.3f s %10.1f tokens/s\n", f.PromptTokens, f.PrefillSeconds, f.PrefillRate)
	fmt.Fprintf(w, "generated  %6d tokens %9.3f s %10.1f tokens/s   %d of them reasoning\n", f.CompletionTokens, f.DecodeSeconds, f.DecodeRate, f.ReasoningTokens)
	if f.Drafted > 0 {
		fmt.Fprintf(w, "guessed    %6d tokens ahead in %d steps, %d of them right\n", f.Drafted, f.Steps, f.Accepted)
	}
	fmt.Fprintf(w, "first token %.3f s, load %.3f s, peak memory %s, seed %d, finish %s\n", f.FirstToken, f.LoadSeconds, size(f.PeakMemory), seed, finish)
	if f.Held != "" {
		fmt.Fprintln(w, f.Held)
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	switch x := float64(n); {
	case n <= 0:
		return "unknown"
	case x >= 999.5e6:
		return fmt.Sprintf("%.2f GB", x/1e9)
	case x >= 999.5e3:
		return fmt.Sprintf("%.1f MB", x/1e6)
	case x >= 1000:
		return fmt.Sprintf("%.1f kB", x/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}
