package engine

import (
	"context"
	"slices"

	"ossian/internal/sample"
)

// decode samples from the rows at hand, reports, and steps, until something ends it. A step takes the
// token chosen last and what may follow it. The row after each token has the bits it would have had
// alone, and is sampled only when the tokens before it have been: what comes out is the same with
// good guesses, bad ones and none.
func (r *run) decode(ctx context.Context) error {
	d := &r.e.draft
	var guess []uint32
	for {
		right, done, err := r.verify(ctx, guess)
		if done || err != nil {
			return err
		}
		if r.res.Drafts.Steps > 0 {
			d.stepped(len(guess)+1, right+1, r.took)
		}
		if right < len(guess) {
			if err := r.e.backend.Trim(r.seq, r.length()-1); err != nil {
				return err
			}
		}
		guess = d.propose(r.most-len(r.res.Tokens)-1, r.req.Stop)
		if err := r.advance(ctx, guess); err != nil {
			return err
		}
	}
}

// length is how many tokens the sequence has, the chosen one that is yet to be stepped included.
func (r *run) length() int { return len(r.req.Prompt) + len(r.res.Tokens) }

// advance steps the last token and the guess behind it.
func (r *run) advance(ctx context.Context, guess []uint32) error {
	r.next[0] = r.res.Tokens[len(r.res.Tokens)-1]
	n := 1 + copy(r.next[1:], guess)
	rows := r.e.rows(n)
	began := r.e.now()
	if err := r.step(ctx, r.next[:n], rows); err != nil {
		return err
	}
	r.took = r.e.now().Sub(began)
	r.res.Drafts.Steps++
	r.res.Drafts.Drafted += n - 1
	return nil
}

// verify chooses from row after row while what is chosen is what was guessed, and counts how often it was.
func (r *run) verify(ctx context.Context, guess []uint32) (right int, done bool, err error) {
	for rows := r.e.logits; ; rows = rows[r.e.vocab:] {
		id, done, err := r.choose(rows[:r.e.vocab])
		if err != nil || right == len(guess) || id != guess[right] {
			return right, done, err
		}
		right++
		r.res.Drafts.Accepted++
		if done {
			return right, done, nil
		}
		if err := ctx.Err(); err != nil { // here plain decoding would step
			return right, false, err
		}
	}
}

// choose samples a token from a row and reports it; done says that it was the last.
func (r *run) choose(row []float32) (id uint32, done bool, err error) {
	var mask sample.Mask
	if r.req.Mask != nil {
		mask = r.req.Mask.Mask()
	}
	tok, err := r.sampler.Sample(row, r.e.valid, mask)
	if err != nil {
		return 0, false, err
	}
	if r.req.Mask != nil {
		r.req.Mask.Accept(tok.ID)
	}
	n := len(r.res.Tokens)
	if n == 0 {
		r.res.Timings.FirstToken = r.e.now().Sub(r.start)
	}
	r.res.Tokens = append(r.res.Tokens, tok.ID)
	r.res.CompletionTokens = n + 1
	r.e.draft.note(tok.ID)
	stop := slices.Contains(r.req.Stop, tok.ID)
	if stop {
		r.res.Finish, r.res.StopID, r.res.HasStop = FinishStop, tok.ID, true
	}
	if err := r.yield(Event{IsToken: true, Token: tok, Index: n, Stop: stop}); err != nil || stop {
		return tok.ID, stop, err
	}
	if n+1 == r.most {
		r.res.Finish = FinishLength
		if r.req.MaxTokens == 0 {
			r.res.Finish = FinishContext
		}
		return tok.ID, true, nil
	}
	return tok.ID, false, nil
}
