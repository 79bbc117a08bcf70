package bench

// Result is what a run measured. All times are in seconds, all rates in units a second.
type Result struct {
	Plan     Plan   `json:"plan"`
	Held     Held   `json:"held"`
	Limits   Limits `json:"limits"`
	Rows     []*Row `json:"rows"`
	Complete bool   `json:"complete"` // false: it was interrupted, and holds what was measured until then
}

// What a Row measures.
const (
	Prefill = "prefill"
	Decode  = "decode"
)

// Read is what a decoding's share is a share of; a prefill's is one of a probe.Kind.
const Read = "read"

// Row is one thing measured several times.
type Row struct {
	Name   string `json:"name"` // pp512, tg64, tg64@4096
	What   string `json:"what"` // Prefill or Decode
	Tokens int    `json:"tokens"`
	Depth  int    `json:"depth"`
	Of     string `json:"share_of"` // Read, or the kind of arithmetic

	Rate        Series       `json:"tokens_per_s"`
	PerToken    float64      `json:"per_token"` // bytes or operations, mean over all repetitions
	Used        Series       `json:"used_per_s"`
	Share       Series       `json:"share"` // Used as a part of what the machine could do
	Repetitions []Repetition `json:"repetitions"`
}

// Repetition is one measurement between two probes.
type Repetition struct {
	Depth   int     `json:"depth"`
	Seconds float64 `json:"seconds"`
	// Processor is the processor time of all threads; on a machine of its own it is near Seconds for each.
	Processor float64 `json:"processor_seconds,omitempty"`
	Work      int64   `json:"work"`   // bytes read or operations done
	Before    float64 `json:"before"` // the machine's limit just before
	After     float64 `json:"after"`  // and just after
}

func (r *Row) add(rep Repetition) {
	r.Repetitions = append(r.Repetitions, rep)
	var rates, used, shares []float64
	work := 0.0
	for _, rep := range r.Repetitions {
		rate := ratio(float64(rep.Work), rep.Seconds)
		rates = append(rates, ratio(float64(r.Tokens), rep.Seconds))
		used = append(used, rate)
		shares = append(shares, ratio(rate, (rep.Before+rep.After)/2))
		work += float64(rep.Work)
	}
	r.Rate, r.Used, r.Share = SeriesOf(rates...), SeriesOf(used...), SeriesOf(shares...)
	r.PerToken = work / float64(r.Tokens*len(r.Repetitions))
}

// Row is the row of a name.
func (r *Result) Row(name string) (*Row, bool) {
	for _, row := range r.Rows {
		if row.Name == name {
			return row, true
		}
	}
	return nil, false
}

// Ours is the part of the time in which threads threads were running; 0 where that is not known.
// Far below 1 other programs had the processors, or the model was too small to keep the threads busy.
func (r *Result) Ours(threads int) float64 {
	processor, seconds := 0.0, 0.0
	for _, row := range r.Rows {
		for _, rep := range row.Repetitions {
			processor += rep.Processor
			seconds += rep.Seconds
		}
	}
	return ratio(processor, seconds*float64(threads))
}

// ratio is 0 where a clock stood still or nothing was probed: JSON knows no infinity.
func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
