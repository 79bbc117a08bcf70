package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ossian/internal/model"
	"ossian/internal/sample"
)

// TestCostsFromBytes holds the first estimate against what was worked out by hand for dense weights of 8 bits.
func TestCostsFromBytes(t *testing.T) {
	small, large, none := model.GptOss20B(), model.GptOss120B(), model.Config{}
	for _, c := range []struct {
		cfg  *model.Config
		want map[int]float64
	}{
		{&small, map[int]float64{1: 1, 2: 1.43, 3: 1.81, 4: 2.14, 5: 2.43, 6: 2.68, 8: 3.10, 16: 3.99}},
		{&large, map[int]float64{1: 1, 2: 1.51, 3: 2.01, 4: 2.49, 5: 2.96, 6: 3.41, 8: 4.28, 16: 7.23}},
		{&none, map[int]float64{1: 1, 2: 2, 8: 8, 16: 16}},
	} {
		costs := newCosts(c.cfg)
		for n, want := range c.want {
			if got := costs.of(n); math.Abs(got/want-1) > 0.02 {
				t.Errorf("%d layers: a step of %d costs %.3f, worked out %.2f", c.cfg.Layers, n, got, want)
			}
		}
	}
}

// TestCostsLearn times steps on a machine where every token costs alike.
func TestCostsLearn(t *testing.T) {
	cfg := model.GptOss20B()
	c := newCosts(&cfg)
	second := func(n int) time.Duration { return time.Duration(float64(time.Second) * (0.1 + 0.9*float64(n))) }
	for range 5 {
		c.note(1, second(1))
	}
	if c.largest() != 1 {
		t.Error("nothing larger was timed")
	}
	for range 3 {
		c.note(4, second(4))
	}
	if got := c.of(4); math.Abs(got-3.7) > 0.3 || c.largest() != 4 {
		t.Errorf("a timed step of 4 costs %.2f, want 3.7", got)
	}
	if got, bytes := c.of(8), c.bytes[8]; got < bytes+1.5 {
		t.Errorf("a step of 8 costs %.2f: a dear step of 4 taught nothing", got)
	}
	for range 2 { // hiccups
		c.note(1, 100*second(1))
		c.note(4, 100*second(4))
	}
	if got := c.of(4); math.Abs(got-3.7) > 0.3 {
		t.Errorf("after hiccups a step of 4 costs %.2f", got)
	}
	for range 4000 {
		c.note(1, second(1))
	}
	if got := c.of(4); got > c.bytes[4]*1.5 {
		t.Errorf("a step of 4 still costs %.2f after thousands of others", got)
	}
	still := newCosts(&cfg)
	for n := range 17 {
		still.note(max(n, 1), 0)
	}
	for n := 1; n <= 16; n++ {
		if still.of(n) != c.bytes[n] {
			t.Errorf("a clock that stands still makes a step of %d cost %v", n, still.of(n))
		}
	}
}

func TestOdds(t *testing.T) {
	var o odds
	o.reset()
	for n := gram; n < maxMatch; n++ {
		if o.of(n+1) < o.of(n) {
			t.Errorf("a repetition of %d is less sure to go on than one of %d", n+1, n)
		}
		if p := o.of(n); p < 0.5 || p > 0.95 {
			t.Errorf("%d: %v", n, p)
		}
	}
	for range 40 {
		o.note(9, false)
	}
	if o.of(8) > 0.1 || o.of(7) != 0.5 || o.of(12) != 0.75 {
		t.Errorf("after failures: %v, beside %v and %v", o.of(8), o.of(7), o.of(12))
	}
	for range 40 {
		o.note(9, true)
	}
	if o.of(8) < 0.7 {
		t.Errorf("after successes: %v", o.of(8))
	}
}

