package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

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
		q := asked{cancelAt: -1, req: Request{Prompt: prompt, MaxTokens: 1 + r.IntN(40), Key: fmt.Sprint(r.IntN(3))}}
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
		cached := together(t, e, all, alone) + together(t, e, all, alone)
		t.Logf("%+v: %d tokens known; %+v", opt, cached, e.Stats())
		if cached == 0 {
			t.Error("nothing was known")
		}
		e.Close()
		if free := b.Free(); free != e.memory {
			t.Errorf("%d bytes are held in the end", e.memory-free)
		}
	}
}

var _ model.Pager = (*pagedMock)(nil)
