package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"ossian/internal/model"
	"ossian/internal/sample"
)

// asked is a request of many, and what is done to it.
type asked struct {
	req      Request
	cancelAt int // the token after which the caller leaves; -1: never
}

// conversations makes requests that begin alike in all the ways that prompts do: a system prompt of all, turns of a
// conversation, the same prompt again, and something else altogether.
func conversations(r *rand.Rand, n, vocab, long int) []asked {
	text := func(n int) []uint32 {
		ids := make([]uint32, n)
		for i := range ids {
			ids[i] = r.Uint32N(uint32(vocab))
		}
		return ids
	}
	system := text(1 + r.IntN(long))
	prompts := [][]uint32{system}
	var all []asked
	for range n {
		prompt := text(1 + r.IntN(long))
		switch before := prompts[r.IntN(len(prompts))]; r.IntN(5) {
		case 0:
		case 1:
			prompt = before
		case 2:
			prompt = slices.Concat(before[:1+r.IntN(len(before))], prompt)
		default:
			prompt = slices.Concat(before, prompt)
		}
		if len(prompt) > 3*long {
			prompt = prompt[:3*long]
		}
		prompts = append(prompts, prompt)
		q := asked{cancelAt: -1, req: Request{Prompt: prompt, MaxTokens: 1 + r.IntN(40)*(1+r.IntN(4)), Key: fmt.Sprint(r.IntN(3))}}
		q.req.Sampling = sample.Params{Seed: r.Uint64(), Logprobs: r.IntN(3)}
		if r.IntN(3) > 0 {
			q.req.Sampling.Temperature = 1
		}
		if r.IntN(6) == 0 {
			q.cancelAt = r.IntN(10)
		}
		all = append(all, q)
	}
	return all
}

// answer is what must not depend on company.
type answer struct {
	Tokens []sample.Token
	Finish Finish
}

