package bench

import "slices"

// Series is a figure measured several times.
type Series struct {
	Median  float64   `json:"median"`
	Min     float64   `json:"min"`
	Max     float64   `json:"max"`
	Samples []float64 `json:"samples"` // in the order in which they were taken
}

// SeriesOf sums samples up. The median of an even number of samples is the mean of the two
// in the middle.
func SeriesOf(samples ...float64) Series {
	n := len(samples)
	if n == 0 {
		return Series{}
	}
	s := slices.Clone(samples)
	slices.Sort(s)
	return Series{Median: (s[(n-1)/2] + s[n/2]) / 2, Min: s[0], Max: s[n-1], Samples: samples}
}
