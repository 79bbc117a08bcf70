package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"ossian/internal/model"
	"ossian/internal/sample"
)

// newEcho is a mock that repeats itself, and shows the shape of gpt-oss-20b.
func newEcho(vocab, limit int, strength float32, breaks int) *mock {
	m := newMock(vocab, limit)
	m.cfg = model.GptOss20B()
	m.cfg.Vocab, m.cfg.MaxContext = vocab, limit
	m.row = echo(strength, breaks)
	return m
}

// timed gives the mock steps of some length, by their tokens, and the clock that shows it.
func (m *mock) timed(cost func(tokens int) float64) func() time.Time {
	now := time.Unix(0, 0)
	m.before = func(context.Context, int) error {
		now = now.Add(time.Duration(cost(m.tokens) * float64(time.Millisecond)))
		return nil
	}
	return func() time.Time { return now }
}

// cheap says that a step costs the same whatever its tokens: every guess pays.
func cheap(int) float64 { return 1 }

// moody is a mask that depends on all that was accepted, and notices calls out of order.
type moody struct {
	t        *testing.T
	vocab    int
	accepted []uint32
	asked    bool
	mask     sample.Mask
}

func (m *moody) Mask() sample.Mask {
	m.asked = true
	m.mask.AllowAll()
	for i, id := range m.accepted {
		if i%3 == 0 {
			m.mask.Forbid(id + uint32(i)%2)
		}
	}
	return m.mask
}

func (m *moody) Accept(id uint32) {
	if !m.asked || !m.mask.Allows(id) {
		m.t.Errorf("id %d accepted without being offered", id)
	}
	m.asked = false
	if m.accepted = append(m.accepted, id); len(m.accepted) > 12 {
		m.accepted = m.accepted[1:]
	}
}

// told is all that a consumer can see of a run, but for time.
type told struct {
	Events []Event
	Tops   [][]sample.TokenProb
	Result Result
	Err    string
	Masked []uint32
}

// until is what was told up to a token. What comes behind it depends on who is ahead.
func (w told) until(at int) told {
	for i, e := range w.Events {
		if e.IsToken && e.Index == at {
			return told{Events: w.Events[:i+1], Tops: w.Tops[:i+1]}
		}
	}
	return w
}

// hear runs a request, cancelled or ended by the consumer after some tokens if so wanted.
func hear(t *testing.T, m *mock, opt Options, req Request, cancelAt, enoughAt int) told {
	t.Helper()
	var w told
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	mask, _ := req.Mask.(*moody)
	res, err := New(m, opt).Generate(ctx, req, func(e Event) error {
		w.Tops = append(w.Tops, slices.Clone(e.Token.Top))
		e.Token.Top = nil
		w.Events = append(w.Events, e)
		if e.IsToken && e.Index == cancelAt {
			cancel()
		}
		if e.IsToken && e.Index == enoughAt {
			return ErrEnough
		}
		return nil
	})
	if err != nil {
		w.Err = err.Error()
	}
	if mask != nil {
		w.Masked = mask.accepted
	}
	w.Result = res
	return w
}

// TestSameWithDrafts: for any request, events and result are those of plain decoding.
func TestSameWithDrafts(t *testing.T) {
	var accepted, rejected, stopped, cancelled, failed int
	for trial := range uint64(1200) {
		r := rand.New(rand.NewPCG(trial, 5))
		vocab := 8 + r.IntN(60)
		req := Request{Prompt: make([]uint32, 1+r.IntN(80)), MaxTokens: r.IntN(120), Sampling: sample.Params{Seed: r.Uint64()}}
		for i := range req.Prompt {
			req.Prompt[i] = r.Uint32N(uint32(vocab))
			if i >= 12 && trial%2 == 0 {
				req.Prompt[i] = req.Prompt[i-12]
			}
		}
		p := &req.Sampling
		pick := func() bool { return r.IntN(3) == 0 }
		if pick() {
			p.Temperature = r.Float64() * 2
		}
		if pick() {
			p.TopK, p.TopP, p.MinP = r.IntN(vocab), 0.5+r.Float64()/2, r.Float64()/5
		}
		if pick() {
			p.RepeatPenalty, p.Frequency, p.Presence = 1+r.Float64()/4, r.Float64()/8, r.Float64()/8
		}
		if pick() {
			p.Logprobs = r.IntN(5)
		}
		if pick() {
			p.Bias = map[uint32]float32{r.Uint32N(uint32(vocab)): 2}
		}
		if pick() {
			req.Stop = []uint32{r.Uint32N(uint32(vocab)), r.Uint32N(uint32(vocab))}
		}
		masked := pick()
		var valid func(uint32) bool
		if pick() {
			valid = func(id uint32) bool { return id%7 != 3 }
		}
		cancelAt, enoughAt, spoil := -1, -1, 0
		switch r.IntN(8) {
		case 0:
			cancelAt = r.IntN(60)
		case 1:
			enoughAt = r.IntN(60)
		case 2:
			spoil = len(req.Prompt) + r.IntN(60) // the row after so many tokens
		}
		strength, breaks, cost := float32(r.IntN(12)), r.IntN(20), []func(int) float64{cheap, func(n int) float64 { return r.Float64() * float64(n) }}[r.IntN(2)]
		run := func(draft int) told {
			m := newEcho(vocab, 300, strength, breaks)
			m.spoilAt = spoil
			req := req
			if masked {
				req.Mask = &moody{t: t, vocab: vocab, mask: sample.NewMask(vocab)}
			}
			w := hear(t, m, Options{Draft: draft, Valid: valid, Now: m.timed(cost)}, req, cancelAt, enoughAt)
			if len(m.caps) != 0 {
				t.Error("the sequence was not freed")
			}
			return w
		}
		plain := run(0)
		if plain.Result.Drafts.Drafted != 0 {
			t.Fatal("guesses though none were asked for")
		}
		for _, draft := range []int{1, 4, MaxDraft, 1000} {
			got := run(draft)
			d := got.Result.Drafts
			accepted, rejected = accepted+d.Accepted, rejected+d.Drafted-d.Accepted
			cut := got.Result.Finish == FinishCancelled || enoughAt >= 0 // by the consumer, whom the engine may be ahead of
			if n := got.Result.CompletionTokens; n > 1 && got.Err == "" && !cut && d.Steps+d.Accepted != n-1 {
				t.Errorf("trial %d: %+v for %d tokens", trial, d, n)
			}
			if cut {
				got.Masked = plain.Masked
			}
			got.Result.Drafts, got.Result.Timings = plain.Result.Drafts, plain.Result.Timings
			want := plain
			if cancelAt >= 0 {
				got, want = got.until(cancelAt), plain.until(cancelAt)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("trial %d with %d guesses: %+v\ngave %+v\nwant %+v", trial, draft, req, got, want)
			}
		}
		switch {
		case plain.Err != "":
			failed++
		case plain.Result.HasStop:
			stopped++
		case plain.Result.Finish == FinishCancelled:
			cancelled++
		}
	}
	t.Logf("%d guesses right, %d wrong; %d runs stopped, %d cancelled, %d failed", accepted, rejected, stopped, cancelled, failed)
	if accepted < 5000 || rejected < 1000 || stopped < 100 || cancelled < 50 || failed < 20 {
		t.Error("the requests are too tame")
	}
}

