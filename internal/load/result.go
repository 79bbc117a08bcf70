package load

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Spread is how a time was spread over samples.
type Spread struct {
	N                  int
	P50, P90, P99, Max time.Duration
}

func spreadOf(times []time.Duration) Spread {
	if len(times) == 0 {
		return Spread{}
	}
	slices.Sort(times)
	at := func(q float64) time.Duration {
		return times[min(len(times)-1, int(math.Ceil(q*float64(len(times))))-1)]
	}
	return Spread{N: len(times), P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: times[len(times)-1]}
}

// Result is what all clients saw.
type Result struct {
	Requests, Left, Failed int
	Errors                 map[string]int
	Elapsed                time.Duration
	Read, Cached, Written  int // tokens
	Rate                   float64
	First                  map[int]Spread // until the first word, by words of the prompt
	Gap, Total             Spread         // between words; a whole request
}

func summarize(all []Sample, elapsed time.Duration) *Result {
	r := &Result{Requests: len(all), Errors: map[string]int{}, Elapsed: elapsed, First: map[int]Spread{}}
	first := map[int][]time.Duration{}
	var gaps, totals []time.Duration
	for _, s := range all {
		if s.Err != nil {
			r.Failed++
			r.Errors[s.Err.Error()]++
			continue
		}
		if s.First > 0 {
			first[s.Prompt] = append(first[s.Prompt], s.First)
		}
		if s.Left {
			r.Left++
			continue
		}
		gaps, totals = append(gaps, s.Gaps...), append(totals, s.Total)
		r.Read, r.Cached, r.Written = r.Read+s.Read, r.Cached+s.Cached, r.Written+s.Tokens
	}
	for words, times := range first {
		r.First[words] = spreadOf(times)
	}
	r.Gap, r.Total = spreadOf(gaps), spreadOf(totals)
	if elapsed > 0 {
		r.Rate = float64(r.Written) / elapsed.Seconds()
	}
	return r
}

// Write prints a result for people.
func (r *Result) Write(w io.Writer) error {
	fmt.Fprintf(w, "%d requests in %.1f s, %d left early, %d failed\n", r.Requests, r.Elapsed.Seconds(), r.Left, r.Failed)
	for _, text := range sortedKeys(r.Errors) {
		fmt.Fprintf(w, "  %d × %s\n", r.Errors[text], text)
	}
	fmt.Fprintf(w, "tokens: %d read, %d of them known from before, %d written; %.1f written a second by all together\n", r.Read, r.Cached, r.Written, r.Rate)
	fmt.Fprintf(w, "%-34s %8s %8s %8s %8s %8s\n", "seconds", "samples", "p50", "p90", "p99", "most")
	row := func(name string, s Spread) {
		fmt.Fprintf(w, "%-34s %8d %8.3f %8.3f %8.3f %8.3f\n", name, s.N, s.P50.Seconds(), s.P90.Seconds(), s.P99.Seconds(), s.Max.Seconds())
	}
	for _, words := range sortedKeys(r.First) {
		row(fmt.Sprintf("to the first word, prompt of %d", words), r.First[words])
	}
	row("from word to word", r.Gap)
	row("whole answer", r.Total)
	return nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
