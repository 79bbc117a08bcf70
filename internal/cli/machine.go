package cli

import (
	"runtime"

	"ossian/internal/plan"
	"ossian/internal/probe"
)

// machine is what there is for a model now: memory, the disk of the hub's cache.
func (s *system) machine(threads int) plan.Machine {
	look := s.survey()
	m := plan.Machine{Available: look.Available, Within: "are free", Limited: look.Limited, Threads: threads}
	if m.Limited {
		m.Within = "are left of the container's limit of " + size(look.Limit)
	}
	if m.Threads <= 0 {
		m.Threads = runtime.GOMAXPROCS(0)
	}
	if settings, err := s.hubSettings(); err == nil {
		m.Disk, _ = s.diskFree(settings.Cache)
	}
	return m
}

// measured is machine with its speed, which takes memory for a second. Where that cannot be
// had the speed stays unknown.
func (s *system) measured(threads int) plan.Machine {
	m := s.machine(threads)
	p, err := s.prober(threads)
	if err != nil {
		return m
	}
	m.Read = p.Read()
	for _, k := range p.Peaks() {
		switch k.Kind {
		case probe.Int8:
			m.Int8 = k.Rate
		case probe.F32:
			m.F32 = k.Rate
		}
	}
	_ = p.Close() // nothing is lost by a failure
	return m
}

// bestOffer is the model of the catalogue that this machine runs best, with the size to
// fetch, its context and its predicted speed. It takes a second.
func (s *system) bestOffer() (plan.Offer, bool) {
	m := s.machine(0)
	if _, ok := plan.Best(&m); !ok {
		return plan.Offer{}, false
	}
	m = s.measured(0)
	return plan.Best(&m)
}
