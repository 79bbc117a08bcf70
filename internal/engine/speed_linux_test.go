package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"ossian/internal/backend/cpu"
	"ossian/internal/model"
	"ossian/internal/sample"
)

// measured is nano, or the model that OSSIAN_MODEL names.
func measured(b *testing.B, threads int) *cpu.Backend {
	if dir := os.Getenv("OSSIAN_MODEL"); dir != "" {
		return packed(b, dir, threads)
	}
	return packed(b, "../../models/nano/checkpoint", threads)
}

// BenchmarkDraft gives the processor time of decoding with guesses over that without, in runs that take turns,
// and what the engine learnt that a step of some tokens costs, in steps of one.
func BenchmarkDraft(b *testing.B) {
	backend := measured(b, 1)
	vocab := backend.Config().Vocab
	text := make([]uint32, 300)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range text {
		text[i] = r.Uint32N(uint32(vocab))
	}
	edited := slices.Clone(text)
	for i := range edited {
		if r.IntN(30) == 0 {
			edited[i] = r.Uint32N(uint32(vocab))
		}
	}
	// One engine for each, as a program has it: what it learns of costs stays.
	engines := [2]*Engine{New(backend, Options{Now: processor}), New(backend, Options{Draft: MaxDraft, Now: processor})}
	for _, c := range []struct {
		name        string
		prompt, say []uint32
	}{
		{"copy", text, text},
		{"copy with a change in thirty", text, edited},
		{"ordinary", text[:20], text[20:]},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took [2]time.Duration
			var drafts Drafts
			for b.Loop() {
				for i, e := range engines {
					res, err := e.Generate(b.Context(), Request{
						Prompt: c.prompt, MaxTokens: len(c.say), Mask: dictate(c.say, vocab), Sampling: sample.Params{Temperature: 1},
					}, none)
					if err != nil {
						b.Fatal(err)
					}
					took[i] += res.Timings.Decode
					drafts.Drafted += res.Drafts.Drafted
					drafts.Accepted += res.Drafts.Accepted
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "of-plain")
			b.ReportMetric(float64(drafts.Drafted)/float64(b.N), "guessed")
			b.ReportMetric(float64(drafts.Accepted)/float64(b.N), "right")
			costs := &engines[1].s.ledger.costs
			for _, n := range []int{2, 4, 8, 16} {
				if costs.timed(n) {
					b.ReportMetric(costs.took[n].median(), fmt.Sprintf("step-of-%d", n))
				}
			}
		})
	}
}

// BenchmarkStep gives what steps of some tokens cost in steps of one: medians of processor time, sizes taking turns.
func BenchmarkStep(b *testing.B) {
	backend := measured(b, 1)
	vocab := backend.Config().Vocab
	const past = 300
	text := ordinary(past+MaxDraft+1, vocab)
	seq, err := backend.NewSeq(len(text))
	if err != nil {
		b.Fatal(err)
	}
	rows := make([]float32, (MaxDraft+1)*vocab)
	step := func(ids []uint32, rows []float32) {
		if err := backend.Step(b.Context(), []model.Item{{Seq: seq, Tokens: ids, Logits: rows}}); err != nil {
			b.Fatal(err)
		}
	}
	step(text[:past], nil)
	var took [MaxDraft + 2][]time.Duration
	for b.Loop() {
		for _, k := range append([]int{0}, ks()...) {
			began := processor()
			step(text[past:past+k+1], rows[:(k+1)*vocab])
			took[k+1] = append(took[k+1], processor().Sub(began))
			if err := backend.Trim(seq, past); err != nil {
				b.Fatal(err)
			}
		}
	}
	median := func(n int) float64 { slices.Sort(took[n]); return float64(took[n][len(took[n])/2]) }
	for _, k := range ks() {
		b.ReportMetric(median(k+1)/median(1), fmt.Sprintf("step-of-%d", k+1))
	}
	b.ReportMetric(median(1)/1e6, "ms-of-1")
}

// BenchmarkUsers gives what a step costs that holds a token of each of some sequences, in steps of one: medians of
// time on the clock, on all threads, sizes taking turns; and of processor time.
func BenchmarkUsers(b *testing.B) {
	backend := measured(b, 0)
	vocab := backend.Config().Vocab
	users := []int{1, 2, 3, 4, 6, 8}
	most := users[len(users)-1]
	const past = 100
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([]float32, most*vocab)
	var batch []model.Item
	text := make([][]uint32, most)
	for i := range most {
		seq, err := backend.NewSeq(past + 1)
		if err != nil {
			b.Fatal(err)
		}
		text[i] = make([]uint32, past+1)
		for j := range text[i] {
			text[i][j] = r.Uint32N(uint32(vocab))
		}
		batch = append(batch, model.Item{Seq: seq, Tokens: text[i][:past], Logits: rows[i*vocab : (i+1)*vocab]})
	}
	if err := backend.Step(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	clock, used := make([][]float64, most+1), make([][]float64, most+1)
	for b.Loop() {
		for _, n := range users {
			for i := range n {
				text[i][past] = r.Uint32N(uint32(vocab))
				batch[i].Tokens = text[i][past:]
			}
			began, cpu := time.Now(), processor()
			if err := backend.Step(b.Context(), batch[:n]); err != nil {
				b.Fatal(err)
			}
			clock[n] = append(clock[n], time.Since(began).Seconds())
			used[n] = append(used[n], processor().Sub(cpu).Seconds())
			for i := range n {
				if err := backend.Trim(batch[i].Seq, past); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	median := func(x []float64) float64 { slices.Sort(x); return x[len(x)/2] }
	for _, n := range users[1:] {
		b.ReportMetric(median(clock[n])/median(clock[1]), fmt.Sprintf("users-%d", n))
		b.ReportMetric(median(used[n])/median(used[1]), fmt.Sprintf("processor-%d", n))
	}
	b.ReportMetric(median(clock[1])*1e3, "ms-of-1")
}

func ks() []int { s := sizes(); return s[:] }

// processor is a clock of the time this process has computed. A busy machine does not move it.
func processor() time.Time {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return time.Time{}
	}
	return time.Unix(0, u.Utime.Nano()+u.Stime.Nano())
}