// TestDraftsPay compares the time of the same tokens with and without guesses, on machines whose
// steps cost what the case says.
func TestDraftsPay(t *testing.T) {
	cfg := model.GptOss20B()
	costs := newCosts(&cfg)
	bytes := func(n int) float64 { return costs.bytes[min(n, MaxDraft+1)] }
	power := func(n int) float64 { return math.Pow(float64(n), 0.8) }
	compute := func(n int) float64 { return 0.1 + 0.9*float64(n) }
	loop := make([]uint32, 100)
	for i := range loop {
		loop[i] = uint32(i * i % 97)
	}
	for _, c := range []struct {
		name     string
		cost     func(int) float64
		row      func([]float32, []uint32)
		vocab    int
		temp     float64
		from, to float64 // time with guesses, as a share of that without
	}{
		{"copying", bytes, echo(100, 0), 100, 0, 0.25, 0.30},
		{"copying with a change in ten tokens", bytes, periodic(10), 100, 0, 0.75, 0.85},
		{"copying with a change in thirty", bytes, periodic(30), 100, 0, 0.45, 0.55},
		{"nothing repeats", bytes, hashed, 100, 1, 1, 1},
		{"repetitions of 6 that always break", bytes, breaking(6), 20000, 0, 1, 1.02},
		{"repetitions of 8 that always break", bytes, breaking(8), 20000, 0, 0.85, 0.95},
		{"repetitions of 12 that always break", bytes, breaking(12), 20000, 0, 0.7, 0.8},
		{"repetitions of 32 that always break", bytes, breaking(32), 20000, 0, 0.4, 0.5},
		{"copying, computing costs more than reading", power, echo(100, 0), 100, 0, 0.55, 0.65},
		{"the same with a change in thirty", power, periodic(30), 100, 0, 0.8, 0.95},
		{"copying, every token costs alike", compute, echo(100, 0), 100, 0, 0.88, 1},
		{"copying, many tokens cost more than one by one", func(n int) float64 { return float64(n * n) }, echo(100, 0), 100, 0, 1, 1.02},
	} {
		run := func(draft int) (Result, time.Duration) {
			m := newEcho(c.vocab, 3000, 0, 0)
			m.row = c.row
			clock := m.timed(c.cost)
			res, err := New(m, Options{Draft: draft, Now: clock}).Generate(t.Context(),
				Request{Prompt: loop, MaxTokens: 1500, Sampling: sample.Params{Temperature: c.temp}}, none)
			if err != nil {
				t.Fatal(err)
			}
			return res, res.Timings.Decode
		}
		_, plain := run(0)
		res, got := run(MaxDraft)
		ratio := float64(got) / float64(plain)
		t.Logf("%s: %.3f of the time; %+v", c.name, ratio, res.Drafts)
		if ratio < c.from || ratio > c.to {
			t.Errorf("%s: %.3f of the time, want %.2f to %.2f", c.name, ratio, c.from, c.to)
		}
	}
}

// periodic is text with a period of 100 in which one token in changes is another.
func periodic(changes int) func(row []float32, history []uint32) {
	return func(row []float32, history []uint32) {
		clear(row)
		n := len(history) % 100
		id := n * n % 97
		if r := rand.New(rand.NewPCG(uint64(len(history)), 1)); r.IntN(changes) == 0 {
			id = r.IntN(100)
		}
		row[id] = 1
	}
}

// breaking is text that says the same n tokens again and again, and something new between.
func breaking(n int) func(row []float32, history []uint32) {
	return func(row []float32, history []uint32) {
		clear(row)
		if i := len(history) % (n + 1); i < n {
			row[i] = 1
		} else {
			row[100+rand.New(rand.NewPCG(uint64(len(history)), 1)).IntN(len(row)-100)] = 1
		}
	}
}

func TestRecent(t *testing.T) {
	var r recent
	if r.median() != 0 {
		t.Error("a median of nothing")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var all []float64
	for range 50 {
		x := float64(rng.IntN(20))
		r.add(x)
		all = append(all, x)
		last := slices.Sorted(slices.Values(all[max(0, len(all)-len(r.last)):]))
		if got, want := r.median(), last[(len(last)-1)/2]; got != want {
			t.Fatalf("median of %v: %v, want %v", last, got, want)
		}
	}
}