// TestDraftEnds looks at the ends of a run that fall among guesses.
func TestDraftEnds(t *testing.T) {
	loop := make([]uint32, 60)
	for i := range loop {
		loop[i] = uint32(i % 10)
	}
	start := func(draft int) (*mock, Options) {
		m := newEcho(12, 1000, 100, 0)
		return m, Options{Draft: draft, Now: m.timed(cheap)}
	}
	for n := 1; n < 60; n++ {
		m, opt := start(MaxDraft)
		res, err := New(m, opt).Generate(t.Context(), Request{Prompt: loop, MaxTokens: n}, none)
		if err != nil || res.CompletionTokens != n || res.Finish != FinishLength {
			t.Fatalf("%d tokens asked for: %+v, %v", n, res, err)
		}
		for i, id := range res.Tokens {
			if id != uint32(i%10) {
				t.Fatalf("the loop broke: %v", res.Tokens)
			}
		}
		if n > 40 && res.Drafts.Steps > n/3 {
			t.Errorf("%d steps for %d tokens of a loop", res.Drafts.Steps, n)
		}
		if d := res.Drafts; d.Drafted != d.Accepted {
			t.Errorf("%d tokens: more guessed than could be used: %+v", n, d)
		}
		if m.trims > 0 {
			t.Error("a good guess was taken back")
		}
	}
	m, opt := start(MaxDraft)
	res, err := New(m, opt).Generate(t.Context(), Request{Prompt: loop, Stop: []uint32{9}}, none)
	if err != nil || res.CompletionTokens != 10 || !res.HasStop || res.Drafts.Drafted != res.Drafts.Accepted {
		t.Errorf("%+v, %v", res, err)
	}
	// A failed step ends the run with what was said before it.
	broken := errors.New("broken")
	m, opt = start(MaxDraft)
	m.before = func(context.Context, int) error {
		if m.tokens > 1 && m.tokens < 10 {
			return fmt.Errorf("step: %w", broken)
		}
		return nil
	}
	now := time.Unix(0, 0)
	opt.Now = func() time.Time { now = now.Add(time.Millisecond); return now }
	res, err = New(m, opt).Generate(t.Context(), Request{Prompt: loop}, none)
	if !errors.Is(err, broken) || res.Drafts.Accepted != 0 || res.CompletionTokens != res.Drafts.Steps+1 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestDraftAllocations compares a short run with a long one, in text that repeats and in text that does not.
func TestDraftAllocations(t *testing.T) {
	for _, strength := range []float32{0, 6, 100} {
		m := newEcho(12, 3000, strength, 0)
		e := New(m, Options{Draft: MaxDraft, Now: m.timed(cheap)})
		drafted := 0
		count := func(n int) float64 {
			return testing.AllocsPerRun(5, func() {
				res, err := e.Generate(context.Background(), Request{Prompt: []uint32{1, 2, 3, 4}, MaxTokens: n, Sampling: sample.Params{Temperature: 1}}, none)
				if err != nil {
					t.Fatal(err)
				}
				drafted += res.Drafts.Drafted
			})
		}
		count(1000)
		if short, long := count(10), count(1000); long > short {
			t.Errorf("echo of %v: 10 tokens: %v allocations, 1000 tokens: %v", strength, short, long)
		}
		if (strength > 0) != (drafted > 0) {
			t.Errorf("echo of %v: %d guesses", strength, drafted)
		}
	}
}
