package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ossian/internal/bench"
	"ossian/internal/hub"
	"ossian/internal/mem"
	"ossian/internal/plan"
)

// candidate is a model that may be here.
type candidate struct {
	*plan.Model
	place *place // nil: it is not
}

// planned are the models that a name means: one that is here, or one of the catalogue;
// without a name all of the catalogue, and nano.
func (s *system) planned(name string) ([]candidate, error) {
	if name == "" {
		nano, err := s.planned(builtin)
		for _, m := range plan.Catalogue() {
			more, err := s.planned(m.Name)
			if err != nil {
				return nil, err
			}
			nano = append(nano, more...)
		}
		return nano, err
	}
	at, err := s.find(name)
	if err != nil {
		for _, m := range plan.Catalogue() {
			if strings.EqualFold(name, m.Name) || strings.EqualFold(name, "openai/"+m.Name) {
				m.Fetch = max(m.Fetch-s.begun(m.Name), 0)
				return []candidate{{m, nil}}, nil
			}
		}
		return nil, err
	}
	m, err := modelAt(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	m.Name = name
	return []candidate{{m, &at}}, nil
}

// begun is what is here of a model whose pull was interrupted.
func (s *system) begun(name string) int64 {
	settings, err := s.hubSettings()
	if err != nil {
		return 0
	}
	pulled, _ := settings.List() // what cannot be read is not here
	ref, err := hub.ParseRef(name)
	for _, m := range pulled {
		if err == nil && m.Ref == ref && !m.Complete {
			return m.Bytes
		}
	}
	return 0
}

// fit plans a model in all settings.
func (s *system) fit(m candidate, mc *plan.Machine, c *fitCmd) (fitted, error) {
	f := fitted{Model: m.Name, Fetch: m.Fetch}
	if m.place != nil {
		f.Folder = m.place.dir
	}
	contexts := []int{c.Context}
	if c.Context == 0 {
		contexts = usualContexts(m.Config.MaxContext)
	}
	for _, h := range plan.Holds() {
		for _, n := range contexts {
			if _, can := m.Weights[h]; can {
				f.Settings = append(f.Settings, m.Plan(mc, plan.Setting{Hold: h, Context: min(n, m.Config.MaxContext), Users: c.Users}))
			}
		}
	}
	wish := plan.Wish{Holds: c.holds(), Context: min(c.Context, m.Config.MaxContext), Users: c.Users}
	switch p := m.Choose(mc, wish); {
	case p.Hold == "":
		return f, fmt.Errorf("%s: %w", m.Name, m.cannot(wish.Holds[0]))
	case p.Fits:
		f.Best = &p
	default:
		f.Problem = m.Refuse(mc, wish, p).Error()
	}
	if f.Fetch > 0 && mc.Disk > 0 && f.Fetch > mc.Disk {
		f.Problem = fmt.Sprintf("%s are still to be fetched, and the disk has %s free: make room for %s, or set HF_HUB_CACHE to a folder on another disk", size(f.Fetch), size(mc.Disk), size(f.Fetch-mc.Disk))
	}
	wish.Holds = []plan.Hold{plan.Q8}
	if p := m.Choose(mc, wish); !p.Fits && p.Hold != "" {
		f.Buy = p.Buy()
		if !mc.Limited { // others do not count against a container's limit
			f.Close = s.closing(p.Need.Total() - mc.Available)
		}
	}
	return f, nil
}

// cannot is why a model is not held in some way.
func (m *candidate) cannot(h plan.Hold) error {
	if err := m.Cannot[h]; err != nil {
		return err
	}
	return usage("--weights map needs a model in a folder; the built-in one is part of the program")
}

// usualContexts are the lengths that a model's memory is told for.
func usualContexts(most int) (list []int) {
	for _, n := range []int{4096, plan.DefaultContext, most} {
		if n = min(n, most); len(list) == 0 || n > list[len(list)-1] {
			list = append(list, n)
		}
	}
	return list
}

// closing are the fewest of the largest programs that hold so much; none where they are not enough.
func (s *system) closing(lack int64) (list []mem.Holder) {
	const most = 5
	for _, h := range s.holders(most) {
		if list = append(list, h); h.Bytes >= lack {
			return list
		}
		lack -= h.Bytes
	}
	return nil
}

// The most that is read of each file, and the longest that takes, to know the disk's rate.
const (
	diskSample = 32 << 20
	diskTime   = 3 * time.Second
)

// diskRate reads a little of a model's files; 0 where that says nothing.
func (s *system) diskRate(ctx context.Context, at place) float64 {
	if at.dir == "" {
		return 0
	}
	ctx, stop := context.WithTimeout(ctx, diskTime)
	defer stop()
	names := weightFileNames(at.fsys)
	d, err := bench.ReadSome(ctx, at.fsys, names[:min(len(names), 4)], diskSample, s.now)
	if err != nil || !d.Direct {
		return 0
	}
	return d.Rate
}
