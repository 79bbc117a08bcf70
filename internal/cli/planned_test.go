package cli

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"ossian/internal/mem"
	"ossian/internal/plan"
)

// TestHolds: what needs packed weights, or insists on reading, is not mapped behind a person's back.
func TestHolds(t *testing.T) {
	for f, want := range map[weightFlags][]plan.Hold{
		{}:                                      {plan.Q8, plan.Map},
		{Weights: "auto", Dense: "q8"}:          {plan.Q8, plan.Map},
		{Weights: "auto", Dense: "bf16"}:        {plan.BF16, plan.Q8, plan.Map},
		{Weights: "read", Dense: "bf16"}:        {plan.BF16},
		{Weights: "read"}:                       {plan.Q8},
		{Weights: "map"}:                        {plan.Map},
		{Weights: "auto", Activations: "f32"}:   {plan.Rows, plan.Map},
		{Weights: "read", Activations: "bf16"}:  {plan.Rows},
		{Weights: "auto", Activations: "int8"}:  {plan.Q8},
		{Activations: "int16", Dense: "bf16"}:   {plan.BF16, plan.Q8},
		{Weights: "map", Activations: "f32"}:    {plan.Map},
		{Activations: "f32", Dense: "bf16"}:     {plan.Rows, plan.Map},
		{Weights: "auto", Activations: "mixed"}: {plan.Q8},
		{Weights: "read", Activations: "mixed"}: {plan.Q8},
		{Weights: "auto", Activations: "bf16"}:  {plan.Rows, plan.Map},
	} {
		if got := f.holds(); !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", f, got, want)
		}
	}
}

// TestLoadsAsPlanned: a load heeds the memory that is there before it takes any.
func TestLoadsAsPlanned(t *testing.T) {
	open := func(model string, available int64, f loadFlags) (*opened, string, error) {
		w := newWorld(t, "", "")
		w.survey = func() mem.Survey { return mem.Survey{Available: available} }
		f.Model = model
		m, err := w.open(t.Context(), &f)
		if err == nil {
			t.Cleanup(m.close)
		}
		return m, w.err.String(), err
	}
	for available, want := range map[int64]int{0: 32768, 1e9: 32768, 90e6: 16384, 67e6: 8192, 63e6: 4096} {
		m, said, err := open("", available, loadFlags{})
		if err != nil {
			t.Fatalf("%d bytes: %v", available, err)
		}
		if m.context > want || m.context < want/4 || strings.Contains(said, "the context is") != (want < 32768) {
			t.Errorf("%d bytes: %d tokens, %q", available, m.context, said)
		}
	}
	full := (*plan.Error)(nil)
	if _, _, err := open("", 20e6, loadFlags{}); !errors.As(err, &full) || !strings.Contains(err.Error(), "too little") {
		t.Error(err)
	}
	_, _, err := open("", 100e6, loadFlags{Context: 131072})
	if !errors.As(err, &full) || !strings.Contains(err.Error(), "what fits: --dense q8 --context ") {
		t.Error(err)
	}
}

// TestMapsWhatDoesNotFit: the weights stay in their files where that takes less and is allowed.
func TestMapsWhatDoesNotFit(t *testing.T) {
	const dir = "../../testdata/golden/wide/hf"
	w := newWorld(t, "", "")
	w.survey = func() mem.Survey { return mem.Survey{} }
	at, err := w.find(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := modelAt(at)
	if err != nil {
		t.Fatal(err)
	}
	context := min(plan.LeastContext, m.Config.MaxContext)
	threads := w.machine(0).Threads
	need := func(h plan.Hold) int64 {
		return m.Need(plan.Setting{Hold: h, Context: context, Users: 1}, threads).Total()
	}
	if need(plan.Q8) <= need(plan.Map) {
		t.Fatalf("read %d, mapped %d bytes", need(plan.Q8), need(plan.Map))
	}
	w.survey = func() mem.Survey { return mem.Survey{Available: need(plan.Q8) - 1} }
	o, err := w.openAt(t.Context(), at, &loadFlags{Context: context})
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	if !strings.Contains(o.held, "mapped") || !strings.Contains(w.err.String(), "stay in their files") {
		t.Errorf("%s; %s", o.held, &w.err)
	}
	if _, err := w.openAt(t.Context(), at, &loadFlags{Context: context, weightFlags: weightFlags{Weights: "read"}}); err == nil || !strings.Contains(err.Error(), "--weights map") {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

// TestHeapLimit: the runtime is held to the plan, but a person's own limit stays.
func TestHeapLimit(t *testing.T) {
	for env, want := range map[string]bool{"": true, "1GiB": false} {
		w := newWorld(t, "", "")
		w.getenv = func(name string) string { return map[string]string{"GOMEMLIMIT": env}[name] }
		w.survey = func() mem.Survey { return mem.Survey{Available: 1e9} }
		limit := int64(0)
		w.setHeapLimit = func(n int64) { limit = n }
		m, err := w.load(t.Context(), &loadFlags{Context: 8192})
		if err != nil {
			t.Fatal(err)
		}
		m.close()
		if need := m.plan.Need; (limit > 0) != want || want && (limit < need.KV+need.Workspace || limit > need.Total()+300<<20) {
			t.Errorf("%q: %d bytes for %+v", env, limit, need)
		}
	}
}
