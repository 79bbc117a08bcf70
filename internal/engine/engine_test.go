package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ossian/internal/sample"
)

func none(Event) error { return nil }

func TestChunkingDoesNotMatter(t *testing.T) {
	prompt := make([]uint32, 100)
	for i := range prompt {
		prompt[i] = uint32(i * 7 % 50)
	}
	var want []uint32
	for _, chunk := range []int{1, 7, 99, 100, 128} {
		m := newMock(50, 1000)
		var events []uint32
		last := 0
		res, err := New(m, Options{Chunk: chunk}).Generate(t.Context(),
			Request{Prompt: prompt, MaxTokens: 20, Sampling: sample.Params{Temperature: 1, Seed: 3}},
			func(e Event) error {
				if e.IsToken {
					events = append(events, e.Token.ID)
				} else if last = e.Prefill; e.PromptTokens != 100 {
					t.Errorf("%+v", e)
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = res.Tokens
		}
		if !slices.Equal(res.Tokens, want) || !slices.Equal(events, want) || last != 100 {
			t.Errorf("chunk %d: result %v, events %v, prefill to %d; want %v", chunk, res.Tokens, events, last, want)
		}
		if res.Finish != FinishLength || res.CompletionTokens != 20 || res.PromptTokens != 100 {
			t.Errorf("%+v", res)
		}
		if n := (100+chunk-1)/chunk + 19; len(m.steps) != n { // the last token needs no step
			t.Errorf("chunk %d: %d steps, want %d", chunk, len(m.steps), n)
		}
		if len(m.caps) != 0 {
			t.Error("the sequence was not freed")
		}
	}
}

func TestStop(t *testing.T) {
	e := New(newMock(10, 1000), Options{})
	var last Event
	res, err := e.Generate(t.Context(), Request{Prompt: []uint32{1}, Stop: []uint32{4, 7}, Sampling: sample.Params{Temperature: 1, Seed: 1}},
		func(ev Event) error { last = ev; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if res.Finish != FinishStop || !res.HasStop || res.StopID != res.Tokens[len(res.Tokens)-1] || (res.StopID != 4 && res.StopID != 7) {
		t.Errorf("%+v", res)
	}
	if !last.Stop || last.Index != res.CompletionTokens-1 {
		t.Errorf("last event %+v", last)
	}
	for _, id := range res.Tokens[:len(res.Tokens)-1] {
		if id == 4 || id == 7 {
			t.Errorf("went past a stop id: %v", res.Tokens)
		}
	}
}

func TestContext(t *testing.T) {
	e := New(newMock(10, 1000), Options{Context: 20})
	prompt := make([]uint32, 15)
	for _, c := range []struct{ prompt, asked int }{{15, 6}, {20, 0}, {30, 1}} {
		_, err := e.Generate(t.Context(), Request{Prompt: make([]uint32, c.prompt), MaxTokens: c.asked}, none)
		if ce := (*ContextError)(nil); !errors.As(err, &ce) || *ce != (ContextError{c.prompt, c.asked, 20, 1000}) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	res, err := e.Generate(t.Context(), Request{Prompt: prompt}, none)
	if err != nil || res.Finish != FinishContext || res.CompletionTokens != 5 {
		t.Errorf("%+v, %v", res, err)
	}
	if got := New(newMock(10, 1000), Options{Context: 5000}).Context(); got != 1000 {
		t.Errorf("context %d beyond the model's", got)
	}
}

func TestBadRequests(t *testing.T) {
	e := New(newMock(10, 100), Options{})
	for _, r := range []Request{{}, {Prompt: []uint32{10}}, {Prompt: []uint32{1}, MaxTokens: -1}, {Prompt: []uint32{1}, Sampling: sample.Params{Temperature: -1}}} {
		if _, err := e.Generate(t.Context(), r, none); err == nil {
			t.Errorf("%+v was accepted", r)
		}
	}
}

// TestCancel cancels during prefill and during decoding, with backends that notice it and others: the
// step under way is the last.
func TestCancel(t *testing.T) {
	prompt := make([]uint32, 40)
	for _, at := range []int{1, 3, 5, 9} { // the steps 1..4 read the prompt
		for _, notices := range []bool{true, false} {
			m := newMock(10, 1000)
			ctx, cancel := context.WithCancel(t.Context())
			m.before = func(ctx context.Context, step int) error {
				if step == at {
					cancel()
					<-ctx.Done() // the step is called off
					if notices {
						return fmt.Errorf("step: %w", ctx.Err())
					}
				}
				return nil
			}
			res, err := New(m, Options{Chunk: 10}).Generate(ctx, Request{Prompt: prompt}, none)
			if err != nil || res.Finish != FinishCancelled {
				t.Fatalf("step %d: %+v, %v", at, res, err)
			}
			if len(m.steps) != at || len(m.caps) != 0 {
				t.Errorf("cancelled in step %d, stopped after %d; %d sequences are left", at, len(m.steps), len(m.caps))
			}
			n := max(at-4, 0)
			if !notices && at >= 4 {
				n++ // what came of it is passed on
			}
			if res.CompletionTokens != n || len(res.Tokens) != n {
				t.Errorf("step %d (notices %v): %d tokens kept, want %d", at, notices, res.CompletionTokens, n)
			}
		}
	}
}

// TestWaiting: a second request waits its turn, and may give up waiting.
func TestWaiting(t *testing.T) {
	m := newMock(10, 1000)
	e := New(m, Options{})
	started, release := make(chan bool), make(chan bool)
	m.before = func(context.Context, int) error {
		if started != nil {
			close(started)
			started = nil
			<-release
		}
		return nil
	}
	wait := started
	done := make(chan error)
	go func() {
		_, err := e.Generate(t.Context(), Request{Prompt: []uint32{1}, MaxTokens: 3}, none)
		done <- err
	}()
	<-wait
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if res, err := e.Generate(ctx, Request{Prompt: []uint32{1}, MaxTokens: 3}, none); err != nil || res.Finish != FinishCancelled {
		t.Errorf("%+v, %v", res, err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if res, err := e.Generate(t.Context(), Request{Prompt: []uint32{1}, MaxTokens: 3}, none); err != nil || res.Finish != FinishLength {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	m := newMock(10, 1000)
	m.before = func(_ context.Context, step int) error {
		if step == 4 {
			return broken
		}
		return nil
	}
	res, err := New(m, Options{}).Generate(t.Context(), Request{Prompt: []uint32{1}}, none)
	if !errors.Is(err, broken) || len(res.Tokens) != 3 || res.Finish != "" {
		t.Errorf("%+v, %v", res, err)
	}
	m = newMock(10, 1000)
	m.spoil = 3
	_, err = New(m, Options{}).Generate(t.Context(), Request{Prompt: []uint32{1}}, none)
	if se := (*sample.Error)(nil); !errors.As(err, &se) || se.Position != 2 {
		t.Error(err)
	}
	for want, stop := range map[error]error{broken: broken, nil: ErrEnough} {
		res, err := New(newMock(10, 1000), Options{}).Generate(t.Context(), Request{Prompt: []uint32{1}}, func(e Event) error {
			if e.IsToken && e.Index == 2 {
				return stop
			}
			return nil
		})
		if err != want || len(res.Tokens) != 3 || (want == nil) != (res.Finish == FinishStop) {
			t.Errorf("%+v, %v", res, err)
		}
	}
}

type even struct{ accepted []uint32 }

func (s *even) Mask() sample.Mask {
	return sample.Mask{0x5555555555555555}
}
func (s *even) Accept(id uint32) { s.accepted = append(s.accepted, id) }

func TestMasks(t *testing.T) {
	s := &even{}
	e := New(newMock(40, 1000), Options{Valid: func(id uint32) bool { return id < 30 && id != 4 }})
	res, err := e.Generate(t.Context(), Request{Prompt: []uint32{1}, MaxTokens: 300, Mask: s, Sampling: sample.Params{Temperature: 2}}, none)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range res.Tokens {
		if id%2 != 0 || id >= 30 || id == 4 {
			t.Errorf("id %d was forbidden", id)
		}
	}
	if !slices.Equal(s.accepted, res.Tokens) {
		t.Error("the mask source was not told every token")
	}
}

func TestTimings(t *testing.T) {
	now := time.Unix(0, 0)
	m := newMock(10, 1000)
	m.before = func(context.Context, int) error { now = now.Add(time.Second); return nil }
	res, err := New(m, Options{Chunk: 5, Now: func() time.Time { return now }}).Generate(t.Context(),
		Request{Prompt: make([]uint32, 10), MaxTokens: 4}, none)
	if want := (Timings{Prefill: 2 * time.Second, Decode: 3 * time.Second, FirstToken: 2 * time.Second}); err != nil || res.Timings != want {
		t.Errorf("%+v, %v", res.Timings, err)
	}
}

// TestNoAllocationPerToken compares a short run with a long one.
func TestNoAllocationPerToken(t *testing.T) {
	e := New(newMock(100, 10000), Options{Valid: func(id uint32) bool { return id != 3 }})
	count := func(n int) float64 {
		return testing.AllocsPerRun(10, func() {
			if _, err := e.Generate(context.Background(), Request{Prompt: []uint32{1}, MaxTokens: n, Sampling: sample.Params{Temperature: 1}}, none); err != nil {
				t.Fatal(err)
			}
		})
	}
	if short, long := count(10), count(1000); long > short {
		t.Errorf("10 tokens: %v allocations, 1000 tokens: %v", short, long)
	}
}