func (q *asked) ask(t *testing.T, e *Engine, enough bool) (a answer, res Result) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	res, err := e.Generate(ctx, q.req, func(ev Event) error {
		if !ev.IsToken {
			return nil
		}
		ev.Token.Top = slices.Clone(ev.Token.Top)
		a.Tokens = append(a.Tokens, ev.Token)
		if enough && ev.Index == q.cancelAt {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	a.Finish = res.Finish
	return a, res
}

// together asks all at once, a few of them cancelled on the way, and compares with what each was told alone.
func together(t *testing.T, e *Engine, all []asked, alone []answer) (cached int) {
	t.Helper()
	var wait sync.WaitGroup
	results := make([]Result, len(all))
	for i := range all {
		wait.Go(func() {
			got, res := all[i].ask(t, e, true)
			results[i] = res
			want := alone[i]
			if all[i].cancelAt >= 0 && got.Finish == FinishCancelled {
				want.Tokens, got.Finish = want.Tokens[:min(len(got.Tokens), len(want.Tokens))], want.Finish
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("request %d, %d of %d known: in company %v\nalone %v", i, res.Prefix.Cached, len(all[i].req.Prompt), got, want)
			}
		})
	}
	wait.Wait()
	for _, r := range results {
		cached += r.Prefix.Cached
	}
	if s := e.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Errorf("afterwards: %+v", s)
	}
	return cached
}

// TestSameInCompany: whoever else is there, however prompts are cut, whatever is kept, whoever leaves and whoever has to
// give way, tokens and log-probabilities are those of a request alone, and the bound holds.
func TestSameInCompany(t *testing.T) {
	var known, putBack, waited, left int
	for trial := range uint64(150) {
		r := rand.New(rand.NewPCG(trial, 8))
		const vocab = 40
		window := []int{0, 1, 100, 128, 300}[r.IntN(5)]
		all := conversations(r, 1+r.IntN(16), vocab, 10+r.IntN(150))
		alone := make([]answer, len(all))
		largest := 1
		for i := range all {
			m := newMock(vocab, 2000)
			alone[i], _ = all[i].ask(t, New(m, Options{}), false)
			largest = max(largest, len(all[i].req.Prompt)+all[i].req.MaxTokens)
		}
		m := newPaged(vocab, 2000, window)
		opt := Options{Chunk: 1 + r.IntN(300), Shared: r.IntN(100), Running: 1 + r.IntN(8), NoCache: r.IntN(6) == 0}
		if r.IntN(2) == 0 {
			opt.Memory = m.Bytes(largest) + int64(r.IntN(1000))
		}
		if r.IntN(2) == 0 {
			opt.Draft = MaxDraft
		}
		e := New(m, opt)
		e.s.stride = 1 + MaxDraft + r.IntN(30)
		for range 2 {
			known += together(t, e, all, alone)
		}
		s := e.Stats()
		putBack, left = putBack+s.PutBack, left+s.Left
		if s.Steps < s.Generated {
			waited++
		}
		e.Close()
		if len(m.caps) != 0 || len(m.blocks) != 0 || opt.Memory > 0 && !opt.NoCache && m.most > opt.Memory {
			t.Errorf("trial %d, %+v: %d sequences and %d blocks are left; at most %d were taken", trial, opt, len(m.caps), len(m.blocks), m.most)
		}
		if t.Failed() {
			t.Fatalf("trial %d, %+v: %+v", trial, opt, s)
		}
	}
	t.Logf("%d tokens known, %d times put back, %d callers left, %d times several in a step", known, putBack, left, waited)
	if known < 10000 || left < 50 || waited < 20 {
		t.Error("the requests are too tame")
	}
}

// TestSameInAnyOrder steps the scheduler by hand: requests come, leave and are listened to at random, and there is
// hardly room. Each trial goes the same way every time.
func TestSameInAnyOrder(t *testing.T) {
	var known, putBack, together int
	for trial := range uint64(200) {
		r := rand.New(rand.NewPCG(trial, 9))
		const vocab = 40
		all := conversations(r, 2+r.IntN(10), vocab, 10+r.IntN(100))
		alone := make([]answer, len(all))
		largest := 1
		for i := range all {
			alone[i], _ = all[i].ask(t, New(newMock(vocab, 2000), Options{}), false)
			largest = max(largest, len(all[i].req.Prompt)+all[i].req.MaxTokens)
		}
		m := newPaged(vocab, 2000, []int{0, 128}[r.IntN(2)])
		e := New(m, Options{Chunk: 1 + r.IntN(200), Shared: r.IntN(60), Running: 2 + r.IntN(8), Memory: m.Bytes(largest) + int64(r.IntN(300)), Draft: r.IntN(2) * MaxDraft})
		s := &e.s
		s.stride = 1 + MaxDraft + r.IntN(8)
		var here []*sequence
		got := make(map[*sequence]*answer)
		want := make(map[*sequence]answer)
		for at, busy := 0, true; busy; {
			for at < len(all) && r.IntN(4) == 0 {
				sampler, err := sample.New(all[at].req.Sampling, vocab)
				if err != nil {
					t.Fatal(err)
				}
				q := newSequence(all[at].req, all[at].req.MaxTokens, sampler, e.now())
				q.ctx = t.Context()
				s.add(q)
				here, got[q], want[q] = append(here, q), &answer{}, alone[at]
				at++
			}
			s.step(t.Context(), nil)
			s.settle()
			if len(s.part) > 1 {
				together++
			}
			for _, q := range here {
				if a := got[q]; r.IntN(3) > 0 {
					for e, kind := q.news.next(); kind != nothing && kind != over; e, kind = q.news.next() {
						if e.IsToken {
							e.Token.Top = slices.Clone(e.Token.Top)
							a.Tokens = append(a.Tokens, e.Token)
						}
						if kind == fromRing {
							q.news.taken()
						}
					}
				}
				if r.IntN(300) == 0 {
					q.left.Store(true)
				}
			}
			busy = at < len(all) || !s.idle() || slices.ContainsFunc(here, func(q *sequence) bool { return q.news.room() < ahead })
		}
		for q, a := range got {
			w := want[q]
			if q.left.Load() && q.res.Finish == "" {
				w.Tokens = w.Tokens[:min(len(w.Tokens), len(a.Tokens))]
			} else {
				a.Finish = q.res.Finish
			}
			if q.err != nil || len(a.Tokens)+len(w.Tokens) > 0 && !reflect.DeepEqual(a.Tokens, w.Tokens) || a.Finish != "" && a.Finish != w.Finish {
				t.Fatalf("trial %d: prompt %v: %v, %+v\nwant %+v", trial, q.req.Prompt, q.err, a, w)
			}
			known += q.res.Prefix.Cached
		}
		putBack += s.stats.PutBack
		e.Close()
		if len(m.caps) != 0 || len(m.blocks) != 0 || m.most > m.bound {
			t.Errorf("trial %d: %d sequences and %d blocks are left; at most %d of %d were taken", trial, len(m.caps), len(m.blocks), m.most, m.bound)
		}
	}
	t.Logf("%d tokens known, %d times put back, %d steps of several", known, putBack, together)
	if known < 5000 || putBack < 100 || together < 1000 {
		t.Error("the requests are too tame")
	}
}

// TestNanoSameInCompany: on the real backend tokens and log-probabilities are the same alone, in company, with
// what is known of a prompt and without, and when sequences have to give way.
func TestNanoSameInCompany(t *testing.T) {
	b := nano(t)
	all := conversations(rand.New(rand.NewPCG(1, 2)), 24, b.Config().Vocab, 150)
	plain := New(b, Options{NoCache: true})
	alone := make([]answer, len(all))
	for i := range all {
		alone[i], _ = all[i].ask(t, plain, false)
	}
	largest := 0
	for i := range all {
		largest = max(largest, len(all[i].req.Prompt)+all[i].req.MaxTokens)
	}
	for _, opt := range []Options{
		{Chunk: 128},
		{Chunk: 17, Running: 3},
		{Chunk: 512, Draft: MaxDraft, Memory: b.Bytes(largest) + b.Bytes(64)},
	} {
		e := New(b, opt)
		e.s.stride = 2 * MaxDraft
		cached := together(t, e, all, alone) + together(t, e, all, alone)
		t.Logf("%+v: %d tokens known; %+v", opt, cached, e.Stats())
		if cached == 0 {
			t.Error("nothing was known")
		}
		var file bytes.Buffer
		if err := e.Save(&file, "nano", 1<<30); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if free := b.Free(); free != e.memory {
			t.Errorf("%d bytes are held in the end", e.memory-free)
		}
		again := New(b, opt) // as after a restart
		if err := again.Restore(&file, "nano"); err != nil {
			t.Fatal(err)
		}
		if _, res := all[len(all)-1].ask(t, again, false); opt.Memory == 0 && res.Prefix.Cached < res.PromptTokens-1 {
			t.Errorf("after a restart %d of %d tokens were known", res.Prefix.Cached, res.PromptTokens)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

var _ model.Pager = (*pagedMock)(nil)

// TestBusy: one request too many is refused, and says when to come again.
func TestBusy(t *testing.T) {
	m := newMock(10, 1000)
	started, release := make(chan bool), make(chan bool)
	m.before = func(_ context.Context, step int) error {
		if step == 1 {
			close(started)
			<-release
		}
		return nil
	}
	e := New(m, Options{Running: 1, Queue: 2})
	var wait sync.WaitGroup
	ask := func() {
		wait.Go(func() {
			if _, err := e.Generate(t.Context(), Request{Prompt: []uint32{1}, MaxTokens: 2}, none); err != nil {
				t.Error(err)
			}
		})
	}
	ask()
	<-started
	ask()
	ask()
	for e.Stats().Waiting < 2 { // they are on their way
		runtime.Gosched()
	}
	_, err := e.Generate(t.Context(), Request{Prompt: []uint32{1}, MaxTokens: 2}, none)
	if be := (*BusyError)(nil); !errors.As(err, &be) || be.Waiting != 2 || be.RetryAfter < time.Second {
		t.Errorf("%v", err)
	}
	close(release)
	wait.Wait()
	if s := e.Stats(); s.Ended != 3 || s.Waiting != 0 || s.Generated != 6 {
		t.Errorf("%+v", s)
	}
}

// TestCompanyAllocatesNothing compares short answers with long ones, two at a time.
func TestCompanyAllocatesNothing(t *testing.T) {
	e := New(newPaged(100, 10000, 128), Options{})
	count := func(n int) float64 {
		return testing.AllocsPerRun(10, func() {
			var wait sync.WaitGroup
			for i := range uint32(2) {
				wait.Go(func() {
					if _, err := e.Generate(context.Background(), Request{Prompt: []uint32{i}, MaxTokens: n, Sampling: sample.Params{Temperature: 1}}, none); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
		})
	}
	count(50)
	if short, long := count(10), count(1000); long > short+200 { // blocks are kept, each with its own
		t.Errorf("10 tokens: %v allocations, 1000 tokens: %v", short, long)
	}
}

// faulty is a mask that panics after some tokens.
type faulty struct{ left int }

func (f *faulty) Mask() sample.Mask { return nil }
func (f *faulty) Accept(uint32) {
	if f.left--; f.left < 0 {
		panic("no such state")
	}
}

// TestFaultyMask: it ends its own request and no other.
func TestFaultyMask(t *testing.T) {
	e := New(newPaged(40, 1000, 128), Options{})
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			req := Request{Prompt: []uint32{uint32(i)}, MaxTokens: 50}
			if i == 0 {
				req.Mask = &faulty{left: 5}
			}
			res, err := e.Generate(t.Context(), req, none)
			if (err != nil) != (i == 0) || i == 0 && res.CompletionTokens != 5 || i > 0 && res.CompletionTokens != 50 {
				t.Errorf("request %d: %d tokens, %v", i, res.CompletionTokens, err)
			}
		})
	}
	wait.Wait()
}
