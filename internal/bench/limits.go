package bench

import (
	"context"

	"ossian/internal/probe"
)

// Limits are all that was probed during a run, in order.
type Limits struct {
	Read  Series       `json:"read_bytes_per_s"`
	Peaks []PeakSeries `json:"peaks"`
}

// PeakSeries is one kind of arithmetic.
type PeakSeries struct {
	Kind probe.Kind `json:"kind"`
	Rate Series     `json:"operations_per_s"`
}

// Probe measures the machine alone, rounds times.
func Probe(ctx context.Context, p Prober, rounds int) (Limits, error) {
	var l Limits
	for range rounds {
		if err := ctx.Err(); err != nil {
			return l, err
		}
		l.probeRead(p)
		l.probePeaks(p)
	}
	return l, nil
}

func (l *Limits) probeRead(p Prober) float64 {
	v := p.Read()
	l.Read = SeriesOf(append(l.Read.Samples, v)...)
	return v
}

func (l *Limits) probePeaks(p Prober) []Peak {
	peaks := p.Peaks()
	for _, k := range peaks {
		i := 0
		for i < len(l.Peaks) && l.Peaks[i].Kind != k.Kind {
			i++
		}
		if i == len(l.Peaks) {
			l.Peaks = append(l.Peaks, PeakSeries{Kind: k.Kind})
		}
		l.Peaks[i].Rate = SeriesOf(append(l.Peaks[i].Rate.Samples, k.Rate)...)
	}
	return peaks
}

// peakOf is the limit of the kind wanted, or of float32 where the machine has no
// instructions for that kind: then it is what such products are made of.
func peakOf(peaks []Peak, want probe.Kind) Peak {
	for _, kind := range []probe.Kind{want, probe.F32} {
		for _, p := range peaks {
			if p.Kind == kind {
				return p
			}
		}
	}
	return Peak{Kind: want}
}
