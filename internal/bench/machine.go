package bench

import (
	"fmt"
	"time"

	"ossian/internal/cpu"
	"ossian/internal/mem"
	"ossian/internal/par"
	"ossian/internal/probe"
)

// Prober says what the machine can do now.
type Prober interface {
	// Read is the memory bandwidth, in bytes a second.
	Read() float64
	// Peaks are operations a second of each kind that the machine has instructions for.
	Peaks() []Peak
}

// Peak is a limit of arithmetic.
type Peak struct {
	Kind probe.Kind `json:"kind"`
	Rate float64    `json:"operations_per_s"`
}

// Machine probes this machine with package probe. Close it when done.
type Machine struct {
	features cpu.Features
	team     *par.Team
	arena    *mem.Arena
	block    []byte
}

// ProbeBytes is the memory that a Machine takes: far more than caches hold.
const ProbeBytes = 512 << 20

// A single probe: so many rounds, of which the median counts, and so long for each kind.
const (
	probeRounds = 3
	probeTime   = 20 * time.Millisecond
)

// NewMachine takes the memory that is read, and threads (0: one for each usable core).
func NewMachine(threads int) (*Machine, error) {
	if free, known := mem.Available(); known && free < ProbeBytes {
		return nil, fmt.Errorf("bench: probing the memory takes %d MB, and this machine has %d MB available; close other programs", ProbeBytes>>20, free>>20)
	}
	arena, err := mem.NewArena(ProbeBytes)
	if err != nil {
		return nil, err
	}
	block, err := arena.Alloc(ProbeBytes, 4096)
	if err != nil {
		_ = arena.Close()
		return nil, err
	}
	m := &Machine{features: cpu.Detect(), team: par.NewTeam(threads), arena: arena, block: block}
	m.team.For(len(block), 1<<20, func(_, lo, hi int) { // memory is there once it was written
		for i := lo; i < hi; i++ {
			block[i] = byte(i)
		}
	})
	return m, nil
}

// Memory is what m takes, to be told apart from what a model takes.
func (m *Machine) Memory() int64 { return ProbeBytes }

// Read is the median of some reads in the pattern that is fastest now.
func (m *Machine) Read() float64 {
	return probe.Bandwidth(m.team, m.features, m.block, probeRounds)[0].Median
}

// Peaks are medians.
func (m *Machine) Peaks() (out []Peak) {
	for _, f := range probe.Peaks(m.team, m.features, probeRounds, probeTime) {
		out = append(out, Peak{f.Of, f.Median})
	}
	return out
}

// Close gives memory and threads back.
func (m *Machine) Close() error {
	m.team.Close()
	m.block = nil
	return m.arena.Close()
}
