//go:build !amd64 && !arm64

package kernel

import "ossian/internal/cpu"

// selectTier gives the table of a tier, or nil where there is none.
func selectTier(cpu.Tier) *Ops { return nil }
