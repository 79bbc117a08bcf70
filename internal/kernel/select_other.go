//go:build !amd64

package kernel

import "ossian/internal/cpu"

// selectTier gives the table of a tier, or nil where there is none.
func selectTier(cpu.Tier) *Ops { return nil }

// The wide versions exist where attend is called with wide set.
func scoresWide(s, q, keys []float32, scale float32) float32 { return scores(s, q, keys, scale) }

func accumulateWide(acc, p, values []float32) { accumulate(acc, p, values) }
