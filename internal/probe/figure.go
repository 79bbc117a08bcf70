package probe

import (
	"slices"
	"time"

	"ossian/internal/cpu"
	"ossian/internal/par"
)

// Figure is a speed measured several times. The median is what a program gets on the machine as
// it is now, the best is the nearest to what the machine can do.
type Figure[Name ~string] struct {
	Of           Name
	Best, Median float64
}

// Bandwidth reads b rounds times in each pattern, in turns so that a disturbance meets all of
// them, and gives bytes a second, the pattern with the best median first.
func Bandwidth(t *par.Team, f cpu.Features, b []byte, rounds int) []Figure[Pattern] {
	out := repeat(Patterns(), rounds, func(p Pattern) float64 { return Read(t, f, b, p) })
	slices.SortStableFunc(out, func(a, b Figure[Pattern]) int {
		if a.Median > b.Median {
			return -1
		}
		return 1
	})
	return out
}

// Peaks measures rounds times, each about d long, what the whole team computes with each of
// Kinds(f), in operations a second.
func Peaks(t *par.Team, f cpu.Features, rounds int, d time.Duration) []Figure[Kind] {
	return repeat(Kinds(f), rounds, func(k Kind) float64 { return Peak(t, f, k, d) })
}

func repeat[Name ~string](names []Name, rounds int, measure func(Name) float64) []Figure[Name] {
	rounds = max(rounds, 1)
	all := make([][]float64, len(names))
	for range rounds {
		for i, n := range names {
			all[i] = append(all[i], measure(n))
		}
	}
	out := make([]Figure[Name], len(names))
	for i, n := range names {
		slices.Sort(all[i])
		out[i] = Figure[Name]{Of: n, Best: all[i][rounds-1], Median: all[i][rounds/2]}
	}
	return out
}
