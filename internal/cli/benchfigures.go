package cli

import (
	"fmt"

	"ossian/internal/bench"
)

// cells are a row's figures in words.
type cells struct{ name, rate, rates, each, used, share, shares, of string }

func rowCells(row *bench.Row) cells {
	unit, of := "op", "the "+row.Of+" peak"
	if row.Of == bench.Read {
		unit, of = "B", "memory reads"
	}
	percent := func(x float64) string { return fmt.Sprintf("%.0f", 100*x) }
	return cells{
		name: row.Name, of: of,
		rate: figure(row.Rate.Median), rates: figure(row.Rate.Min) + " to " + figure(row.Rate.Max),
		each: amount(row.PerToken, unit), used: amount(row.Used.Median, unit+"/s"),
		share: percent(row.Share.Median) + " %", shares: percent(row.Share.Min) + " to " + percent(row.Share.Max),
	}
}

// figure has three digits or so.
func figure(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// amount is a number with the prefix that suits it.
func amount(x float64, unit string) string {
	by, prefix := scale(x)
	return figure(x/by) + " " + prefix + unit
}

// spread is a series: the median, and what it varied between.
func spread(s bench.Series, unit string) string {
	by, _ := scale(s.Median)
	return fmt.Sprintf("%s (%s to %s)", amount(s.Median, unit), figure(s.Min/by), figure(s.Max/by))
}

func scale(x float64) (by float64, prefix string) {
	switch {
	case x >= 0.9995e9:
		return 1e9, "G"
	case x >= 0.9995e6:
		return 1e6, "M"
	case x >= 0.9995e3:
		return 1e3, "k"
	}
	return 1, ""
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
